/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chain.c - chain replication: S2, "Chain Replication".
 *
 * R. van Renesse, F. Schneider: Chain Replication for Supporting High Throughput and Availability
 * (2004). An update enters at the head and is carried out by one node after another; the tail,
 * which has what all have, answers updates and queries. A trusted master outside the faults
 * "monitors all replicas and issues commands": here it is the harness, which tells every node the
 * next chain, the living by age, and its epoch (a view and its number, see protocol.h). With
 * detector=timeout the nodes agree on one among themselves, and each side of a cut has a chain of
 * its own.
 *
 * Whoever asks for a client goes by the chain that it knows until that chain's ends die or refuse
 * the epoch.
 */
#include "runtime/front.h"
#include "runtime/group.h"
#include "runtime/table.h"

#include <string.h>

enum { AGAIN_MS = 200, NOBODY = -1 };

struct chain {
    struct group group; /* Hist, and what it has made of the table */
    json_t *sent;       /* Sent: [{"number", "request", "answer"}] that the tail may not have */
    bool linked;        /* the successor has said how far it is */
    json_int_t resume;  /* what follows this was not the successor's when it said so */
    json_int_t unmoved; /* the first that the tail lacked when the timer last looked */
    struct timer *again;

    /* For this node's clients. */
    struct view route; /* the chain that they are led to */
    bool refused;      /* it is over: the next one that is heard of takes its place */
    struct front *updates, *queries;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* -- the chain of this epoch ---------------------------------------------------------------------
 */

/* The member so many places after this node. */
static int neighbour(const struct self *self, int distance)
{
    const struct view *view = view_now(self);

    for (int i = 0; i < view->count; i++) {
        int at = i + distance;
        if (view->members[i] == self->me)
            return at >= 0 && at < view->count ? view->members[at] : NOBODY;
    }
    return NOBODY;
}

static int successor(const struct self *self)
{
    return neighbour(self, 1);
}

static bool is_tail(const struct self *self)
{
    return view_has(view_now(self), self->me) && successor(self) == NOBODY;
}

/* Every message and query carries the epoch that it was meant for. */
static bool is_of_epoch(const struct self *self, const struct message *message, const char *member)
{
    return number_of(message->body, member) == view_now(self)->number ||
           bug_is_on(self, "epoch-ignored");
}

/* -- updates go down, acknowledgements come up ---------------------------------------------------
 */

static void send_update(struct self *self, const json_t *entry)
{
    msg_send(self, successor(self),
             json_pack("{s:s, s:I, s:O, s:O}", "type", "update", "epoch", view_now(self)->number,
                       "number", json_object_get(entry, "number"), "request",
                       json_object_get(entry, "request")));
}

/* The tail has all up to here. */
static json_int_t stable(const struct self *self)
{
    const struct chain *chain = self->state;
    const json_t *first = json_array_get(chain->sent, 0);

    return first ? number_of(first, "number") - 1 : chain->group.replica.number;
}

static void acknowledge(struct self *self)
{
    int predecessor = neighbour(self, -1);

    if (predecessor != NOBODY)
        msg_send(self, predecessor,
                 json_pack("{s:s, s:I, s:I}", "type", "ack", "epoch", view_now(self)->number,
                           "number", stable(self)));
}

/* Everybody has what comes up to `number`: the tail replies, the others forget it. */
static void settle(struct self *self, json_int_t number)
{
    struct chain *chain = self->state;

    while (json_array_size(chain->sent) > 0 && stable(self) < number) {
        const json_t *first = json_array_get(chain->sent, 0);
        if (is_tail(self))
            front_reply(self, json_object_get(first, "request"),
                        json_incref(json_object_get(first, "answer")));
        (void)json_array_remove(chain->sent, 0);
    }
    acknowledge(self);
}

/* Carry out what comes next, and pass it on; at the tail it has arrived. */
static void take(struct self *self, json_t *request)
{
    struct chain *chain = self->state;
    struct replica *replica = &chain->group.replica;
    json_t *answer = replica_carry_out(self, replica, request);
    json_t *entry = json_pack("{s:I, s:O, s:o?}", "number", replica->number, "request", request,
                              "answer", answer);

    (void)json_array_append_new(chain->sent, entry);
    if (is_tail(self))
        settle(self, replica->number);
    else if (chain->linked)
        send_update(self, entry);
}

/* "Head propagates request down chain to tail. FIFO order preserved." What comes twice is only
 * acknowledged again. */
static void on_update(struct self *self, const struct message *message)
{
    struct replica *replica = &((struct chain *)self->state)->group.replica;
    json_int_t number = number_of(message->body, "number");

    if (!replica->current || !is_of_epoch(self, message, "epoch"))
        return;
    if (number > replica->number + 1 && bug_is_on(self, "no-resend-after-repair"))
        replica->number = number - 1;
    if (number == replica->number + 1)
        take(self, json_object_get(message->body, "request"));
    else if (number <= replica->number)
        acknowledge(self);
}

static void on_ack(struct self *self, const struct message *message)
{
    if (is_of_epoch(self, message, "epoch"))
        settle(self, number_of(message->body, "number"));
}

/* -- what clients ask: updates at the head, queries at the tail ----------------------------------
 */

/* It was sent by the epoch's chain, so this is the end that it is for. */
static void on_request(struct self *self, const struct message *message)
{
    struct chain *chain = self->state;
    const struct replica *replica = &chain->group.replica;
    const json_t *command = json_object_get(message->body, "command");
    const char *type = json_string_value(json_object_get(command, "type"));

    if (!is_of_epoch(self, message, "stamp"))
        msg_send(self, message->from,
                 json_pack("{s:s, s:I}", "type", "refuse", "epoch", view_now(self)->number));
    else if (!replica->current)
        return; /* it has not been told yet what the others have; it will be asked again */
    else if (type && strcmp(type, "read") == 0)
        front_reply(self, message->body, table_apply(replica->machine.table, command));
    else
        take(self, message->body);
}

/* -- repair --------------------------------------------------------------------------------------
 */

/* Ask the successor how far it is, before anything is passed on in this epoch. */
static void link_up(struct self *self)
{
    const struct chain *chain = self->state;

    if (chain->group.replica.current && !chain->linked && successor(self) != NOBODY)
        msg_send(self, successor(self),
                 json_pack("{s:s, s:I}", "type", "link", "epoch", view_now(self)->number));
}

static void reply_linked(struct self *self, int predecessor)
{
    const struct replica *replica = &((struct chain *)self->state)->group.replica;

    msg_send(self, predecessor,
             json_pack("{s:s, s:I, s:b, s:I}", "type", "linked", "epoch", view_now(self)->number,
                       "current", (int)replica->current, "number", replica->number));
}

static void on_link(struct self *self, const struct message *message)
{
    if (is_of_epoch(self, message, "epoch"))
        reply_linked(self, message->from);
}

static void resend(struct self *self)
{
    struct chain *chain = self->state;
    const json_t *entry;
    size_t i;

    json_array_foreach(chain->sent, i, entry)
    {
        if (number_of(entry, "number") > chain->resume)
            send_update(self, entry);
    }
}

/* "Need to re-send r0": what the successor lacks of Sent. One that has just come up gets all. */
static void on_linked(struct self *self, const struct message *message)
{
    struct chain *chain = self->state;

    if (!is_of_epoch(self, message, "epoch") || chain->linked)
        return;
    if (!json_is_true(json_object_get(message->body, "current"))) {
        msg_send(self, message->from,
                 json_pack("{s:s, s:I, s:o}", "type", "copy", "epoch", view_now(self)->number,
                           "state", replica_state(&chain->group.replica)));
        return;
    }
    chain->linked = true;
    chain->resume = bug_is_on(self, "no-resend-after-repair") ? chain->group.replica.number
                                                              : number_of(message->body, "number");
    resend(self);
}

/* A new tail, from the one before it. */
static void on_copy(struct self *self, const struct message *message)
{
    struct replica *replica = &((struct chain *)self->state)->group.replica;

    if (!is_of_epoch(self, message, "epoch"))
        return;
    if (!replica->current)
        replica_adopt(self, replica, json_object_get(message->body, "state"));
    reply_linked(self, message->from);
    acknowledge(self);
    link_up(self);
}

/* Links may lose messages. */
static void look_again(struct self *self, void *context)
{
    struct chain *chain = self->state;
    json_int_t missing = stable(self) + 1;

    (void)context;
    if (!chain->linked)
        link_up(self);
    else if (missing == chain->unmoved)
        resend(self);
    chain->unmoved = missing;
    timer_set(chain->again, AGAIN_MS);
}

static void lead_clients(struct self *self, const struct view *view)
{
    struct chain *chain = self->state;

    chain->route = *view;
    chain->refused = false;
    front_stamp(chain->updates, view->number);
    front_stamp(chain->queries, view->number);
    front_resend(chain->updates);
    front_resend(chain->queries);
}

static bool has_died(const struct view *route, const struct view *view, int node)
{
    return route->since[node] != view->since[node];
}

/* The master's command: "assigns 2nd node as head", "2nd to last node as tail", "coordinates chain
 * link-up". A new tail "is stable for superset of old tail's requests". */
static void on_view(struct self *self, const struct view *view)
{
    struct chain *chain = self->state;
    const struct view *route = &chain->route;

    chain->linked = false;
    if (chain->group.replica.current)
        replica_label(self, &chain->group.replica, view->number);
    group_enter(self, view);
    if (is_tail(self) && chain->group.replica.current)
        settle(self, chain->group.replica.number);
    link_up(self);
    if (chain->refused || route->count == 0 || has_died(route, view, route->members[0]) ||
        has_died(route, view, route->members[route->count - 1]))
        lead_clients(self, view);
}

/* The head had just come up too, and has found a state to go on with. */
static void on_current(struct self *self)
{
    struct chain *chain = self->state;

    replica_label(self, &chain->group.replica, view_now(self)->number);
    link_up(self);
}

/* The chain that this node's clients are led to is over. */
static void on_refuse(struct self *self, const struct message *message)
{
    struct chain *chain = self->state;

    (void)message;
    chain->refused = true;
    if (view_now(self)->number > chain->route.number)
        lead_clients(self, view_now(self));
}

/* -- clients -------------------------------------------------------------------------------------
 */

static int head_for_clients(const struct self *self)
{
    const struct view *route = &((struct chain *)self->state)->route;
    return route->count > 0 ? route->members[0] : NOBODY;
}

static int tail_for_clients(const struct self *self)
{
    const struct view *route = &((struct chain *)self->state)->route;

    if (bug_is_on(self, "read-at-head") && now_ms() % 2 == 0)
        return head_for_clients(self);
    return route->count > 0 ? route->members[route->count - 1] : NOBODY;
}

static void on_update_of_client(struct self *self, const struct message *message)
{
    const struct chain *chain = self->state;
    front_take(chain->updates, message);
}

static void on_query_of_client(struct self *self, const struct message *message)
{
    const struct chain *chain = self->state;
    front_take(chain->queries, message);
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct chain *chain = self->state;
    front_finish(chain->updates, message);
    front_finish(chain->queries, message);
}

static void start(struct self *self)
{
    struct chain *chain = self->state;

    chain->sent = json_array();
    group_start(self, on_current, NULL);
    chain->updates = front_new(self, head_for_clients);
    chain->queries = front_new(self, tail_for_clients);
    chain->again = timer_new(self, look_again, NULL);
    timer_set(chain->again, AGAIN_MS);
}

static bool is_ready(struct self *self)
{
    const struct chain *chain = self->state;
    return chain->group.replica.current && (chain->linked || is_tail(self)) &&
           chain->route.number > 0;
}

static bool is_head(struct self *self)
{
    return group_leads(self);
}

const struct protocol protocol_chain = {
    .name = "chain",
    .about = "chain replication: updates at the head, queries at the tail (S2)",
    .promise = "linearizable",
    .exceptions = (const struct exception[]){{"detector", "timeout", NULL}, {NULL, NULL, NULL}},
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .bugs =
        (const struct bug[]){
            {"read-at-head", "queries go to the head or the tail, as it comes",
             "-w register --nemesis none -t 5"},
            {"no-resend-after-repair", "a new successor does not get what the dead one had",
             "-w append --plan plans/chain-middle-then-tail.json --nodes 3 --keys 3 -c 4n "
             "--op-timeout 0.3 -t 7"},
            {"epoch-ignored", "a former tail answers whoever still asks it",
             "-w register --plan plans/chain-new-tail-cut.json --op-timeout 0.4 --keys 3 -c 4n -t "
             "6"},
            {NULL, NULL, NULL}},
    .holds = (const char *const[]){"--nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w append --nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w register --set link=udp --nemesis partition,kill,pause "
                                   "--interval 2 -t 10",
                                   NULL},
    .showings =
        (const struct showing[]){
            {"removed-tail", "a tail that was taken for dead still answers",
             "-w register --set detector=timeout --nemesis partition --interval 3 -t 9"},
            {NULL, NULL, NULL}},
    .rules = (const struct rule[]){{"read", on_query_of_client},
                                   {"write", on_update_of_client},
                                   {"cas", on_update_of_client},
                                   {"append", on_update_of_client},
                                   {"add", on_update_of_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"refuse", on_refuse},
                                   {"update", on_update},
                                   {"ack", on_ack},
                                   {"link", on_link},
                                   {"linked", on_linked},
                                   {"copy", on_copy},
                                   GROUP_RULES,
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .resends = true,
    .state_size = sizeof(struct chain),
    .start = start,
    .on_view = on_view,
    .healthy = is_ready,
    .leads = is_head,
};
