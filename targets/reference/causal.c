/* SPDX-License-Identifier: GPL-2.0-or-later */
/* causal.c - a causally consistent store: S2, "Causal Consistency", with the vector clocks of S1.
 *
 * "Writes that are potentially causally related must be seen by all processes in the same order.
 * Concurrent writes may be seen in a different order on different machines." (S2) Every node
 * answers at once, from its own replica, on both sides of a cut. A write is told to the others
 * with a vector clock, and carried out there after all that it may depend on: what its node had
 * carried out when it wrote (Ahamad, Neiger, Burns, Kohli, Hutto: Causal memory, 1995, section 3).
 *
 * With conflict=delivery the last write that reached a replica stays, as in that paper: replicas
 * may differ for good. With conflict=lww the writes have one order besides, which agrees with the
 * causal one, and the highest stays: all replicas come to hold the same (causal convergence).
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#include <string.h>

#define UPDATES "updates"

enum { GOSSIP_MS = 20, BATCH = 100, WAITING_MAX = 2000 };

/* A write is {"type":"update", "node", "clock", "key", "value"}: clock[i] counts node i's writes
 * up to this one, or that its node had carried out. */
struct causal {
    json_t *table;                          /* key -> the update that stays */
    json_t *updates[NODE_COUNT_MAX];        /* by node, in their order; durable */
    json_int_t carried_out[NODE_COUNT_MAX]; /* VC_i of S1, counting writes: how many of each node */
    json_t *waiting;                        /* updates that came too soon */
    bool last_writer_wins;
    struct timer *gossip;
};

/* -- vector clocks: S1 ---------------------------------------------------------------------------
 */

static json_int_t clock_part(const json_t *update, int node)
{
    return json_integer_value(json_array_get(json_object_get(update, "clock"), (size_t)node));
}

static int node_of(const json_t *update)
{
    return (int)json_integer_value(json_object_get(update, "node"));
}

/* What this node has seen: "VC(e_i)[j] = number of events on p_j that happened_before e_i". */
static json_t *clock_now(struct self *self)
{
    const struct causal *causal = self->state;
    json_t *clock = json_array();

    for (int i = 0; i < self->count; i++) {
        bool merged = i == self->me || !bug_is_on(self, "vector-not-merged");
        (void)json_array_append_new(clock, json_integer(merged ? causal->carried_out[i] : 0));
    }
    return clock;
}

/* Whether all that the update depends on has been carried out here, and it is its node's next. */
static bool is_ready(struct self *self, const json_t *update)
{
    const struct causal *causal = self->state;
    int node = node_of(update);

    if (clock_part(update, node) != causal->carried_out[node] + 1)
        return false;
    for (int i = 0; i < self->count; i++) {
        if (i != node && clock_part(update, i) > causal->carried_out[i])
            return bug_is_on(self, "ignore-dependencies");
    }
    return true;
}

/* An order of all writes in which every write is above what it depends on: the sum of a clock is
 * above that of every smaller one. */
static bool wins(struct self *self, const json_t *update, const json_t *other)
{
    json_int_t sum = 0;

    for (int i = 0; i < self->count; i++)
        sum += clock_part(update, i) - clock_part(other, i);
    return sum != 0 ? sum > 0 : !other || node_of(update) > node_of(other);
}

/* -- the replica ---------------------------------------------------------------------------------
 */

static void keep(struct self *self, json_t *update)
{
    struct causal *causal = self->state;
    const json_t *key = json_object_get(update, "key");
    int node = node_of(update);

    causal->carried_out[node]++;
    (void)json_array_append(causal->updates[node], update);
    if (!causal->last_writer_wins || wins(self, update, table_get(causal->table, key)))
        table_put(causal->table, key, update);
}

/* Durable before anybody can read it: what a client has seen here it must see after a crash. */
static void carry_out(struct self *self, json_t *update)
{
    storage_append(self, UPDATES, update);
    keep(self, update);
}

static bool is_known(const struct causal *causal, const json_t *update)
{
    return clock_part(update, node_of(update)) <= causal->carried_out[node_of(update)];
}

/* Carry out what waits and can be; what that makes ready follows. */
static void carry_out_waiting(struct self *self)
{
    struct causal *causal = self->state;
    bool wrote = false, again = true;

    while (again) {
        again = false;
        for (size_t i = 0; i < json_array_size(causal->waiting);) {
            json_t *update = json_array_get(causal->waiting, i);
            bool ready = is_ready(self, update);
            if (ready)
                carry_out(self, update);
            again |= ready;
            if (ready || is_known(causal, update))
                (void)json_array_remove(causal->waiting, i);
            else
                i++;
        }
        wrote |= again;
    }
    if (wrote)
        storage_sync(self, UPDATES);
}

