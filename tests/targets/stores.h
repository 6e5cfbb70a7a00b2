/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stores.h - what the replicated stores with a failure detector claim alike, on loopback nodes.
 * Included by their tests, since local_node.c stands in for harness/agent/client.c. */
#ifndef ORDEAL_TESTS_TARGETS_STORES_H
#define ORDEAL_TESTS_TARGETS_STORES_H

#include "local_node.c"

#include "../../targets/reference/host/reference.h"

enum { STORE_NODES = 3, STORE_TIMEOUT_MS = 15000, STORE_PATIENCE_MS = 700 };

static const struct setting over_udp[] = {{"link", "udp"}, {NULL, NULL}};
static const struct setting with_timeouts[] = {
    {"detector", "timeout"}, {"suspect-ms", "1000"}, {NULL, NULL}};
static const struct setting no_dedup[] = {{"bug", "no-dedup"}, {NULL, NULL}};

struct store {
    const struct target *target;
    struct local local;
    struct client *clients[STORE_NODES];
};

static void store_open_late(struct store *store, const char *name, const struct setting *settings,
                            node_set late)
{
    struct err err;

    built_use();
    store->target = target_find(name, &err);
    if (!store->target)
        fail_msg("%s", err.msg);
    local_open_late(&store->local, store->target, STORE_NODES, settings, late);
    for (int i = 0; i < STORE_NODES; i++)
        assert_int_equal(
            store->target->client_open(&store->local.cluster, i, &store->clients[i], &err), 0);
}

static void store_open(struct store *store, const char *name, const struct setting *settings)
{
    store_open_late(store, name, settings, 0);
}

static void store_close(struct store *store)
{
    for (int i = 0; i < STORE_NODES; i++)
        store->target->client_close(store->clients[i]);
    local_close(&store->local);
}

static void store_write(struct store *store, int node, int64_t key, int64_t value)
{
    struct client_op op = local_invoke(store->target, store->clients[node], OP_F_WRITE, key,
                                       OP_INT(value), STORE_TIMEOUT_MS);
    if (op.outcome != OP_OK)
        fail_msg("%s: write at n%d: %s", store->target->name, node + 1, op.error);
}

static void store_expect(struct store *store, int node, int64_t key, int64_t value)
{
    struct client_op op =
        local_invoke(store->target, store->clients[node], OP_F_READ, key, OP_NIL, STORE_TIMEOUT_MS);
    if (op.outcome != OP_OK)
        fail_msg("%s: read at n%d: %s", store->target->name, node + 1, op.error);
    assert_int_equal(op.result.kind, OP_VALUE_INT);
    assert_int_equal(op.result.a, value);
}

static void store_refuses(struct store *store, int node, int64_t key)
{
    struct client_op op = local_invoke(store->target, store->clients[node], OP_F_READ, key, OP_NIL,
                                       STORE_PATIENCE_MS);
    assert_int_not_equal(op.outcome, OP_OK);
}

static inline void claim_every_node_serves_the_last_value(const char *name,
                                                          const struct setting *settings)
{
    struct store store;

    store_open(&store, name, settings);
    for (int i = 0; i < 30; i++) {
        store_write(&store, i % STORE_NODES, 1, i);
        store_expect(&store, (i + 1) % STORE_NODES, 1, i);
    }
    store_close(&store);
}

/* Nodes that find out for themselves who is up agree on it, and serve. */
static inline void claim_timeouts_make_a_view(const char *name)
{
    struct store store;

    store_open(&store, name, with_timeouts);
    store_close(&store);
}

/* The nodes die one after another, from the first, and the last still has all. */
static inline void claim_one_survivor_has_everything(const char *name,
                                                     const struct setting *settings)
{
    struct store store;

    store_open(&store, name, settings);
    for (int dead = 0; dead < STORE_NODES; dead++) {
        for (int i = 0; i < 10; i++)
            store_write(&store, dead, i, 10 * dead + i);
        for (int i = 0; i < 10; i++)
            store_expect(&store, STORE_NODES - 1, i, 10 * dead + i);
        if (dead + 1 < STORE_NODES)
            local_kill(&store.local, dead);
    }
    store_close(&store);
}

