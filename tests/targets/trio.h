/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trio.h - three nodes of a reference protocol on loopback, and a client of each. Included by the
 * protocols' tests, since local_node.c stands in for harness/agent/client.c. */
#ifndef ORDEAL_TESTS_TARGETS_TRIO_H
#define ORDEAL_TESTS_TARGETS_TRIO_H

#include "local_node.c"

enum { TIMEOUT_MS = 8000, NODES = 3 };

static const struct target *protocol; /* under test */

/* For a group's setup: find it. */
static inline int trio_find(const char *name)
{
    struct err err;

    built_use();
    protocol = target_find(name, &err);
    if (!protocol)
        (void)fprintf(stderr, "%s\n", err.msg);
    return protocol ? 0 : -1;
}

struct trio {
    struct local local;
    struct client *clients[NODES];
};

static inline void trio_open(struct trio *trio, const struct setting *settings)
{
    struct err err;

    local_open(&trio->local, protocol, NODES, settings);
    for (int i = 0; i < NODES; i++)
        assert_int_equal(protocol->client_open(&trio->local.cluster, i, &trio->clients[i], &err),
                         0);
}

static inline void trio_close(struct trio *trio)
{
    for (int i = 0; i < NODES; i++)
        protocol->client_close(trio->clients[i]);
    local_close(&trio->local);
}

static inline struct client_op invoke(struct trio *trio, int node, enum op_f f, int64_t key,
                                      struct op_value value)
{
    return local_invoke(protocol, trio->clients[node], f, key, value, TIMEOUT_MS);
}

/* Read at that node until the value is there; asserts that it comes. */
static inline void await_value(struct trio *trio, int node, int64_t key, int64_t value)
{
    int64_t deadline_ns = clock_now_ns() + TIMEOUT_MS * NS_PER_MS;

    for (;;) {
        struct client_op op = invoke(trio, node, OP_F_READ, key, OP_NIL);
        if (op.outcome == OP_OK && op.result.kind == OP_VALUE_INT && op.result.a == value)
            return;
        if (clock_now_ns() > deadline_ns)
            fail_msg("key %d at n%d never became %d", (int)key, node + 1, (int)value);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
}

#endif
