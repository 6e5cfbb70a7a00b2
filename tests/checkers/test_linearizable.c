/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/linearizable.c: against exhaustive search on every small history and on random
 * ones, and the definitions that are easy to get wrong, each as a story. PROVE=1 tries many more.
 */
#include "../../harness/checker.h"
#include "../../harness/model.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/judged.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct checker checker_linearizable;

static const char *const all_models[] = {
    "register",    "cas-register",   "counter",     "set",
    "append-list", "queue",          "stack",       "priority-queue",
    "mutex",       "reentrant-lock", "fenced-lock", NULL};

static enum verdict judge(struct history *history, const char *model, const char *initial,
                          struct finding *finding)
{
    struct check_options options = {.model = model, .threads = 1};
    struct budget budget;
    struct err err;

    if (initial)
        assert_int_equal(history_value(history, str_of(initial), &options.initial, &err), 0);
    budget_init(&budget, 0, 0);
    finding_init(finding);
    assert_int_equal(checker_linearizable.check(history, &options, &budget, finding, &err), 0);
    assert_int_equal(budget.used_bytes, 0);
    for (size_t i = 0; i < finding->anomaly_count; i++)
        assert_true(finding->anomalies[i].verified);
    if (finding->valid == VERDICT_INVALID)
        assert_true(finding->anomaly_count > 0);
    return finding->valid;
}

/* -- against exhaustive search ---------------------------------------------------------------- */

struct comparison {
    const char *model;
    uint64_t counts[3];
};

static void compare(void *ctx, struct history *history)
{
    struct comparison *comparison = ctx;
    struct finding finding;
    enum verdict expected = brute_check(history, "linearizable", comparison->model, VALUE_NIL);
    enum verdict found = judge(history, comparison->model, NULL, &finding);

    comparison->counts[expected]++;
    /* Damage may swap a list for a number: no answer of this model, and so no verdict on it. */
    bool no_answer = expected == VERDICT_INVALID && found == VERDICT_UNKNOWN &&
                     strstr(finding.reason, "is not a");
    bool too_coarse = expected == VERDICT_INVALID && found == VERDICT_UNKNOWN &&
                      strstr(finding.reason, "equal time stamps");
    if (found != expected && !no_answer && !too_coarse) {
        fprintf(stderr, "%s: found %s (%s), expected %s\n", comparison->model, verdict_names[found],
                finding.reason, verdict_names[expected]);
        hist_dump(history);
        fail();
    }
    finding_release(&finding);
}

static bool proving(void)
{
    return getenv("PROVE") != NULL;
}

