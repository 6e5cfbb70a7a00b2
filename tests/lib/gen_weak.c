/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Histories of replicated stores that keep less than one order for all. */
#include "gen.h"
#include "hist.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A write on its way to the replicas. */
struct message {
    int key, origin; /* the slot that wrote it; a slot's next process is another origin */
    value_id value;
    int64_t stamp; /* Lamport's: greater than of everything its writer knew */
    bool *needed;  /* the writes that its writer had applied, by number */
};

struct replica {
    int32_t process;
    int origin;
    bool *applied; /* by number of the write */
    value_id *values;
    int64_t *stamps; /* of what is in values */
    int64_t clock;
};

struct store {
    struct rng *rng;
    const struct gen_random *space;
    enum gen_store kind;
    struct history *history;
    struct message *messages;
    int message_count;
    int *key_writes; /* by key: values are distinct within a key, not between keys */
    struct replica *replicas;
    int32_t next_process;
    value_id *keys;
    int64_t now_ns;
};

static int below(struct rng *rng, int bound)
{
    return (int)rng_below(rng, (uint64_t)bound);
}

static void *zeroed(size_t count, size_t size)
{
    void *ptr = calloc(count ? count : 1, size);
    if (!ptr)
        abort();
    return ptr;
}

static void replica_reset(struct store *store, struct replica *replica)
{
    free(replica->applied);
    free(replica->values);
    free(replica->stamps);
    *replica = (struct replica){.process = store->next_process, .origin = store->next_process};
    store->next_process++;
    replica->applied = zeroed((size_t)store->space->ops, sizeof *replica->applied);
    replica->values = zeroed((size_t)store->space->keys, sizeof *replica->values);
    replica->stamps = zeroed((size_t)store->space->keys, sizeof *replica->stamps);
}

static void deliver(const struct store *store, struct replica *replica, int number)
{
    const struct message *message = &store->messages[number];

    replica->applied[number] = true;
    if (message->stamp > replica->clock)
        replica->clock = message->stamp;
    if (store->kind == GEN_CONVERGENT && message->stamp < replica->stamps[message->key])
        return;
    replica->values[message->key] = message->value;
    replica->stamps[message->key] = message->stamp;
}

static bool is_deliverable(const struct store *store, const struct replica *replica, int number)
{
    const struct message *message = &store->messages[number];

    for (int i = 0; i < number; i++) {
        if (replica->applied[i])
            continue;
        if (store->kind == GEN_FIFO && store->messages[i].origin == message->origin)
            return false;
        if ((store->kind == GEN_CAUSAL || store->kind == GEN_CONVERGENT) && message->needed[i])
            return false;
    }
    return true;
}

/* Some messages reach the replica, each with a chance. */
static void receive(struct store *store, struct replica *replica)
{
    for (int i = 0; i < store->message_count; i++) {
        if (!replica->applied[i] && below(store->rng, 100) >= store->space->lag_pct &&
            is_deliverable(store, replica, i))
            deliver(store, replica, i);
    }
}

enum { ORIGINS_MAX = 1 << 24 };

static void broadcast(struct store *store, struct replica *replica, int key, value_id value)
{
    int number = store->message_count++;
    struct message *message = &store->messages[number];

    /* Ties between stamps go to the origin, so that all are different: a slot's next process knows
     * nothing of the stamps that the one before gave. */
    int64_t round = replica->clock / ORIGINS_MAX + 1;
    assert(replica->origin < ORIGINS_MAX);
    *message = (struct message){.key = key, .origin = replica->origin, .value = value};
    message->stamp = round * ORIGINS_MAX + replica->origin;
    message->needed = zeroed((size_t)store->space->ops, sizeof *message->needed);
    memcpy(message->needed, replica->applied, (size_t)number * sizeof *message->needed);
    deliver(store, replica, number);
}

static void perform(struct store *store, struct replica *replica)
{
    int key = below(store->rng, store->space->keys);
    bool is_write = below(store->rng, 5) < 2;
    bool unknown = below(store->rng, 100) < store->space->info_pct;
    struct op op = {.process = replica->process,
                    .node = NODE_NONE,
                    .key = store->keys[key],
                    .complete_index = INDEX_NONE,
                    .f = is_write ? OP_F_WRITE : OP_F_READ,
                    .type = unknown ? OP_INFO : OP_OK};

    op.invoke_ns = ++store->now_ns;
    op.complete_ns = ++store->now_ns;
    if (is_write)
        op.in = values_int(&store->history->values, ++store->key_writes[key]);
    else if (!unknown)
        op.out = replica->values[key];
    if (is_write && (!unknown || below(store->rng, 2) == 0))
        broadcast(store, replica, key, op.in);
    hist_add(store->history, &op);
    if (unknown)
        replica_reset(store, replica);
}

