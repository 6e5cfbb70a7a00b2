/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - registers in the harness's own memory: linearizable, or wrong in a chosen way.
 *
 * It exists to measure the harness (nothing answers faster) and to put the harness itself on trial:
 * each bug must be found by the checkers named beside it, and the target without bugs must never be
 * blamed. A register is one atomic word, so that every operation takes effect at one instant.
 */
#include "../harness/target.h"

#include "../harness/base/clock.h"
#include "../harness/base/rng.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum bug {
    BUG_NONE,
    BUG_STALE_READ,    /* linearizable, monotonic-reads: a read returns the value before the last */
    BUG_LOST_WRITE,    /* linearizable, read-your-writes: acknowledged, never applied */
    BUG_DIRTY_READ,    /* every level: a write that is said to have failed was applied */
    BUG_THIN_AIR,      /* every level: a read of what nobody wrote */
    BUG_LOST_UPDATE,   /* linearizable: two cas from one value both succeed */
    BUG_SPLIT_BRAIN,   /* eventual, linearizable: every node has registers of its own */
    BUG_HANG,          /* the runner: an invocation returns a minute late */
    BUG_NEVER_HEALTHY, /* the runner: does not start */
    BUG_COUNT
};

static const char *const bug_names[] = {"none",        "stale-read", "lost-write",
                                        "dirty-read",  "thin-air",   "lost-update",
                                        "split-brain", "hang",       "never-healthy"};
_Static_assert(sizeof bug_names / sizeof *bug_names == BUG_COUNT, "a name for each bug");

static const struct setting_spec settings[] = {
    {"bug",
     "none|stale-read|lost-write|dirty-read|thin-air|lost-update|split-brain|hang|never-healthy",
     "none", "how it is wrong"},
    {"bug_every", "a number", "100", "one in so many operations shows the bug"},
    {"unknown_every", "a number", "0", "one in so many updates ends as unknown; 0: none"},
    {"latency_us", "a number", "0", "how long an operation takes"},
    {NULL, NULL, NULL, NULL},
};

/* A register and its value before the last write. Words hold encode()d values; 0 is nil. */
struct cell {
    _Atomic int64_t value;
    _Atomic int64_t previous;
};

enum { PAGE_CELLS = 1 << 12, PAGES = 1 << 16 };

/* Keys are small and dense: a page per 4096 of them, made when it is first touched. */
struct store {
    _Atomic(struct cell *) pages[PAGES];
    struct cell single; /* of operations without a key */
};

struct memory {
    struct store *stores[NODES_MAX];
    int store_count; /* 1, or one per node with split brain */
    enum bug bug;
    uint64_t bug_every, unknown_every;
    int64_t latency_ns;
    uint64_t seed;
    _Atomic uint64_t client_count;
};

struct client {
    struct memory *memory;
    struct store *store;
    struct rng rng;
};

/* Nil is 0, which calloc'd pages are full of; INT64_MIN cannot be stored. */
static int64_t encode(int64_t value)
{
    return (int64_t)((uint64_t)value ^ (uint64_t)INT64_MIN);
}

static struct op_value decode(int64_t word)
{
    return word == 0 ? OP_NIL : OP_INT(encode(word));
}

static int64_t encode_value(const struct op_value *value)
{
    return value->kind == OP_VALUE_NIL ? 0 : encode(value->a);
}

/* NULL if the key is out of range or memory is out. */
static struct cell *find_cell(struct store *store, int64_t key)
{
    if (key == RECORD_NO_KEY)
        return &store->single;
    if (key < 0 || key >= (int64_t)PAGE_CELLS * PAGES)
        return NULL;
    _Atomic(struct cell *) *slot = &store->pages[key / PAGE_CELLS];
    struct cell *page = atomic_load_explicit(slot, memory_order_acquire);
    if (!page) {
        struct cell *fresh = calloc(PAGE_CELLS, sizeof *fresh);
        if (!fresh)
            return NULL;
        if (atomic_compare_exchange_strong(slot, &page, fresh))
            page = fresh;
        else
            free(fresh); /* another client was faster; `page` is its page now */
    }
    return &page[key % PAGE_CELLS];
}

