/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quorum.c - registers from majorities: S2 "Active Replication (Quorum consensus)", S3 "Leaderless
 * database can be made linearizable. Read repair, quorum reads and quorum writes".
 *
 * The algorithm of Attiya, Bar-Noy and Dolev (Sharing memory robustly in message-passing systems,
 * 1995), for several writers as by Lynch and Shvartsman (1997). There is no master: the node that a
 * client asks is the coordinator of that operation. Every operation is two rounds, each with a
 * majority, and any two majorities share a node. It offers no cas: majorities alone do not decide.
 *
 * How its bugs were found (two cores, five nodes; the time is that of the witness in the load), by
 * `ordeal run quorum --bug B --nemesis partition,kill,pause --interval 2 --time-limit 6 --seed 1`:
 *   sloppy-quorum 0.1 s, read-one 0.1 s, tag-from-clock 0.5 s (two writes in a millisecond; a
 *   skewed clock is not needed), and
 *   no-write-back 5.4 s with `--nemesis partition --interval 2 --keys 3 -c 6n --seed 5`: a write
 *   must stay at a minority while it is read, as with the halves and the bridge of `partition`.
 */
#include "runtime/protocol.h"
#include "runtime/table.h"

#define REGISTERS "registers"
#define INCARNATION "incarnation"

enum { RETRY_MS = 100, GIVE_UP_MS = 1000 };

struct quorum {
    json_t *table;       /* this replica: key -> {"tag", "value"}; durable */
    int64_t incarnation; /* how many times this node has started; durable */
    int64_t sequence;    /* writes that this incarnation has coordinated */
};

enum round { QUERY, STORE, OVER };

/* What a client asked for, at its coordinator. */
struct operation {
    struct caller client;
    bool is_write;
    json_t *key, *tag, *value; /* tag and value: the highest heard of; then those to be stored */
    enum round round;
    int first, asked; /* of this round: nodes first, first + 1, ... */
    int answers;      /* of these */
    int calls;        /* that have not returned, of all rounds */
    int64_t give_up_ms;
};

/* One node asked, again and again, in one round. */
struct call {
    struct operation *operation;
    enum round round;
    int to;
};

/* -- tags: [counter, node, incarnation, sequence] orders all writes, and is never issued twice ---
 */

static json_t *tag_new(struct self *self, int64_t counter)
{
    struct quorum *quorum = self->state;
    return json_pack("[I, i, I, I]", (json_int_t)counter, self->me, (json_int_t)quorum->incarnation,
                     (json_int_t)++quorum->sequence);
}

static int64_t tag_part(const json_t *tag, size_t part)
{
    return json_integer_value(json_array_get(tag, part)); /* 0 in no tag: below every write */
}

static bool tag_is_above(const json_t *tag, const json_t *other)
{
    for (size_t part = 0; part < 4; part++) {
        if (tag_part(tag, part) != tag_part(other, part))
            return tag_part(tag, part) > tag_part(other, part);
    }
    return false;
}

/* -- the replica ---------------------------------------------------------------------------------
 */

/* Keep the value of the higher tag. True if it was this one. */
static bool replica_keep(struct quorum *quorum, const json_t *record)
{
    const json_t *key = json_object_get(record, "key");
    json_t *tag = json_object_get(record, "tag");

    if (!tag_is_above(tag, json_object_get(table_get(quorum->table, key), "tag")))
        return false;
    json_t *held = json_pack("{s:O, s:O}", "tag", tag, "value", json_object_get(record, "value"));
    table_put(quorum->table, key, held);
    json_decref(held);
    return true;
}

/* Recovery: the registers as they were, and a number that no earlier start has had. */
static void start(struct self *self)
{
    struct quorum *quorum = self->state;
    json_t *records = storage_read(self, REGISTERS), *record;
    json_t *starts = storage_read(self, INCARNATION);
    size_t i;

    quorum->table = json_object();
    json_array_foreach(records, i, record)(void) replica_keep(quorum, record);
    quorum->incarnation = json_integer_value(json_array_get(starts, 0)) + 1;
    json_t *incarnation = json_integer(quorum->incarnation);
    storage_replace(self, INCARNATION, incarnation);
    json_decref(incarnation);
    json_decref(starts);
    json_decref(records);
}