static void test_linearizable__agrees_on_every_small_history(void **state)
{
    (void)state;
    for (size_t i = 0; all_models[i]; i++) {
        struct comparison comparison = {.model = all_models[i]};
        struct gen_all space = {.model = all_models[i],
                                .ops = effort_ops(3),
                                .values = 2,
                                .keys = 1,
                                .real_time = true,
                                .info = true,
                                .fail = proving()};
        (void)gen_all(&space, compare, &comparison);
        if (proving()) {
            space.ops = 4;
            space.fail = false;
            (void)gen_all(&space, compare, &comparison);
        }
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

static void random_history(struct rng *rng, const char *model, struct history *history)
{
    struct gen_random space = {.model = model,
                               .ops = 2 + (int)rng_below(rng, 7),
                               .processes = 1 + (int)rng_below(rng, 4),
                               .keys = 1 + (int)(rng_below(rng, 4) == 0),
                               .values = (int)rng_below(rng, 4),
                               .info_pct = (int)rng_below(rng, 3) * 20,
                               .fail_pct = (int)rng_below(rng, 2) * 10,
                               .still_pct = (int)rng_below(rng, 3) * 30};

    if (rng_below(rng, 3) == 0) {
        gen_noise(rng, &space, history);
        return;
    }
    gen_valid(rng, &space, history);
    for (uint64_t i = rng_below(rng, 3); i > 0; i--)
        gen_damage(rng, history);
}

static void test_linearizable__agrees_on_random_histories(void **state)
{
    (void)state;
    int rounds = proving() ? 200000 : (int)effort(1500);
    const char *seed = getenv("SEED");
    struct rng rng;

    rng_init(&rng, seed ? strtoull(seed, NULL, 0) : 1, 0);
    for (size_t i = 0; all_models[i]; i++) {
        struct comparison comparison = {.model = all_models[i]};
        for (int round = 0; round < rounds; round++) {
            struct budget budget;
            struct history history;
            budget_init(&budget, 0, 0);
            history_init(&history, &budget);
            random_history(&rng, all_models[i], &history);
            compare(&comparison, &history);
            history_release(&history);
        }
        assert_true(comparison.counts[VERDICT_VALID] > 0);
        assert_true(comparison.counts[VERDICT_INVALID] > 0);
    }
}

static void add(struct hist *hist, enum op_f f, const struct op *op)
{
    struct op added = *op;

    added.f = (uint8_t)f;
    added.node = NODE_NONE;
    hist_add(&hist->history, &added);
}

/* Each process has its operations without a pause, on two keys. */
static void add_touching(struct rng *rng, struct hist *hist)
{
    struct values *values = &hist->history.values;
    value_id keys[] = {values_string(values, STR("x")), values_string(values, STR("y"))};
    int processes = 2 + (int)rng_below(rng, 2);

    for (int process = 0; process < processes; process++) {
        int64_t at_ns = 5 * (int64_t)rng_below(rng, 2);
        for (int i = 0; i < 2; i++) {
            struct op op = {.key = keys[rng_below(rng, 2)],
                            .process = process,
                            .type = OP_OK,
                            .invoke_ns = at_ns};
            bool reads = rng_below(rng, 2) == 0;
            int64_t value = (int64_t)rng_below(rng, 3);
            at_ns += 5 + 5 * (int64_t)rng_below(rng, 2);
            op.complete_ns = at_ns;
            if (reads)
                op.out = value ? values_int(values, value) : VALUE_NIL;
            else
                op.in = values_int(values, 1 + value);
            add(hist, reads ? OP_F_READ : OP_F_WRITE, &op);
        }
    }
}

/* Locality needs an order of intervals. Where operations of one process on different keys touch,
 * there is none, and each key may be valid without all of them being it. */
static void test_linearizable__agrees_where_operations_of_a_process_touch(void **state)
{
    (void)state;
    struct comparison comparison = {.model = "register"};
    struct rng rng;

    rng_init(&rng, 3, 0);
    for (int round = 0; round < (proving() ? 3000000 : (int)effort(10000)); round++) {
        struct hist *hist = hist_new("");
        add_touching(&rng, hist);
        hist_finish(&hist->history);
        compare(&comparison, &hist->history);
        hist_free(hist);
    }
    assert_true(comparison.counts[VERDICT_VALID] > 0);
    assert_true(comparison.counts[VERDICT_INVALID] > 0);
}

/* -- witnesses that stay large ----------------------------------------------------------------- */

/* Each of the additions might have been missing without making the sum right: too many choices for
 * the naive routine, which then has to be told that all of them happened. */
static void test_linearizable__a_wrong_sum_of_many_is_refused(void **state)
{
    (void)state;
    struct hist *hist = hist_new("");
    struct values *values = &hist->history.values;
    struct op sum = {.type = OP_OK, .invoke_ns = 10000, .complete_ns = 10001};
    struct finding finding;

    for (int i = 0; i < 25; i++) {
        struct op op = {.process = i % 2,
                        .type = OP_OK,
                        .invoke_ns = 10 * i,
                        .complete_ns = 10 * i + 15,
                        .in = values_int(values, 1 + i)};
        add(hist, OP_F_ADD, &op);
    }
    sum.out = values_int(values, 987654321);
    add(hist, OP_F_READ, &sum);
    hist_finish(&hist->history);
    assert_int_equal(judge(&hist->history, "counter", NULL, &finding), VERDICT_INVALID);
    finding_release(&finding);
    hist_free(hist);
}

static void test_linearizable__a_queue_may_begin_with_elements(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 dequeue _ -> 1 @ 0 1\n");
    struct finding finding;

    assert_int_equal(judge(&hist->history, "queue", "[1]", &finding), VERDICT_VALID);
    finding_release(&finding);
    assert_int_equal(judge(&hist->history, "queue", NULL, &finding), VERDICT_INVALID);
    finding_release(&finding);
    hist_free(hist);
}

static void test_linearizable__sets_and_lists_may_begin_with_elements(void **state)
{
    (void)state;
    static const char *const kinds[] = {"set", "append-list"};
    struct hist *begun = hist_new("p0 read _ -> [1] @ 0 1\n");
    struct hist *lost = hist_new("p0 read _ -> [] @ 0 1\n");
    struct finding finding;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        assert_int_equal(judge(&begun->history, kinds[i], "[1]", &finding), VERDICT_VALID);
        finding_release(&finding);
        assert_int_equal(judge(&begun->history, kinds[i], NULL, &finding), VERDICT_INVALID);
        finding_release(&finding);
        assert_int_equal(judge(&lost->history, kinds[i], "[1]", &finding), VERDICT_INVALID);
        finding_release(&finding);
    }
    hist_free(begun);
    hist_free(lost);
}

static void test_linearizable__the_initial_value_may_be_written_again(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 read _ -> 1 @ 0 1\n"
                                 "p0 write _ 2 @ 2 3\n"
                                 "p0 write _ 1 @ 4 5\n"
                                 "p0 read _ -> 1 @ 6 7\n");
    struct finding finding;

    assert_int_equal(judge(&hist->history, "register", "1", &finding), VERDICT_VALID);
    finding_release(&finding);
    hist_free(hist);
}