void gen_weak(struct rng *rng, const struct gen_random *space, enum gen_store kind,
              struct history *history)
{
    struct store store = {.rng = rng, .space = space, .kind = kind, .history = history};

    if (space->processes > 64)
        abort();
    store.messages = zeroed((size_t)space->ops, sizeof *store.messages);
    store.replicas = zeroed((size_t)space->processes, sizeof *store.replicas);
    store.keys = zeroed((size_t)space->keys, sizeof *store.keys);
    store.key_writes = zeroed((size_t)space->keys, sizeof *store.key_writes);
    for (int i = 0; i < space->keys; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "k%d", i);
        store.keys[i] = values_string(&history->values, str_of(name));
    }
    for (int i = 0; i < space->processes; i++)
        replica_reset(&store, &store.replicas[i]);
    while (history->count < (size_t)space->ops) {
        struct replica *replica = &store.replicas[below(rng, space->processes)];
        receive(&store, replica);
        perform(&store, replica);
    }
    for (int i = 0; i < store.message_count; i++)
        free(store.messages[i].needed);
    for (int i = 0; i < space->processes; i++) {
        free(store.replicas[i].applied);
        free(store.replicas[i].values);
        free(store.replicas[i].stamps);
    }
    free(store.messages);
    free(store.replicas);
    free(store.keys);
    free(store.key_writes);
    hist_finish(history);
}

/* -- stale reads ----------------------------------------------------------------------------- */

static void add_read(struct history *history, int32_t process, const struct op *write,
                     int64_t at_ns)
{
    struct op op = {.process = process,
                    .node = NODE_NONE,
                    .type = OP_OK,
                    .f = OP_F_READ,
                    .key = write->key,
                    .out = write->in,
                    .invoke_ns = at_ns,
                    .complete_ns = at_ns,
                    .complete_index = INDEX_NONE};
    hist_add(history, &op);
}

/* Whether b overwrote what a wrote: by the same process, or at all. */
static bool overwrites(const struct op *a, const struct op *b, bool same_process)
{
    return a->f == OP_F_WRITE && b->f == OP_F_WRITE && a->key == b->key && a->type == OP_OK &&
           b->type == OP_OK && a->in != b->in &&
           (same_process ? a->process == b->process : a->complete_ns < b->invoke_ns);
}

/* Whether the process of `at` does nothing at the time when `at` ends and just after. */
static bool has_gap(const struct history *history, size_t at)
{
    for (size_t i = at + 1; i < history->count; i++) {
        if (history->ops[i].process == history->ops[at].process)
            return history->ops[i].invoke_ns > history->ops[at].complete_ns;
    }
    return true;
}

bool gen_add_stale_read(struct rng *rng, const char *level, struct history *history)
{
    bool linearizable = strcmp(level, "linearizable") == 0;
    bool by_reads = strcmp(level, "monotonic-reads") == 0 ||
                    strcmp(level, "monotonic-writes") == 0 ||
                    strcmp(level, "writes-follow-reads") == 0;
    size_t start = rng_below(rng, history->count);
    int32_t fresh = 0;

    for (size_t i = 0; i < history->count; i++)
        fresh = history->ops[i].process >= fresh ? history->ops[i].process + 1 : fresh;
    for (size_t k = 0; k < history->count; k++) {
        size_t b = (start + k) % history->count;
        const struct op newer = history->ops[b];
        for (size_t a = b; a-- > 0 && b - a < 1000;) {
            const struct op older = history->ops[a];
            if (!overwrites(&older, &newer, !linearizable && !by_reads) ||
                (!linearizable && !by_reads && !has_gap(history, b)))
                continue;
            for (size_t i = 0; i < history->count; i++) { /* room between any two moments */
                struct op *op = &history->ops[i];
                op->invoke_ns *= 8;
                op->complete_ns *= op->complete_ns == TIME_NEVER ? 1 : 8;
            }
            int64_t at_ns = newer.complete_ns * 8;
            int32_t process = linearizable || by_reads ? fresh : newer.process;
            add_read(history, process, &older, at_ns + 1);
            if (by_reads) {
                add_read(history, process, &newer, at_ns + 2);
                add_read(history, process, &older, at_ns + 3);
            }
            history->end_ns = 0;
            hist_refinish(history);
            return true;
        }
    }
    return false;
}

