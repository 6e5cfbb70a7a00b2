/* SPDX-License-Identifier: GPL-2.0-or-later */
/* total_order.c - a store on total order broadcast: S3, "Ordering", "Total order broadcast:
 * Protocol for exchanging messages such that each message is broadcast to all the nodes and each
 * node must receive messages in the same order".
 *
 * A sequencer gives every message its place; "Order of messages in zookeeper implementation in
 * zxid" (S3): the place is an epoch and a number in it. A message is delivered when a majority has
 * it on stable storage. When the sequencer is silent another node takes over with a higher epoch;
 * only one whose log holds all that may have been delivered is let to. Epoch e belongs to node
 * e mod count, so no epoch ever has two sequencers.
 *
 * The store on top: a write is broadcast, and acknowledged when its own node has delivered it; a
 * read is answered from the own node's table, at once. That is sequentially consistent for clients
 * that stay with their node, and not linearizable: a node that is behind answers with the past.
 */
#include "raft/log.h"
#include "runtime/front.h"
#include "runtime/machine.h"
#include "runtime/protocol.h"
#include "runtime/table.h"

#define EPOCH_FILE "epoch"

enum { NOBODY = -1, NOWHERE = -1, BATCH = 100, HEARTBEAT_MS = 50, PATIENCE_MS = 300 };

enum role { MEMBER, CANDIDATE, SEQUENCER };

/* What a sequencer or candidate knows of a node. */
struct peer {
    json_int_t has;    /* up to this place its log is the sequencer's */
    json_int_t repair; /* it misses something, and was sent what stands behind this; or NOWHERE */
    bool promised;     /* itself to this candidate */
};

struct total_order {
    json_int_t epoch; /* the highest that was promised to anybody; durable */
    struct log log;   /* of {"term": epoch, "request"}; request null opens an epoch; durable */
    json_int_t delivered;
    json_int_t served; /* a former life of this node may have delivered as far as this */
    struct machine machine;

    enum role role;
    json_int_t sent; /* by this sequencer, to all, once */
    int sequencer;   /* of this epoch, once it was heard; else NOBODY */
    struct peer peers[NODE_COUNT_MAX];

