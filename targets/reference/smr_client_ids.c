/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smr_client_ids.c - a replicated state machine whose requests are ordered by ids from clocks: S2,
 * "SMR", "Client Generated IDs: order via clocks, logical clocks or synchronized clocks".
 *
 * The node that a client talks to is the client that S2 means: it stamps a request with its clock
 * and its number, and tells all replicas, itself among them (Lamport: Time, clocks, and the
 * ordering of events in a distributed system, 1978; Schneider: Implementing fault-tolerant services
 * using the state machine approach, 1990, section 3.2). A request is stable, and carried out, when
 * every node has been heard to be past its id: nothing smaller can come any more. There is no
 * failure detector: while a node is down all wait for it. It comes back with its requests.
 *
 * With clock=logical all requests go that way, reads too, and are answered when carried out. With
 * clock=synchronised a read stays at its node, with the time as its id, and a write is answered
 * when the clock is past its id by the bound: then every clock that is within the bound of this one
 * is past it, and gives every later read a larger id. Clocks that differ by more than the bound
 * break that, and only that: all replicas still do the same in the same order.
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#include <string.h>

#define REQUESTS "requests"
#define LIMIT "clock-limit"

enum { TICK_MS = 20, BATCH = 200, UNITS_PER_MS = 1000, RESERVE = 200 * UNITS_PER_MS };

/* What a client of this node waits for. */
struct call {
    struct call *next;
    struct caller client;
    json_int_t id;
    json_t *read; /* a command that only this node carries out; or NULL */
};

struct calls {
    struct call *first, **last;
};

struct smr {
    json_t *table;
    json_t *requests[NODE_COUNT_MAX]; /* by node: {"node", "number", "id", "command"}, numbers from
                                       * 1 and ids growing; this node's own are durable */
    json_int_t carried_out[NODE_COUNT_MAX]; /* by node: requests */
    json_int_t past[NODE_COUNT_MAX];        /* by node: nothing up to this id can come from it */

    json_int_t clock; /* the last id that this node has used, or said to be past */
    json_int_t limit; /* it has never been beyond this; durable */
    bool is_synchronised;
    int bound_ms;

