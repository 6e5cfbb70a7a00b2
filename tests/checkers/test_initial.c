/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of what objects begin as: containers that hold something from the start, which operations
 * may never mention, against exhaustive search. */
#include "../../harness/checker.h"
#include "../lib/brute.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

enum { ITEMS_MAX = 4 };

static bool inserts(const struct op *op)
{
    return op->type == OP_OK && (op->f == OP_F_ENQUEUE || op->f == OP_F_PUSH || op->f == OP_F_ADD ||
                                 op->f == OP_F_APPEND || op->f == OP_F_INSERT);
}

/* Some of the first insertions never happened: their elements were there from the start, in that
 * order or another, and with one that nobody knows of. */
static value_id begin_with_some(struct rng *rng, struct history *history)
{
    value_id items[ITEMS_MAX];
    size_t count = 0, kept = 0, wanted = rng_below(rng, ITEMS_MAX);

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (count < wanted && inserts(op) && rng_below(rng, 4))
            items[count++] = op->in;
        else
            history->ops[kept++] = *op;
    }
    history->count = kept;
    if (count < ITEMS_MAX && rng_below(rng, 4) == 0)
        items[count++] = values_int(&history->values, 77);
    for (size_t i = 1; i < count && rng_below(rng, 3) == 0; i++) {
        value_id item = items[i];
        items[i] = items[i - 1];
        items[i - 1] = item;
    }
    return values_list(&history->values, items, count);
}

static enum verdict judge(const struct history *history, const char *level, const char *model,
                          value_id initial, struct finding *finding)
{
    const struct check_options options = {.model = model, .initial = initial, .threads = 1};
    struct budget budget;
    struct err err;

    budget_init(&budget, 0, 0);
    finding_init(finding);
    assert_int_equal(checker_find(level)->check(history, &options, &budget, finding, &err), 0);
    assert_int_equal(budget.used_bytes, 0);
    for (size_t i = 0; i < finding->anomaly_count; i++)
        assert_true(finding->anomalies[i].verified);
    return finding->valid;
}

static void compare(const char *level, const char *model)
{
    unsigned long seen[3] = {0};

    for (unsigned long i = 0; i < effort(6000); i++) {
        struct rng rng;
        rng_init(&rng, 21, i);
        struct gen_random space = {.model = model,
                                   .ops = 3 + (int)rng_below(&rng, 6),
                                   .processes = 1 + (int)rng_below(&rng, 3),
                                   .keys = 1,
                                   .values = rng_below(&rng, 3) ? 0 : 3,
                                   .info_pct = (int)rng_below(&rng, 2) * 15,
                                   .still_pct = 10};
        struct hist *hist = hist_new("");
        struct finding finding;
        gen_valid(&rng, &space, &hist->history);
        value_id initial = begin_with_some(&rng, &hist->history);
        hist_refinish(&hist->history);
        if (hist->history.count && rng_below(&rng, 3) == 0)
            gen_damage(&rng, &hist->history);
        enum verdict expected = brute_check(&hist->history, level, model, initial);
        enum verdict found = judge(&hist->history, level, model, initial, &finding);
        seen[expected]++;
        if (found != expected) {
            struct buf text;
            buf_init(&text, 0);
            values_print(&hist->history.values, initial, &text);
            hist_dump(&hist->history);
            fail_msg("%s, %s from %s: found %s (%s), expected %s", level, model, text.ptr,
                     verdict_names[found], finding.reason, verdict_names[expected]);
        }
        finding_release(&finding);
        hist_free(hist);
    }
    assert_true(seen[VERDICT_VALID] > effort(1500) && seen[VERDICT_INVALID] > effort(1500));
}

static void compare_all(const char *level)
{
    static const char *const models[] = {"queue", "stack", "priority-queue", "set", "append-list"};

    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        compare(level, models[i]);
}

static void
test_initial__containers_that_hold_something_are_linearizable_by_definition(void **state)
{
    (void)state;
    compare_all("linearizable");
}

static void test_initial__and_sequential(void **state)
{
    (void)state;
    compare_all("sequential");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_initial__containers_that_hold_something_are_linearizable_by_definition),
        cmocka_unit_test(test_initial__and_sequential),
    };
    return cmocka_run_group_tests_name("checkers/initial", tests, NULL, NULL);
}