    struct front *front;
    struct timer *patience, *heartbeat, *flush;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static json_int_t last_epoch(const struct total_order *order)
{
    return log_term(&order->log, log_last(&order->log));
}

/* -- epochs --------------------------------------------------------------------------------------
 */

static void wait_for_sequencer(struct self *self)
{
    const struct total_order *order = self->state;
    timer_set(order->patience, PATIENCE_MS + (int)rng_below(&self->rng, PATIENCE_MS));
}

/* A higher epoch: promised before anything is said in it. The former sequencer is none any more. */
static void enter_epoch(struct self *self, json_int_t epoch)
{
    struct total_order *order = self->state;
    json_t *record = json_integer(epoch);

    order->epoch = epoch;
    storage_replace(self, EPOCH_FILE, record);
    json_decref(record);
    order->role = MEMBER;
    order->sequencer = NOBODY;
    timer_clear(order->heartbeat);
    wait_for_sequencer(self);
}

/* Whether a message of that epoch still counts here. */
static bool is_current(struct self *self, json_int_t epoch)
{
    const struct total_order *order = self->state;

    if (bug_is_on(self, "epoch-ignored"))
        return true;
    if (epoch > order->epoch)
        enter_epoch(self, epoch);
    return epoch == order->epoch;
}

/* -- delivery ------------------------------------------------------------------------------------
 */

/* The command is carried out; the node that broadcast it answers its client. */
static void deliver(struct self *self, const json_t *entry)
{
    struct total_order *order = self->state;
    const json_t *request = json_object_get(entry, "request");
    const json_t *node = json_object_get(request, "node");
    json_t *answer = json_is_null(request) ? NULL : machine_apply(&order->machine, request);

    if (json_is_integer(node) && json_integer_value(node) == self->me)
        front_reply(self, request, json_incref(answer));
    json_decref(answer);
}

/* "Each node must receive messages in the same order": one after another, up to that place. */
static void deliver_until(struct self *self, json_int_t place)
{
    struct total_order *order = self->state;

    for (; order->delivered < place && order->delivered < log_last(&order->log); order->delivered++)
        deliver(self, log_entry(&order->log, order->delivered + 1));
}

/* A restarted node answers nothing until it is where it may have been before. */
static bool is_caught_up(struct self *self)
{
    const struct total_order *order = self->state;
    return order->delivered >= order->served;
}

/* -- the sequencer -------------------------------------------------------------------------------
 */

/* What stands behind the place `before`. "delivered" tells how far a majority has got. */
static void send_order(struct self *self, int to, json_int_t before, json_int_t count)
{
    const struct total_order *order = self->state;

    msg_send(self, to,
             json_pack("{s:s, s:I, s:I, s:I, s:I, s:o}", "type", "order", "epoch", order->epoch,
                       "before", before, "before_epoch", log_term(&order->log, before), "delivered",
                       order->delivered, "entries", log_slice(&order->log, before + 1, count)));
}

/* A majority has it, and it, or something behind it, was ordered in this epoch. */
static void advance(struct self *self)
{
    const struct total_order *order = self->state;
    json_int_t place = log_last(&order->log);
    int count = 0;

    for (; place > order->delivered; place--, count = 0) {
        for (int i = 0; i < self->count; i++)
            count += order->peers[i].has >= place;
        if (count > self->count / 2)
            break;
    }
    if (place > order->delivered && log_term(&order->log, place) == order->epoch)
        deliver_until(self, place);
}

/* What came together is made durable, and sent to everybody. */
static void on_flush(struct self *self, void *context)
{
    struct total_order *order = self->state;
    json_int_t last = log_last(&order->log);

    (void)context;
    if (order->role != SEQUENCER)
        return;
    log_sync(self);
    order->peers[self->me].has = last;
    for (int to = 0; to < self->count; to++) {
        if (to != self->me)
            send_order(self, to, order->sent, last - order->sent);
    }
    order->sent = last;
    advance(self);
}

/* A message to be broadcast came: it gets the next place. One that comes again gets another, and
 * is carried out once: see machine.h. */
static void on_request(struct self *self, const struct message *message)
{
    struct total_order *order = self->state;

    if (order->role != SEQUENCER)
        return; /* it will be sent again */
    json_t *entry = json_pack("{s:I, s:O}", "term", order->epoch, "request", message->body);
    log_append(self, &order->log, log_last(&order->log) + 1, entry);
    json_decref(entry);
    timer_set(order->flush, 0);
}

/* Links lose messages: who has missed some finds a gap before this one, and says so. */
static void on_heartbeat(struct self *self, void *context)
{
    struct total_order *order = self->state;

    (void)context;
    for (int to = 0; to < self->count; to++) {
        order->peers[to].repair = NOWHERE;
        if (to != self->me)
            send_order(self, to, order->sent, 0);
    }
    timer_set(order->heartbeat, HEARTBEAT_MS);
}

/* "has": up to where the node's log is the sequencer's. "gap": it cannot use what it got, and gets
 * what it misses, one batch after another. */
static void on_ordered(struct self *self, const struct message *message)
{
    struct total_order *order = self->state;
    struct peer *peer = &order->peers[message->from];
    json_int_t has = number_of(message->body, "has");
    bool gap = json_is_true(json_object_get(message->body, "gap"));

    if (!is_current(self, number_of(message->body, "epoch")) || order->role != SEQUENCER)
        return;
    if (has == peer->repair || (!gap && has <= peer->has))
        return; /* known */
    if (!gap) {
        peer->has = has;
        advance(self);
    }
    if (has == order->sent) {
        peer->repair = NOWHERE;
    } else if (gap || peer->repair != NOWHERE) {
        peer->repair = has;
        send_order(self, message->from, has, BATCH);
    }
}

/* -- the others ----------------------------------------------------------------------------------
 */

/* Take the entries behind `place`. Where another stood the log goes on differently from there; it
 * was never delivered, here or anywhere. */
static void take_entries(struct self *self, json_int_t place, const json_t *entries)
{
    struct total_order *order = self->state;
    bool wrote = false;
    json_t *entry;
    size_t i;

    json_array_foreach(entries, i, entry)
    {
        if (log_term(&order->log, ++place) == number_of(entry, "term"))
            continue;
        log_append(self, &order->log, place, entry);
        if (order->served >= place)
            order->served = place - 1;
        wrote = true;
    }
    if (wrote)
        log_sync(self);
}

static void answer_order(struct self *self, const struct message *message, json_int_t has, bool gap)
{
    msg_send(self, message->from,
             json_pack("{s:s, s:O, s:I, s:b}", "type", "ordered", "epoch",
                       json_object_get(message->body, "epoch"), "has", has, "gap", gap));
}

/* The sequencer gives messages their places. They are taken if they follow on what is here. */
static void on_order(struct self *self, const struct message *message)
{
    struct total_order *order = self->state;
    const json_t *entries = json_object_get(message->body, "entries"), *entry;
    json_int_t before = number_of(message->body, "before");
    json_int_t delivered = number_of(message->body, "delivered");
    json_int_t has = before + (json_int_t)json_array_size(entries);
    size_t i;

    if (!is_current(self, number_of(message->body, "epoch")))
        return;
    wait_for_sequencer(self);
    if (order->sequencer != message->from) {
        order->sequencer = message->from;
        front_resend(order->front);
    }
    if (log_term(&order->log, before) != number_of(message->body, "before_epoch")) {
        if (bug_is_on(self, "deliver-out-of-order"))
            json_array_foreach(entries, i, entry)
            {
                deliver(self, entry);
            }
        bool is_short = before > log_last(&order->log);
        answer_order(self, message, is_short ? log_last(&order->log) : order->delivered, true);
        return;
    }
    take_entries(self, before, entries);
    answer_order(self, message, has, false);
    deliver_until(self, delivered < has ? delivered : has);
}

/* -- taking over ---------------------------------------------------------------------------------
 */

/* The epoch opens with an entry of its own: when a majority has that, it has all before it. */
static void take_over(struct self *self)
{
    struct total_order *order = self->state;
    json_t *opening = json_pack("{s:I, s:n}", "term", order->epoch, "request");

    note(self, "orders in epoch %" JSON_INTEGER_FORMAT, order->epoch);
    order->role = SEQUENCER;
    order->sequencer = self->me;
    timer_clear(order->patience);
    for (int i = 0; i < self->count; i++)
        order->peers[i] = (struct peer){.repair = NOWHERE};
    order->sent = log_last(&order->log);
    log_append(self, &order->log, log_last(&order->log) + 1, opening);
    json_decref(opening);
    timer_set(order->flush, 0);
    timer_set(order->heartbeat, HEARTBEAT_MS);
    front_resend(order->front);
}

static void count_promises(struct self *self)
{
    const struct total_order *order = self->state;
    int count = 0;

    for (int i = 0; i < self->count; i++)
        count += order->peers[i].promised;
    if (order->role == CANDIDATE && count > self->count / 2)
        take_over(self);
}

/* The sequencer is silent: ask for the next epoch of this node's own. */
static void on_patience_over(struct self *self, void *context)
{
    struct total_order *order = self->state;
    json_int_t round = order->epoch / self->count + 1;

    (void)context;
    enter_epoch(self, round * self->count + self->me);
    order->role = CANDIDATE;
    for (int i = 0; i < self->count; i++)
        order->peers[i] = (struct peer){.promised = i == self->me};
    msg_broadcast(self,
                  json_pack("{s:s, s:I, s:I, s:I}", "type", "take_over", "epoch", order->epoch,
                            "last_epoch", last_epoch(order), "last", log_last(&order->log)));
    count_promises(self);
}

/* Promise to hear no lower epoch, but only to a node that has all that is here: what a majority has
 * was delivered perhaps, and one of any majority knows it. */
static void on_take_over(struct self *self, const struct message *message)
{
    const struct total_order *order = self->state;
    json_int_t epoch = number_of(message->body, "epoch");
    json_int_t their_epoch = number_of(message->body, "last_epoch");

    if (epoch > order->epoch)
        enter_epoch(self, epoch);
    bool has_all = their_epoch != last_epoch(order)
                       ? their_epoch > last_epoch(order)
                       : number_of(message->body, "last") >= log_last(&order->log);
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:b}", "type", "promise", "epoch", order->epoch, "given",
                       epoch == order->epoch && has_all));
}