/* Another's write, from that node or from one that passes it on. */
static void on_update(struct self *self, const struct message *message)
{
    struct causal *causal = self->state;
    int node = node_of(message->body);

    if (node < 0 || node >= self->count || is_known(causal, message->body) ||
        json_array_size(causal->waiting) == WAITING_MAX)
        return; /* what there is no room for comes again */
    (void)json_array_append(causal->waiting, message->body);
    carry_out_waiting(self);
}

/* -- anti-entropy: what the broadcast did not bring is asked for ---------------------------------
 */

/* Now and then: tell somebody what is known here. */
static void on_gossip(struct self *self, void *context)
{
    const struct causal *causal = self->state;
    int hop = self->count > 1 ? 1 + (int)rng_below(&self->rng, (uint64_t)self->count - 1) : 0;
    json_t *known = json_array();

    (void)context;
    for (int i = 0; i < self->count; i++)
        (void)json_array_append_new(known, json_integer(causal->carried_out[i]));
    msg_send(self, (self->me + hop) % self->count,
             json_pack("{s:s, s:o}", "type", "known", "known", known));
    timer_set(causal->gossip, GOSSIP_MS);
}

/* It gets the first of each node's writes that it lacks, so that writes go round every cut. */
static void on_known(struct self *self, const struct message *message)
{
    const struct causal *causal = self->state;
    const json_t *known = json_object_get(message->body, "known");

    for (int node = 0; node < self->count; node++) {
        json_int_t next = json_integer_value(json_array_get(known, (size_t)node));
        for (int i = 0; i < BATCH && next < causal->carried_out[node]; i++, next++)
            msg_send(self, message->from,
                     json_copy(json_array_get(causal->updates[node], (size_t)next)));
    }
}

/* -- clients -------------------------------------------------------------------------------------
 */

static void on_read(struct self *self, const struct message *message)
{
    const struct causal *causal = self->state;
    const json_t *update = table_get(causal->table, json_object_get(message->body, "key"));

    if (update)
        msg_reply(
            self, &message->caller,
            json_pack("{s:s, s:O}", "type", "read_ok", "value", json_object_get(update, "value")));
    else
        msg_error(self, &message->caller, MSG_NO_KEY, "no such key");
}

/* A write is this node's next event: carried out here, told to the others, acknowledged. */
static void on_write(struct self *self, const struct message *message)
{
    json_t *key = json_object_get(message->body, "key");
    json_t *value = json_object_get(message->body, "value"), *clock = clock_now(self);

    if (!key || !value) {
        msg_error(self, &message->caller, MSG_MALFORMED, "a write needs a key and a value");
        json_decref(clock);
        return;
    }
    json_int_t count = json_integer_value(json_array_get(clock, (size_t)self->me)) + 1;
    (void)json_array_set_new(clock, (size_t)self->me, json_integer(count));
    json_t *update = json_pack("{s:s, s:i, s:o, s:O, s:O}", "type", "update", "node", self->me,
                               "clock", clock, "key", key, "value", value);
    carry_out(self, update);
    storage_sync(self, UPDATES);
    msg_broadcast(self, json_copy(update));
    msg_reply(self, &message->caller, json_pack("{s:s}", "type", "write_ok"));
    json_decref(update);
}

/* Recovery: every write again, in the order in which it was carried out here. */
static void start(struct self *self)
{
    struct causal *causal = self->state;
    json_t *updates = storage_read(self, UPDATES), *update;
    size_t i;

    causal->table = json_object();
    causal->waiting = json_array();
    causal->last_writer_wins = strcmp(option_get(self, "conflict"), "lww") == 0;
    for (int node = 0; node < self->count; node++)
        causal->updates[node] = json_array();
    json_array_foreach(updates, i, update)
    {
        keep(self, update);
    }
    json_decref(updates);
    causal->gossip = timer_new(self, on_gossip, NULL);
    timer_set(causal->gossip, GOSSIP_MS);
}

const struct protocol protocol_causal = {
    .name = "causal",
    .about = "causal consistency by vector clocks: local reads and writes (S1, S2)",
    .promise = "causal",
    .exceptions = (const struct exception[]){{"conflict", "lww", "ccv"}, {0}},
    .fs = (const char *const[]){"read", "write", NULL},
    .options = (const struct protocol_option[]){{"conflict", "delivery|lww", "delivery",
                                                 "which of concurrent writes stays at a replica"},
                                                {0}},
    .bugs = (const struct bug[]){{"ignore-dependencies", "only each node's own order is kept",
                                  "--nemesis partition --interval 2 -t 8"},
                                 {"vector-not-merged", "a clock counts its own node's writes only",
                                  "--nemesis partition --interval 2 -t 8"},
                                 {0}},
    .holds =
        (const char *const[]){"--nemesis partition,kill,pause --interval 2 -r 1500 -t 10", NULL},
    .showings = (const struct showing[]){{"not-sequential", "two keys are written across a cut",
                                          "--nemesis partition --interval 2 -t 8 "
                                          "--consistency sequential"},
                                         {0}},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_write},
                                   {"update", on_update},
                                   {"known", on_known},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct causal),
    .start = start,
};