/* Each node dies and returns, from the last; then the others die, and it has all. */
static inline void claim_who_returns_is_a_replica_again(const char *name,
                                                        const struct setting *settings)
{
    struct store store;

    store_open(&store, name, settings);
    for (int node = STORE_NODES - 1; node >= 0; node--) {
        local_kill(&store.local, node);
        store_write(&store, (node + 1) % STORE_NODES, 1, 100 + node);
        local_restart(&store.local, node);
        local_await(&store.local);
        store_expect(&store, node, 1, 100 + node);
    }
    store_write(&store, 1, 1, 200);
    local_kill(&store.local, 1);
    local_kill(&store.local, 2);
    store_expect(&store, 0, 1, 200);
    store_close(&store);
}

static inline void claim_acknowledged_outlives_the_death_of_all(const char *name,
                                                                const struct setting *settings)
{
    struct store store;

    store_open(&store, name, settings);
    for (int i = 0; i < 10; i++)
        store_write(&store, i % STORE_NODES, i, i);
    local_kill(&store.local, 0); /* its disk lacks what follows */
    for (int i = 0; i < 5; i++)
        store_write(&store, 1, i, 50 + i);
    local_kill(&store.local, 2);
    store_write(&store, 1, 9, 90);
    local_kill(&store.local, 1);
    local_restart(&store.local, 0);
    store_refuses(&store, 0, 9); /* who died last may know more */
    local_restart(&store.local, 2);
    store_refuses(&store, 0, 9);
    local_restart(&store.local, 1);
    local_await(&store.local);
    for (int i = 0; i < 10; i++)
        store_expect(&store, i % STORE_NODES, i, i == 9 ? 90 : i < 5 ? 50 + i : i);
    store_close(&store);
}

/* Nobody waits for a node that has never been up, even when all others have died; when it comes it
 * is a replica as they are. */
static inline void claim_who_never_came_is_not_missed(const char *name)
{
    struct store store;

    store_open_late(&store, name, NULL, NODE(2));
    store_write(&store, 0, 1, 1);
    local_kill(&store.local, 0); /* its disk lacks what follows */
    store_write(&store, 1, 1, 2);
    local_kill(&store.local, 1);
    local_restart(&store.local, 0);
    store_refuses(&store, 0, 1); /* who died last knows more */
    local_restart(&store.local, 1);
    local_await(&store.local);
    store_expect(&store, 0, 1, 2);
    local_restart(&store.local, 2);
    local_await(&store.local);
    store_write(&store, 1, 1, 3);
    local_kill(&store.local, 0);
    local_kill(&store.local, 1);
    store_expect(&store, 2, 1, 3);
    store_close(&store);
}

/* A pause is no crash: what needs everybody waits, and goes on afterwards. */
static inline void claim_waits_for_who_is_silent(const char *name)
{
    struct store store;

    store_open(&store, name, NULL);
    store_write(&store, 0, 1, 1);
    local_signal(&store.local, 1, SIGSTOP);
    struct client_op op =
        local_invoke(store.target, store.clients[0], OP_F_WRITE, 1, OP_INT(2), STORE_PATIENCE_MS);
    assert_int_equal(op.outcome, OP_INFO);
    local_signal(&store.local, 1, SIGCONT);
    store_write(&store, 0, 1, 3);
    for (int i = 0; i < STORE_NODES; i++)
        store_expect(&store, i, 1, 3);
    store_close(&store);
}

static void add_one(const struct local *local, int node, int64_t number)
{
    struct client *client =
        reference_client_new("x", node_address(local->cluster.nodes[node]), NODE_PORT, 7);
    json_t *body = json_pack("{s:s, s:i, s:i, s:s, s:I}", "type", "add", "key", 1, "delta", 1,
                             "session", "twice", "number", (json_int_t)number);
    const char *why;

    assert_non_null(client);
    json_t *answer =
        reference_tell(client, body, clock_now_ns() + STORE_TIMEOUT_MS * NS_PER_MS, &why);
    const char *type = json_string_value(json_object_get(answer, "type"));
    assert_non_null(type);
    assert_string_equal(type, "add_ok");
    json_decref(answer);
    json_decref(body);
    reference_client_close(client);
}

/* What a counter holds after one request has been sent to two nodes under one number. */
static inline int64_t sum_after_sending_twice(const char *name, const struct setting *settings)
{
    struct store store;

    store_open(&store, name, settings);
    add_one(&store.local, 0, 1);
    add_one(&store.local, 2, 1);
    struct client_op op =
        local_invoke(store.target, store.clients[1], OP_F_READ, 1, OP_NIL, STORE_TIMEOUT_MS);
    assert_int_equal(op.outcome, OP_OK);
    store_close(&store);
    return op.result.a;
}

#endif