/* -- the settings ------------------------------------------------------------------------------ */

static int read_number(const struct test *test, const char *key, int64_t *number, struct err *err)
{
    const char *text = test_setting(test, settings, key);
    if (!str_to_int(str_of(text), number) || *number < 0)
        return err_set(err, EINVAL, "'%s' of target 'memory' must be a number, not '%s'", key,
                       text);
    return 0;
}

static int read_bug(const struct test *test, enum bug *bug, struct err *err)
{
    const char *text = test_setting(test, settings, "bug");

    for (int i = 0; i < BUG_COUNT; i++) {
        if (strcmp(bug_names[i], text) == 0) {
            *bug = (enum bug)i;
            return 0;
        }
    }
    return err_set(err, EINVAL, "target 'memory' has no bug '%s'; it has %s", text,
                   settings[0].values);
}

static int configure(struct memory *memory, const struct test *test, struct err *err)
{
    int64_t bug_every, unknown_every, latency_us;

    if (read_bug(test, &memory->bug, err) < 0 ||
        read_number(test, "bug_every", &bug_every, err) < 0 ||
        read_number(test, "unknown_every", &unknown_every, err) < 0 ||
        read_number(test, "latency_us", &latency_us, err) < 0)
        return -1;
    memory->bug_every = (uint64_t)bug_every;
    memory->unknown_every = (uint64_t)unknown_every;
    memory->latency_ns = latency_us * 1000;
    memory->seed = test->seed;
    memory->store_count = memory->bug == BUG_SPLIT_BRAIN ? test->node_count : 1;
    return 0;
}

static int promise(const struct test *test, const char **level, struct err *err)
{
    struct memory ignored = {.bug = BUG_NONE};
    *level = "linearizable";
    return configure(&ignored, test, err);
}

/* -- the system -------------------------------------------------------------------------------- */

static void teardown(struct cluster *cluster)
{
    struct memory *memory = cluster->state;

    for (int i = 0; memory && i < memory->store_count; i++) {
        for (size_t page = 0; memory->stores[i] && page < PAGES; page++)
            free(atomic_load(&memory->stores[i]->pages[page]));
        free(memory->stores[i]);
    }
    free(memory);
    cluster->state = NULL;
}