/* -- under a budget --------------------------------------------------------------------------- */

enum { ENQUEUES = 30, EASY_KEYS = 20 };

/* A dequeue of unknown outcome keeps it from the methods for distinct values: all orders of the
 * enqueues are possible, and none helps. */
static void add_hard_queue(struct hist *hist, value_id key)
{
    struct values *values = &hist->history.values;
    struct op unknown = {.key = key, .process = 99, .invoke_ns = 0, .type = OP_INFO};

    add(hist, OP_F_DEQUEUE, &unknown);
    for (int i = 0; i < ENQUEUES; i++) {
        struct op enqueue = {.key = key,
                             .process = 100 + i,
                             .type = OP_OK,
                             .invoke_ns = 1,
                             .complete_ns = 10,
                             .in = values_int(values, i)};
        add(hist, OP_F_ENQUEUE, &enqueue);
    }
    for (int i = 0; i < ENQUEUES; i++) {
        struct op dequeue = {.key = key,
                             .process = 200,
                             .type = OP_OK,
                             .invoke_ns = 20 + 10 * i,
                             .complete_ns = 25 + 10 * i,
                             .out = values_int(values, i < ENQUEUES - 1 ? i : 0)};
        add(hist, OP_F_DEQUEUE, &dequeue);
    }
}

static void add_easy_queue(struct hist *hist, value_id key, int32_t process)
{
    value_id one = values_int(&hist->history.values, 1);
    struct op unknown = {.key = key, .process = process, .invoke_ns = 0, .type = OP_INFO};
    struct op enqueue = {.key = key,
                         .process = process + 1,
                         .type = OP_OK,
                         .invoke_ns = 1,
                         .complete_ns = 2,
                         .in = one};
    struct op dequeue = {.key = key,
                         .process = process + 1,
                         .type = OP_OK,
                         .invoke_ns = 3,
                         .complete_ns = 4,
                         .out = one};

    add(hist, OP_F_DEQUEUE, &unknown);
    add(hist, OP_F_ENQUEUE, &enqueue);
    add(hist, OP_F_DEQUEUE, &dequeue);
}

