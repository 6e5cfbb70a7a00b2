/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "workload_claims.h"

#include "check.h"
#include "generate.h"

#include <stdlib.h>
#include <string.h>

enum { WORKERS = 7, COUNT = 500, NODES = 3 };

static const struct test test = {
    .seed = 42, .concurrency = WORKERS, .node_count = NODES, .ops_per_key = COUNT};

static int64_t written_value(const struct next_op *op)
{
    return op->value.kind == OP_VALUE_PAIR ? op->value.b : op->value.a;
}

void claim_no_value_is_written_twice(const struct workload *workload)
{
    static bool seen[WORKERS * COUNT + WORKERS + 1];

    for (int worker = 0; worker < WORKERS; worker++) {
        struct next_op ops[COUNT];
        generate_ops(workload, &test, worker, 77, ops, COUNT);
        for (int i = 0; i < COUNT; i++) {
            if (ops[i].f == OP_F_READ)
                continue;
            int64_t value = written_value(&ops[i]);
            assert_in_range(value, 1, sizeof seen - 1);
            assert_false(seen[value]);
            seen[value] = true;
        }
    }
}

void claim_every_operation_occurs_on_every_key(const struct workload *workload)
{
    struct next_op ops[COUNT];
    int counts[OP_F_KNOWN] = {0};
    bool keys[WORKERS] = {false};

    generate_ops(workload, &test, 0, 77, ops, COUNT);
    for (int i = 0; i < COUNT; i++) {
        counts[ops[i].f]++;
        assert_in_range(ops[i].key, 0, WORKERS - 1);
        keys[ops[i].key] = true;
    }
    for (size_t i = 0; workload->fs[i]; i++) {
        for (int f = 0; f < OP_F_KNOWN; f++) {
            if (strcmp(op_f_names[f], workload->fs[i]) == 0)
                assert_true(counts[f] > COUNT / 10);
        }
    }
    for (int key = 0; key < WORKERS; key++)
        assert_true(keys[key]);
}

void claim_seed_brings_back_the_operations(const struct workload *workload)
{
    struct next_op first[COUNT], second[COUNT];
    struct test other = test;

    generate_ops(workload, &test, 3, 0, first, COUNT);
    generate_ops(workload, &test, 3, 0, second, COUNT);
    assert_memory_equal(first, second, sizeof first);
    other.seed = 43;
    generate_ops(workload, &other, 3, 0, second, COUNT);
    assert_memory_not_equal(first, second, sizeof first);
}

void claim_final_reads_ask_every_node_for_every_key(const struct workload *workload)
{
    int asked[NODES][WORKERS] = {{0}};

    for (int worker = 0; worker < WORKERS; worker++) {
        void *state = calloc(1, workload->state_size);
        struct generator generator = {
            .test = &test, .worker = worker, .worker_count = WORKERS, .state = state};
        struct next_op op;
        assert_non_null(state);
        for (int64_t i = 0; workload->final(&generator, i, &op); i++) {
            assert_int_equal(op.f, OP_F_READ);
            asked[worker % NODES][op.key]++;
        }
        free(state);
    }
    for (int node = 0; node < NODES; node++) {
        for (int key = 0; key < WORKERS; key++)
            assert_int_equal(asked[node][key], 1);
    }
}

void claim_objects_are_left_for_fresh_ones(const struct workload *workload)
{
    struct test short_lived = test;
    struct next_op ops[COUNT];
    int counts[COUNT] = {0};

    short_lived.ops_per_key = 20;
    generate_ops(workload, &short_lived, 2, 77, ops, COUNT);
    for (int i = 0; i < COUNT; i++) {
        assert_in_range(ops[i].key, 0, COUNT - 1);
        counts[ops[i].key]++;
        assert_int_equal(ops[i].key / WORKERS, i / 20); /* all workers at the same pace */
    }
    assert_true(counts[0] < 20);
}