/* ABD, "query": a replica tells the highest tag that it has seen, and its value. */
static void on_query(struct self *self, const struct message *message)
{
    struct quorum *quorum = self->state;
    const json_t *held = table_get(quorum->table, json_object_get(message->body, "key"));

    msg_reply(self, &message->caller,
              json_pack("{s:s, s:O*, s:O*}", "type", "query_ok", "tag",
                        json_object_get(held, "tag"), "value", json_object_get(held, "value")));
}

/* ABD, "store": it keeps what is newer, durably, before it says so. */
static void on_store(struct self *self, const struct message *message)
{
    if (replica_keep(self->state, message->body)) {
        storage_append(self, REGISTERS, message->body);
        storage_sync(self, REGISTERS);
    }
    msg_reply(self, &message->caller, json_pack("{s:s}", "type", "store_ok"));
}

/* -- the coordinator -----------------------------------------------------------------------------
 */

static int answers_needed(struct self *self, const struct operation *operation)
{
    if (bug_is_on(self, "read-one") && !operation->is_write)
        return 1;
    if (bug_is_on(self, "sloppy-quorum"))
        return self->count > 1 ? self->count / 2 : 1; /* two such need not meet */
    return self->count / 2 + 1;
}

static void ask(struct self *self, struct call *call);

/* Ask further nodes of the ring, until `count` of them are. */
static void ask_up_to(struct self *self, struct operation *operation, int count)
{
    for (; operation->asked < count; operation->asked++) {
        struct call *call = malloc(sizeof *call);
        int to = (operation->first + operation->asked) % self->count;
        *call = (struct call){.operation = operation, .round = operation->round, .to = to};
        operation->calls++;
        ask(self, call);
    }
}

/* Any majority will do; the other nodes are asked when one of these is silent. */
static void begin_round(struct self *self, struct operation *operation, enum round round)
{
    operation->round = round;
    operation->answers = operation->asked = 0;
    operation->first = (int)rng_below(&self->rng, (uint64_t)self->count);
    ask_up_to(self, operation, answers_needed(self, operation));
}

static void finish(struct self *self, struct operation *operation, json_t *answer)
{
    operation->round = OVER;
    msg_reply(self, &operation->client, answer);
}

static void finish_read(struct self *self, struct operation *operation)
{
    finish(self, operation, json_pack("{s:s, s:O}", "type", "read_ok", "value", operation->value));
}

/* A write that reached nobody has not happened; one that was sent may have. */
static void give_up(struct self *self, struct operation *operation)
{
    bool unknown = operation->is_write && operation->round == STORE;

    operation->round = OVER;
    msg_error(self, &operation->client, unknown ? MSG_TIMEOUT : MSG_UNAVAILABLE,
              "no majority answers");
}

/* Replace the operation's value: it is another's that is newer, or the client's own. */
static void adopt(struct operation *operation, json_t *tag, json_t *value)
{
    json_incref(value);
    json_decref(operation->tag);
    json_decref(operation->value);
    operation->tag = tag;
    operation->value = value;
}

/* The first round is over: `tag` is at least that of every operation that ended before this one
 * began. A write goes above it. A read gives it back to a majority before it answers, so that
 * nobody who comes later reads less. */
static void on_majority_queried(struct self *self, struct operation *operation)
{
    if (operation->is_write) {
        adopt(operation, tag_new(self, tag_part(operation->tag, 0) + 1), operation->value);
    } else if (!operation->tag) {
        operation->round = OVER;
        msg_error(self, &operation->client, MSG_NO_KEY, "no such key");
        return;
    } else if (bug_is_on(self, "no-write-back") || bug_is_on(self, "read-one")) {
        finish_read(self, operation);
        return;
    }
    begin_round(self, operation, STORE);
}

/* A majority holds it, or something newer. */
static void on_majority_stored(struct self *self, struct operation *operation)
{
    if (operation->is_write)
        finish(self, operation, json_pack("{s:s}", "type", "write_ok"));
    else
        finish_read(self, operation);
}

static void take_answer(struct self *self, struct operation *operation, const json_t *body)
{
    json_t *tag = json_object_get(body, "tag");

    if (operation->round == QUERY && tag_is_above(tag, operation->tag)) {
        if (operation->is_write)
            adopt(operation, json_incref(tag), operation->value);
        else
            adopt(operation, json_incref(tag), json_object_get(body, "value"));
    }
    if (++operation->answers < answers_needed(self, operation))
        return;
    if (operation->round == QUERY)
        on_majority_queried(self, operation);
    else
        on_majority_stored(self, operation);
}

