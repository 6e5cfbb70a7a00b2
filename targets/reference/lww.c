/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lww.c - eventual consistency by the last writer: S4, lecture 1, "Eventual consistency (2)".
 *
 * "Conflicts are resolved after partition heals. Common approach: last writer wins." Every node
 * answers at once, alone, on both sides of a cut; nodes tell each other what they have, and for
 * each key the highest stamp stays. When writes stop and messages arrive again, all nodes come to
 * hold the same. It is not linearizable, nor less (S3: "Concurrent writes are not linearizable if
 * last-write wins is followed"): stamps are what clocks say, so under skew an acknowledged write
 * may lose against an earlier one.
 *
 * A difference shows in the final reads: with tie-by-arrival if a key's last two writes, on two
 * nodes, were of one millisecond. Without a rate, on a busy machine, nodes are still working off
 * what they were sent when the final reads begin.
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#define ENTRIES "entries"

enum { GOSSIP_MS = 20 };

struct lww {
    json_t *table;    /* key -> {"type":"entry", "key", "stamp", "value"}; durable */
    int64_t sequence; /* of this node's last write */
    struct timer *gossip;
};

/* -- stamps: [milliseconds, node, sequence] ------------------------------------------------------
 */

static int64_t stamp_part(const json_t *stamp, size_t part)
{
    return json_integer_value(json_array_get(stamp, part)); /* 0 in no stamp: below every write */
}

/* Whether an entry of this stamp takes the place of one of the other. */
static bool stamp_wins(struct self *self, const json_t *stamp, const json_t *other)
{
    size_t part = 0;

    if (bug_is_on(self, "tie-by-arrival"))
        return stamp_part(stamp, 0) >= stamp_part(other, 0) && !json_equal(stamp, other);
    while (part < 2 && stamp_part(stamp, part) == stamp_part(other, part))
        part++;
    return stamp_part(stamp, part) > stamp_part(other, part);
}

/* Whether somebody who holds the other would want an entry of this stamp. */
static bool stamp_is_news(struct self *self, const json_t *stamp, const json_t *other)
{
    if (bug_is_on(self, "tie-by-arrival"))
        return stamp_part(stamp, 0) > stamp_part(other, 0);
    return stamp_wins(self, stamp, other);
}

/* -- entries -------------------------------------------------------------------------------------
 */

/* Merge an entry into the table; true if it won. */
static bool entry_merge(struct self *self, json_t *entry)
{
    struct lww *lww = self->state;
    const json_t *key = json_object_get(entry, "key"), *stamp = json_object_get(entry, "stamp");

    if (!stamp_wins(self, stamp, json_object_get(table_get(lww->table, key), "stamp")))
        return false;
    table_put(lww->table, key, entry);
    storage_append(self, ENTRIES, entry);
    return true;
}

/* "Give back the local value." */
static void on_read(struct self *self, const struct message *message)
{
    struct lww *lww = self->state;
    const json_t *entry = table_get(lww->table, json_object_get(message->body, "key"));

    if (entry)
        msg_reply(
            self, &message->caller,
            json_pack("{s:s, s:O}", "type", "read_ok", "value", json_object_get(entry, "value")));
    else
        msg_error(self, &message->caller, MSG_NO_KEY, "no such key");
}

/* A write is stamped, merged here, and, when it is durable, told to the others and acknowledged. */
static void on_write(struct self *self, const struct message *message)
{
    struct lww *lww = self->state;
    json_t *entry = json_pack("{s:s, s:O*, s:[I, i, I], s:O*}", "type", "entry", "key",
                              json_object_get(message->body, "key"), "stamp",
                              (json_int_t)now_wall_ms(), self->me, (json_int_t)++lww->sequence,
                              "value", json_object_get(message->body, "value"));

    if (!json_object_get(entry, "key") || !json_object_get(entry, "value")) {
        msg_error(self, &message->caller, MSG_MALFORMED, "a write needs a key and a value");
        json_decref(entry);
        return;
    }
    if (entry_merge(self, entry))
        storage_sync(self, ENTRIES);
    msg_broadcast(self, json_deep_copy(entry));
    msg_reply(self, &message->caller, json_pack("{s:s}", "type", "write_ok"));
    json_decref(entry);
}

static void on_entry(struct self *self, const struct message *message)
{
    (void)entry_merge(self, message->body);
}

/* -- anti-entropy: what the broadcast did not bring is asked for ---------------------------------
 */

/* Now and then: tell somebody which stamps are held here. */
static void on_gossip(struct self *self, void *context)
{
    struct lww *lww = context;
    json_t *stamps = json_object(), *entry;
    const char *key;
    int to = (int)rng_below(&self->rng, (uint64_t)self->count);

    json_object_foreach(lww->table, key, entry)(void)
        json_object_set(stamps, key, json_object_get(entry, "stamp"));
    msg_send(self, to, json_pack("{s:s, s:o}", "type", "stamps", "stamps", stamps));
    timer_set(lww->gossip, GOSSIP_MS);
}

/* It gets what is newer here. */
static void on_stamps(struct self *self, const struct message *message)
{
    struct lww *lww = self->state;
    const json_t *stamps = json_object_get(message->body, "stamps");
    json_t *entry;
    const char *key;

    json_object_foreach(lww->table, key, entry)
    {
        if (stamp_is_news(self, json_object_get(entry, "stamp"), json_object_get(stamps, key)))
            msg_send(self, message->from, json_deep_copy(entry));
    }
}

/* Recovery: what had won before wins again. Sequence numbers go on, so that no stamp of this node
 * is issued twice, whatever its clock does. */
static void start(struct self *self)
{
    struct lww *lww = self->state;
    json_t *entries = storage_read(self, ENTRIES), *entry;
    size_t i;

    lww->table = json_object();
    json_array_foreach(entries, i, entry)
    {
        const json_t *stamp = json_object_get(entry, "stamp");
        table_put(lww->table, json_object_get(entry, "key"), entry);
        if (stamp_part(stamp, 1) == self->me && stamp_part(stamp, 2) > lww->sequence)
            lww->sequence = stamp_part(stamp, 2);
    }
    json_decref(entries);
    lww->gossip = timer_new(self, on_gossip, lww);
    if (!bug_is_on(self, "no-anti-entropy"))
        timer_set(lww->gossip, GOSSIP_MS);
}

const struct protocol protocol_lww = {
    .name = "lww",
    .about = "eventual consistency: local reads and writes, the last writer wins (S3, S4)",
    .promise = "eventual",
    .fs = (const char *const[]){"read", "write", NULL},
    .bugs =
        (const struct bug[]){
            {"no-anti-entropy", "a lost message is never made up for",
             "--nemesis partition,kill,pause --interval 1.7 --keys 300 -r 600 -t 5"},
            {"tie-by-arrival", "of equal milliseconds the later to come wins",
             "--plan plans/clocks-stand-still.json --keys 50 -r 2000 -c 4n -t 4"},
            {0}},
    .holds =
        (const char *const[]){"--nemesis partition,kill,pause --interval 2 -r 600 -t 10",
                              "--plan plans/clocks-stand-still.json --keys 50 -r 2000 -c 4n -t 4",
                              NULL},
    .showings = (const struct showing[]){{"lost-write",
                                          "a clock behind: an acknowledged write loses against "
                                          "an older one",
                                          "-w register --plan plans/one-clock-behind.json -r 1000 "
                                          "--keys 40 -t 4 --consistency lost-write"},
                                         {0}},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_write},
                                   {"entry", on_entry},
                                   {"stamps", on_stamps},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct lww),
    .start = start,
};