    struct calls calls, reads; /* by id */
    struct timer *tick, *flush;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static json_int_t request_count(const struct smr *smr, int node)
{
    return (json_int_t)json_array_size(smr->requests[node]);
}

/* -- clocks --------------------------------------------------------------------------------------
 */

/* "Synchronized clocks": in milliseconds, with room for many requests in each. */
static json_int_t wall_clock(void)
{
    return (json_int_t)now_wall_ms() * UNITS_PER_MS;
}

/* Never backwards, and after a crash never to where it may have been: the limit is durable before
 * the clock comes near it. */
static void clock_advance(struct self *self, json_int_t to)
{
    struct smr *smr = self->state;

    if (to > smr->clock)
        smr->clock = to;
    if (smr->clock < smr->limit)
        return;
    smr->limit = smr->clock + RESERVE;
    json_t *limit = json_integer(smr->limit);
    storage_replace(self, LIMIT, limit);
    json_decref(limit);
}

/* What this node is past: its next id will be larger. */
static json_int_t clock_now(struct self *self)
{
    const struct smr *smr = self->state;

    clock_advance(self, smr->is_synchronised ? wall_clock() : 0);
    return smr->clock;
}

static json_int_t new_id(struct self *self)
{
    const struct smr *smr = self->state;

    clock_advance(self, clock_now(self) + 1);
    return smr->clock;
}

/* Lamport's second rule: a clock is past everything that it has received. */
static void clock_see(struct self *self, json_int_t id)
{
    const struct smr *smr = self->state;

    if (!smr->is_synchronised)
        clock_advance(self, id);
}

/* -- calls ---------------------------------------------------------------------------------------
 */

static void calls_add(struct calls *calls, const struct caller *client, json_int_t id, json_t *read)
{
    struct call *call = malloc(sizeof *call);

    *call = (struct call){.client = *client, .id = id, .read = json_incref(read)};
    *calls->last = call;
    calls->last = &call->next;
}

static void calls_end_first(struct self *self, struct calls *calls, json_t *answer)
{
    struct call *call = calls->first;

    msg_reply(self, &call->client, answer);
    calls->first = call->next;
    if (!calls->first)
        calls->last = &calls->first;
    json_decref(call->read);
    free(call);
}

/* -- carrying out --------------------------------------------------------------------------------
 */

/* The node's first request that is still to be carried out; NULL if none is known. */
static const json_t *head_of(const struct smr *smr, int node)
{
    return json_array_get(smr->requests[node], (size_t)smr->carried_out[node]);
}

/* The node with the smallest id of all heads; ids that are equal go by node. -1: there is none. */
static int smallest_head(const struct self *self)
{
    const struct smr *smr = self->state;
    int smallest = -1;

    for (int node = 0; node < self->count; node++) {
        const json_t *head = head_of(smr, node);
        if (head &&
            (smallest < 0 || number_of(head, "id") < number_of(head_of(smr, smallest), "id")))
            smallest = node;
    }
    return smallest;
}

/* Schneider, 3.2.1, "Logical Clock Stability Test": a request of every client with a larger id has
 * been received, or as much as said that it will be larger. */
static bool is_stable(struct self *self, json_int_t id)
{
    struct smr *smr = self->state;

    if (bug_is_on(self, "stable-too-early"))
        return true;
    smr->past[self->me] = clock_now(self);
    for (int node = 0; node < self->count; node++) {
        if (!head_of(smr, node) && smr->past[node] < id)
            return false;
    }
    return true;
}

/* The next request; its own node answers it, if its client was not told before. */
static void carry_out(struct self *self, int node)
{
    struct smr *smr = self->state;
    const json_t *request = head_of(smr, node);
    json_t *answer = table_apply(smr->table, json_object_get(request, "command"));

    smr->carried_out[node]++;
    if (node == self->me && smr->calls.first && smr->calls.first->id == number_of(request, "id"))
        calls_end_first(self, &smr->calls, json_incref(answer));
    json_decref(answer);
}

/* "Process them in ascending order", as far as they are stable. */
static void carry_out_stable(struct self *self)
{
    struct smr *smr = self->state;

    for (;;) {
        int node = smallest_head(self);
        json_int_t id = node < 0 ? 0 : number_of(head_of(smr, node), "id");
        const struct call *read = smr->reads.first;
        bool read_first = read && (node < 0 || read->id < id);
        if ((node < 0 && !read) || !is_stable(self, read_first ? read->id : id))
            return;
        if (read_first)
            calls_end_first(self, &smr->reads, table_apply(smr->table, read->read));
        else
            carry_out(self, node);
    }
}

/* clock=synchronised: writes whose ids every clock within the bound is past. */
static void answer_old_writes(struct self *self)
{
    struct smr *smr = self->state;
    json_int_t until = wall_clock() - (json_int_t)smr->bound_ms * UNITS_PER_MS;

    while (smr->is_synchronised && smr->calls.first && smr->calls.first->id < until)
        calls_end_first(self, &smr->calls, json_pack("{s:s}", "type", "write_ok"));
}

/* -- requests ------------------------------------------------------------------------------------
 */

/* Tell all where this node's clock is and which requests are known here. */
static void on_flush(struct self *self, void *context)
{
    const struct smr *smr = self->state;
    json_t *known = json_array();

    (void)context;
    for (int node = 0; node < self->count; node++)
        (void)json_array_append_new(known, json_integer(request_count(smr, node)));
    msg_broadcast(self, json_pack("{s:s, s:I, s:b, s:o}", "type", "past", "id", clock_now(self),
                                  "asks", smr->reads.first != NULL, "known", known));
}

static bool request_add(struct self *self, json_t *request)
{
    struct smr *smr = self->state;
    json_int_t node = number_of(request, "node");

    if (node < 0 || node >= self->count ||
        number_of(request, "number") != request_count(smr, (int)node) + 1)
        return false; /* known, or too soon: it comes again */
    (void)json_array_append(smr->requests[node], request);
    smr->past[node] = number_of(request, "id");
    return true;
}

/* Another's request. Whoever hears it says that its clock is past it. */
static void on_request(struct self *self, const struct message *message)
{
    struct smr *smr = self->state;

    if (!request_add(self, message->body))
        return;
    storage_append(self, REQUESTS, message->body);
    clock_see(self, number_of(message->body, "id"));
    timer_set(smr->flush, 0);
    carry_out_stable(self);
}

/* A node's clock, which counts once all its requests are here. It gets those of ours that it
 * lacks, for links and crashes lose them. */
static void on_past(struct self *self, const struct message *message)
{
    struct smr *smr = self->state;
    const json_t *known = json_object_get(message->body, "known");
    json_int_t id = number_of(message->body, "id"), number;
    size_t from = (size_t)message->from;

    clock_see(self, id);
    if (json_integer_value(json_array_get(known, from)) == request_count(smr, message->from) &&
        id > smr->past[from])
        smr->past[from] = id;
    number = json_integer_value(json_array_get(known, (size_t)self->me));
    for (int i = 0; i < BATCH && number < request_count(smr, self->me); i++, number++)
        msg_send(self, message->from,
                 json_copy(json_array_get(smr->requests[self->me], (size_t)number)));
    if (json_is_true(json_object_get(message->body, "asks")))
        timer_set(smr->flush, 0);
    carry_out_stable(self);
}

static void on_tick(struct self *self, void *context)
{
    struct smr *smr = self->state;

    on_flush(self, context);
    answer_old_writes(self);
    carry_out_stable(self);
    timer_set(smr->tick, TICK_MS);
}

/* -- clients -------------------------------------------------------------------------------------
 */

/* A client's command becomes a request, durable before anybody hears of it. */
static void on_command(struct self *self, const struct message *message)
{
    struct smr *smr = self->state;
    json_t *command = json_copy(message->body);
    json_int_t id = new_id(self);

    (void)json_object_del(command, "msg_id"); /* the client's own */
    if (smr->is_synchronised && strcmp(message->type, "read") == 0) {
        calls_add(&smr->reads, &message->caller, id, command);
        json_decref(command);
        timer_set(smr->flush, 0);
        return;
    }
    json_t *request =
        json_pack("{s:s, s:i, s:I, s:I, s:o}", "type", "request", "node", self->me, "number",
                  request_count(smr, self->me) + 1, "id", id, "command", command);
    (void)request_add(self, request);
    storage_append(self, REQUESTS, request);
    storage_sync(self, REQUESTS);
    calls_add(&smr->calls, &message->caller, id, NULL);
    msg_broadcast(self, json_copy(request));
    json_decref(request);
    carry_out_stable(self);
}

/* Recovery: the requests that were here, which are carried out again as they become stable. */
static void start(struct self *self)
{
    struct smr *smr = self->state;
    json_t *requests = storage_read(self, REQUESTS), *limits = storage_read(self, LIMIT), *request;
    size_t i;

    smr->table = json_object();
    smr->is_synchronised = strcmp(option_get(self, "clock"), "synchronised") == 0;
    smr->bound_ms = option_number(self, "bound-ms", 0, 60000);
    smr->calls.last = &smr->calls.first;
    smr->reads.last = &smr->reads.first;
    for (int node = 0; node < self->count; node++)
        smr->requests[node] = json_array();
    json_array_foreach(requests, i, request)(void) request_add(self, request);
    smr->clock = smr->limit = json_integer_value(json_array_get(limits, 0));
    clock_advance(self, 1); /* past 0 tells those that were heard */
    json_decref(requests);
    json_decref(limits);
    smr->flush = timer_new(self, on_flush, NULL);
    smr->tick = timer_new(self, on_tick, NULL);
    timer_set(smr->tick, TICK_MS);
}

/* Every node has been heard. */
static bool is_ready(struct self *self)
{
    const struct smr *smr = self->state;

    for (int node = 0; node < self->count; node++) {
        if (node != self->me && smr->past[node] == 0)
            return false;
    }
    return true;
}

const struct protocol protocol_smr_client_ids = {
    .name = "smr-client-ids",
    .about = "a state machine whose requests are ordered by their clients' clocks (S2; Lamport)",
    .promise = "linearizable",
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .options =
        (const struct protocol_option[]){
            {"clock", "logical|synchronised", "logical", "where ids come from"},
            {"bound-ms", "a number", "20", "how far synchronised clocks may differ"},
            {0}},
    .bugs = (const struct bug[]){{"stable-too-early", "what has come is carried out at once",
                                  "--nemesis partition --interval 2 -t 6"},
                                 {0}},
    .holds = (const char *const[]){"--nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w register --set clock=synchronised -c 6n "
                                   "--nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w register --set clock=synchronised --set bound-ms=400 -c 6n "
                                   "--plan plans/one-clock-behind.json -t 6",
                                   NULL},
    .showings = (const struct showing[]){{"skew", "a clock is behind by more than the bound",
                                          "-w register --set clock=synchronised -c 6n "
                                          "--plan plans/one-clock-behind.json -t 6"},
                                         {0}},
    .rules = (const struct rule[]){{"read", on_command},
                                   {"write", on_command},
                                   {"cas", on_command},
                                   {"append", on_command},
                                   {"add", on_command},
                                   {"request", on_request},
                                   {"past", on_past},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct smr),
    .start = start,
    .healthy = is_ready,
};