static void end_call(struct call *call)
{
    struct operation *operation = call->operation;

    free(call);
    if (--operation->calls > 0)
        return;
    json_decref(operation->key);
    json_decref(operation->tag);
    json_decref(operation->value);
    free(operation);
}

/* Links lose messages: who is silent is asked again, as long as its answer is wanted. */
static void on_answer(struct self *self, void *context, const struct message *answer)
{
    struct call *call = context;
    struct operation *operation = call->operation;

    if (call->round == operation->round) {
        if (answer) {
            take_answer(self, operation, answer->body);
        } else if (now_ms() < operation->give_up_ms) {
            ask_up_to(self, operation, self->count);
            ask(self, call);
            return;
        } else {
            give_up(self, operation);
        }
    }
    end_call(call);
}

static void ask(struct self *self, struct call *call)
{
    const struct operation *operation = call->operation;
    json_t *body;

    if (call->round == QUERY)
        body = json_pack("{s:s, s:O}", "type", "query", "key", operation->key);
    else
        body = json_pack("{s:s, s:O, s:O, s:O}", "type", "store", "key", operation->key, "tag",
                         operation->tag, "value", operation->value);
    msg_call(self, call->to, body, RETRY_MS, on_answer, call);
}

static struct operation *operation_new(const struct message *message)
{
    struct operation *operation = calloc(1, sizeof *operation);

    operation->client = message->caller;
    operation->key = json_incref(json_object_get(message->body, "key"));
    operation->give_up_ms = now_ms() + GIVE_UP_MS;
    return operation;
}

static bool is_malformed(struct self *self, const struct message *message, const char *member)
{
    bool malformed = !json_object_get(message->body, member);
    if (malformed)
        msg_error(self, &message->caller, MSG_MALFORMED, "it lacks a member");
    return malformed;
}

/* "Read": ask a majority, give back, answer. */
static void on_read(struct self *self, const struct message *message)
{
    if (!is_malformed(self, message, "key"))
        begin_round(self, operation_new(message), QUERY);
}

/* "Write": ask a majority for the highest tag, store above it. */
static void on_write(struct self *self, const struct message *message)
{
    if (is_malformed(self, message, "key") || is_malformed(self, message, "value"))
        return;
    struct operation *operation = operation_new(message);
    operation->is_write = true;
    operation->value = json_incref(json_object_get(message->body, "value"));
    if (bug_is_on(self, "tag-from-clock")) {
        operation->tag = tag_new(self, now_wall_ms());
        begin_round(self, operation, STORE);
        return;
    }
    begin_round(self, operation, QUERY);
}

const struct protocol protocol_quorum = {
    .name = "quorum",
    .about = "registers from majorities, several writers, no leader (S2, S3; ABD)",
    .promise = "linearizable",
    .fs = (const char *const[]){"read", "write", NULL},
    .bugs = (const struct bug[]){{"no-write-back", "a read answers without giving back",
                                  "--nemesis partition --interval 2 --keys 3 -c 6n -t 8"},
                                 {"sloppy-quorum", "half the nodes are enough, in both rounds",
                                  "--nemesis partition,kill,pause --interval 2 -t 6"},
                                 {"read-one", "a read asks until the first answer",
                                  "--nemesis partition,kill,pause --interval 2 -t 6"},
                                 {"tag-from-clock", "a write's tag is the time, nobody is asked",
                                  "--nemesis partition,kill,pause --interval 2 -t 6"},
                                 {0}},
    .holds =
        (const char *const[]){
            "--nemesis partition,kill,pause --interval 2 -t 10",
            "--nemesis partition,kill,pause,delay,loss,duplicate,reorder,reset,clock --interval 1 "
            "--schedule mixed -t 10",
            NULL},
    .rules = (const struct rule[]){{"read", on_read},
                                   {"write", on_write},
                                   {"query", on_query},
                                   {"store", on_store},
                                   {NULL, NULL}},
    .link = LINK_UDP,
    .state_size = sizeof(struct quorum),
    .start = start,
};