static void on_promise(struct self *self, const struct message *message)
{
    struct total_order *order = self->state;
    json_int_t epoch = number_of(message->body, "epoch");

    if (epoch > order->epoch)
        enter_epoch(self, epoch);
    if (epoch != order->epoch || !json_is_true(json_object_get(message->body, "given")))
        return;
    order->peers[message->from].promised = true;
    count_promises(self);
}

/* -- clients -------------------------------------------------------------------------------------
 */

/* A read is this node's own: what it has delivered so far. */
static void on_read(struct self *self, const struct message *message)
{
    const struct total_order *order = self->state;

    if (is_caught_up(self))
        msg_reply(self, &message->caller, table_apply(order->machine.table, message->body));
    else
        msg_error(self, &message->caller, MSG_UNAVAILABLE, "it is not where it was before");
}

/* A write is broadcast. */
static void on_update(struct self *self, const struct message *message)
{
    const struct total_order *order = self->state;
    front_take(order->front, message);
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct total_order *order = self->state;
    front_finish(order->front, message);
}

static int known_sequencer(const struct self *self)
{
    const struct total_order *order = self->state;
    return order->sequencer;
}

static void start(struct self *self)
{
    struct total_order *order = self->state;
    json_t *epochs = storage_read(self, EPOCH_FILE);

    order->epoch = json_integer_value(json_array_get(epochs, 0));
    order->sequencer = NOBODY;
    json_decref(epochs);
    log_recover(self, &order->log);
    machine_load(&order->machine, NULL);
    order->served = log_last(&order->log);
    order->front = front_new(self, known_sequencer);
    order->patience = timer_new(self, on_patience_over, NULL);
    order->heartbeat = timer_new(self, on_heartbeat, NULL);
    order->flush = timer_new(self, on_flush, NULL);
    wait_for_sequencer(self);
}