static int setup(struct cluster *cluster, struct err *err)
{
    struct memory *memory = calloc(1, sizeof *memory);

    cluster->state = memory;
    if (!memory)
        return err_set(err, ENOMEM, "out of memory");
    if (configure(memory, cluster->test, err) < 0)
        return -1;
    for (int i = 0; i < memory->store_count; i++) {
        memory->stores[i] = calloc(1, sizeof *memory->stores[i]);
        if (!memory->stores[i])
            return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

static int healthy(struct cluster *cluster, struct err *err)
{
    const struct memory *memory = cluster->state;
    if (memory->bug == BUG_NEVER_HEALTHY)
        return err_set(err, EAGAIN, "it was set to never become healthy");
    return 0;
}

/* -- clients ----------------------------------------------------------------------------------- */

static int client_open(struct cluster *cluster, int node, struct client **out, struct err *err)
{
    struct memory *memory = cluster->state;
    struct client *client = calloc(1, sizeof *client);

    if (!client)
        return err_set(err, ENOMEM, "out of memory");
    client->memory = memory;
    client->store = memory->stores[node % memory->store_count];
    rng_init(&client->rng, memory->seed, atomic_fetch_add(&memory->client_count, 1));
    *out = client;
    return 0;
}

static void client_close(struct client *client)
{
    free(client);
}

/* Whether this operation is one of those. `every` 0: none. */
static bool chosen(struct client *client, uint64_t every)
{
    return every > 0 && rng_below(&client->rng, every) == 0;
}

static void finish(struct client_op *op, enum op_type outcome, const char *error)
{
    op->outcome = outcome;
    (void)snprintf(op->error, sizeof op->error, "%s", error);
}

/* For the bugs alone, so that it orders nothing. */
static void remember(struct cell *cell, int64_t previous)
{
    atomic_store_explicit(&cell->previous, previous, memory_order_relaxed);
}

static void invoke_read(struct client *client, struct cell *cell, enum bug bug,
                        struct client_op *op)
{
    int64_t word = atomic_load(bug == BUG_STALE_READ ? &cell->previous : &cell->value);

    if (bug == BUG_THIN_AIR)
        word = encode(INT64_MAX - (int64_t)rng_below(&client->rng, 1 << 20));
    op->result = decode(word);
    op->outcome = OP_OK;
}

static void invoke_write(struct cell *cell, enum bug bug, struct client_op *op)
{
    if (bug != BUG_LOST_WRITE)
        remember(cell, atomic_exchange(&cell->value, encode_value(&op->value)));
    if (bug == BUG_DIRTY_READ)
        finish(op, OP_FAIL, "aborted");
    else
        op->outcome = OP_OK;
    op->result = op->value;
}

static void invoke_cas(struct cell *cell, enum bug bug, struct client_op *op)
{
    struct op_value from, to;

    if (!op_value_pair(&op->value, &from, &to)) {
        finish(op, OP_FAIL, "malformed");
        return;
    }
    int64_t expected = encode_value(&from);
    int64_t found = expected;
    op->result = op->value;
    op->outcome = OP_OK;
    if (atomic_compare_exchange_strong(&cell->value, &found, encode_value(&to)))
        remember(cell, expected);
    else if (bug == BUG_LOST_UPDATE && atomic_load(&cell->previous) == expected)
        atomic_store(&cell->value, encode_value(&to)); /* forgets the update in between */
    else
        finish(op, OP_FAIL, "precondition failed");
}

/* Wait for a part of the operation's time; false if the deadline comes first. */
static bool spend(const struct client_op *op, int64_t duration_ns)
{
    if (duration_ns == 0)
        return true;
    int64_t until_ns = clock_now_ns() + duration_ns;
    clock_sleep_until(until_ns < op->deadline_ns ? until_ns : op->deadline_ns);
    return until_ns < op->deadline_ns;
}

static void invoke(struct client *client, struct client_op *op)
{
    const struct memory *memory = client->memory;
    struct cell *cell = find_cell(client->store, op->key);
    enum bug bug = chosen(client, memory->bug_every) ? memory->bug : BUG_NONE;

    if (!cell) {
        finish(op, OP_FAIL, "key out of range");
        return;
    }
    if (bug == BUG_HANG) {
        clock_sleep_until(op->deadline_ns + 60 * NS_PER_SEC);
        finish(op, OP_INFO, "late");
        return; /* the store may be gone by now */
    }
    if (!spend(op, memory->latency_ns / 2)) {
        finish(op, OP_FAIL, "timed out");
        return;
    }
    if (op->f == OP_F_READ)
        invoke_read(client, cell, bug, op);
    else if (op->f == OP_F_WRITE)
        invoke_write(cell, bug, op);
    else if (op->f == OP_F_CAS)
        invoke_cas(cell, bug, op);
    else
        finish(op, OP_FAIL, "not supported");
    if (!spend(op, memory->latency_ns / 2) && op->f != OP_F_READ)
        finish(op, OP_INFO, "timed out");
    if (op->f != OP_F_READ && op->outcome == OP_OK && chosen(client, memory->unknown_every))
        finish(op, OP_INFO, "reply lost");
}

const struct target target_memory = {
    .name = "memory",
    .about = "registers in the harness's own memory, to measure and to try the harness itself",
    .fs = (const char *const[]){"read", "write", "cas", NULL},
    .settings = settings,
    .node_count_default = 3,
    .recovery_ns = NS_PER_SEC,
    .in_process = true,
    .promise = promise,
    .setup = setup,
    .teardown = teardown,
    .healthy = healthy,
    .client_open = client_open,
    .invoke = invoke,
    .client_close = client_close,
};