/* The hard one comes first, and takes all memory that it is allowed. */
static void test_linearizable__a_hard_object_leaves_the_easy_ones_decided(void **state)
{
    (void)state;
    struct check_options options = {.model = "queue", .threads = 1};
    struct hist *hist = hist_new("");
    struct finding finding;
    struct budget budget;
    struct err err;

    add_hard_queue(hist, values_string(&hist->history.values, STR("hard")));
    for (int i = 0; i < EASY_KEYS; i++)
        add_easy_queue(hist, values_int(&hist->history.values, i), 1000 + 2 * i);
    hist_finish(&hist->history);
    budget_init(&budget, 0, 4 << 20);
    finding_init(&finding);
    assert_int_equal(checker_linearizable.check(&hist->history, &options, &budget, &finding, &err),
                     0);
    assert_int_equal(finding.valid, VERDICT_UNKNOWN);
    assert_string_equal(finding.reason, "1 of 21 objects undecided: out of memory");
    assert_non_null(strstr(finding.details.ptr, "\"valid_objects\":20"));
    finding_release(&finding);
    assert_int_equal(budget.used_bytes, 0);
    hist_free(hist);
}

/* What is asked alike need not be answered alike: one that saw y unset cannot stand in for one of
 * which nobody knows what it saw, nor the other way round. */
static void test_linearizable__unknown_transactions_need_not_wait_for_known_ones(void **state)
{
    (void)state;
    expect_verdict("linearizable",
                   "p1 txn _ [[\"w\",\"y\",5]] -> [[\"w\",\"y\",5]] @ 0 1\n"
                   "p0 txn _ [[\"w\",\"x\",1],[\"r\",\"y\",nil]] -> "
                   "[[\"w\",\"x\",1],[\"r\",\"y\",nil]] @ 2 20\n"
                   "p2 txn _ [[\"w\",\"x\",1],[\"r\",\"y\",nil]] @ 2 3 info\n"
                   "p1 txn _ [[\"r\",\"x\",nil]] -> [[\"r\",\"x\",1]] @ 4 5\n"
                   "p1 txn _ [[\"w\",\"y\",nil]] -> [[\"w\",\"y\",nil]] @ 6 7\n",
                   VERDICT_VALID);
    expect_verdict("linearizable",
                   "p5 txn _ [[\"r\",\"x\",nil],[\"r\",\"y\",nil]] -> "
                   "[[\"r\",\"x\",1],[\"r\",\"y\",1]] @ 1 8\n"
                   "p0 txn _ [[\"w\",\"y\",1],[\"r\",\"y\",nil]] -> "
                   "[[\"w\",\"y\",1],[\"r\",\"y\",nil]] @ 2 9\n"
                   "p4 txn _ [[\"w\",\"x\",1]] -> [[\"w\",\"x\",1]] @ 4 4\n"
                   "p4 txn _ [[\"w\",\"y\",1],[\"r\",\"y\",nil]] @ 5 8 info\n",
                   VERDICT_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linearizable__unknown_transactions_need_not_wait_for_known_ones),
        cmocka_unit_test(test_linearizable__agrees_on_every_small_history),
        cmocka_unit_test(test_linearizable__agrees_on_random_histories),
        cmocka_unit_test(test_linearizable__agrees_where_operations_of_a_process_touch),
        cmocka_unit_test(test_linearizable__a_wrong_sum_of_many_is_refused),
        cmocka_unit_test(test_linearizable__a_queue_may_begin_with_elements),
        cmocka_unit_test(test_linearizable__sets_and_lists_may_begin_with_elements),
        cmocka_unit_test(test_linearizable__the_initial_value_may_be_written_again),
        cmocka_unit_test(test_linearizable__a_hard_object_leaves_the_easy_ones_decided),
    };
    return cmocka_run_group_tests_name("checkers/linearizable", tests, NULL, NULL);
}