static bool is_ready(struct self *self)
{
    return known_sequencer(self) != NOBODY && is_caught_up(self);
}

static bool is_sequencer(struct self *self)
{
    return known_sequencer(self) == self->me;
}

const struct protocol protocol_total_order = {
    .name = "total-order",
    .about = "total order broadcast by a sequencer with epochs; local reads (S3)",
    .promise = "sequential",
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .bugs = (const struct bug[]){{"epoch-ignored", "orders of a former sequencer are taken too",
                                  "-w register --plan plans/sequencer-cut.json -t 8"},
                                 {"deliver-out-of-order", "what comes after a gap is delivered",
                                  "-w register --plan plans/member-cut.json --keys 200 -t 8"},
                                 {0}},
    .holds =
        (const char *const[]){
            "-w register --nemesis partition,kill,pause --interval 2 -t 10",
            "-w cas-register --set link=tcp --nemesis partition,kill,pause --interval 2 -t 10",
            NULL},
    .showings =
        (const struct showing[]){{"stale-read", "a node that is behind answers with the past",
                                  "-w register --nemesis partition --interval 2 -t 8 "
                                  "--consistency linearizable"},
                                 {0}},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_update},
                                   {"cas", on_update},
                                   {"append", on_update},
                                   {"add", on_update},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"order", on_order},
                                   {"ordered", on_ordered},
                                   {"take_over", on_take_over},
                                   {"promise", on_promise},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct total_order),
    .start = start,
    .healthy = is_ready,
    .leads = is_sequencer,
};