/* -- the same history told otherwise --------------------------------------------------------- */

static value_id rename_value(struct values *values, const struct values *from, value_id id)
{
    const value_id *items;
    int64_t number;
    size_t count;
    struct str text;

    if (values_get_int(from, id, &number))
        return number ? values_int(values, number * 7919 % INT64_C(1000000007))
                      : id; /* one to one */
    if (values_get_list(from, id, &items, &count)) {
        value_id *renamed = zeroed(count, sizeof *renamed);
        for (size_t i = 0; i < count; i++)
            renamed[i] = rename_value(values, from, items[i]);
        value_id list = values_list(values, renamed, count);
        free(renamed);
        return list;
    }
    return values_get_text(from, id, &text) ? values_json(values, text) : id;
}

/* A copy of the value in the other table. */
static value_id copy_value(struct values *values, const struct values *from, value_id id)
{
    const value_id *items;
    size_t count;
    struct str text;

    if (values_get_list(from, id, &items, &count)) {
        value_id *copies = zeroed(count, sizeof *copies);
        for (size_t i = 0; i < count; i++)
            copies[i] = copy_value(values, from, items[i]);
        value_id list = values_list(values, copies, count);
        free(copies);
        return list;
    }
    return values_get_text(from, id, &text) ? values_json(values, text) : id;
}

static value_id rename_key(struct values *values, const struct values *from, value_id id)
{
    struct str text;
    char name[64];

    if (id == VALUE_NIL)
        return values_string(values, STR("the-one"));
    if (!values_get_text(from, id, &text))
        return values_string(values, STR("number"));
    (void)snprintf(name, sizeof name, "renamed %.*s", (int)text.len - 2, text.ptr + 1);
    return values_string(values, str_of(name));
}

static struct op retell_op(const struct history *history, const struct op *op,
                           enum gen_change change, struct history *copy, int64_t by)
{
    value_id (*rename)(struct values *, const struct values *, value_id) =
        change == GEN_VALUES ? rename_value : copy_value;
    struct op told = *op;

    told.key = change == GEN_KEYS ? rename_key(&copy->values, &history->values, op->key)
                                  : copy_value(&copy->values, &history->values, op->key);
    told.in = rename(&copy->values, &history->values, op->in);
    told.in2 = rename(&copy->values, &history->values, op->in2);
    told.out = rename(&copy->values, &history->values, op->out);
    if (change == GEN_PROCESSES)
        told.process = op->process * 31 % 1009 + 5;
    if (change == GEN_SHIFT || change == GEN_SCALE) {
        told.invoke_ns = change == GEN_SHIFT ? op->invoke_ns + by : op->invoke_ns * by;
        if (op->complete_ns != TIME_NEVER)
            told.complete_ns = change == GEN_SHIFT ? op->complete_ns + by : op->complete_ns * by;
    }
    if (op->f >= OP_F_KNOWN)
        told.f = (uint8_t)history_f(copy, str_of(history_f_name(history, op->f)));
    return told;
}

/* Whether operation `at` has a predecessor in its process that is not yet told. */
static bool must_wait(const struct history *history, const bool *told, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (!told[i] && history->ops[i].process == history->ops[at].process)
            return true;
    }
    return false;
}

void gen_retell(struct rng *rng, const struct history *history, enum gen_change change,
                struct history *copy)
{
    bool *told = zeroed(history->count, sizeof *told);
    int64_t by = 1 + below(rng, 1000);

    for (size_t left = history->count; left > 0; left--) {
        size_t at = 0;
        do {
            at = change == GEN_TIES ? rng_below(rng, history->count) : history->count - left;
        } while (told[at] || must_wait(history, told, at));
        struct op op = retell_op(history, &history->ops[at], change, copy, by);
        hist_add(copy, &op);
        told[at] = true;
    }
    free(told);
    hist_finish(copy);
}
