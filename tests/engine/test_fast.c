/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The methods without a search against the search, which exhaustive search has judged elsewhere: on
 * histories with distinct values, longer than exhaustive search could take. PROVE=1 tries many
 * more.
 */
#include "../../checkers/engine/fast.h"
#include "../../checkers/engine/search.h"
#include "../../harness/checker.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"register",       "cas-register", "key-value", "queue", "stack",
                                    "priority-queue", "append-list",  "set",       NULL};

struct comparison {
    const struct model *model;
    uint64_t valid, invalid, not_for_it;
};

/* The source of a history of one object; `places` has room for all its operations. */
static struct object_source source_of(const struct history *history, const struct model *model,
                                      uint32_t *places)
{
    struct object_source source = {
        .history = history, .model = model, .places = places, .begin_place = PLACE_NONE};

    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type != OP_FAIL)
            places[source.count++] = (uint32_t)i;
    }
    return source;
}

static bool is_tied(const struct object_source *source, struct budget *budget)
{
    struct object object;
    struct err err;

    bool tied = object_init(&object, source, budget, &err) == 1 && object.tied;
    object_release(&object);
    return tied;
}

static bool has_order(const struct object_source *source, struct budget *budget)
{
    struct search_result result = {.outcome = SEARCH_SPENT};
    struct object object;
    struct err err;

    assert_int_equal(object_init(&object, source, budget, &err), 1);
    search_wgl(&object, 0, &result);
    object_release(&object);
    assert_int_not_equal(result.outcome, SEARCH_SPENT);
    return result.outcome == SEARCH_VALID;
}

static void compare(struct comparison *comparison, const struct history *history)
{
    uint32_t places[64];
    struct object_source source = source_of(history, comparison->model, places);
    struct excerpt witness = {0};
    struct budget budget;

    budget_init(&budget, 0, 0);
    enum fast fast = fast_check(&source, &budget, &witness);
    assert_int_not_equal(fast, FAST_SPENT);
    bool is_wrong = false;
    if (fast == FAST_NOT) {
        comparison->not_for_it++;
    } else if (fast == FAST_VALID) {
        comparison->valid++;
        is_wrong = !is_tied(&source, &budget) && !has_order(&source, &budget);
    } else {
        comparison->invalid++;
        is_wrong = has_order(&source, &budget) ||
                   verify_illegal(&witness, VERIFY_STEPS_MAX, &budget) != VERIFIED_ILLEGAL;
    }
    if (fast == FAST_INVALID)
        excerpt_release(&witness, &budget);
    assert_int_equal(budget.used_bytes, 0);
    if (is_wrong) {
        fprintf(stderr, "%s: wrongly %s\n", comparison->model->name,
                fast == FAST_VALID ? "valid" : "invalid, or with a witness that shows nothing");
        hist_dump(history);
        fail();
    }
}

/* Take out what is for the search anyway, as if it had failed. */
static void make_fast(struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        struct op *op = &history->ops[i];
        if (op->f == OP_F_PEEK || op->f == OP_F_CONTAINS || op->f == OP_F_REMOVE)
            op->type = op->type == OP_OK ? OP_FAIL : op->type;
        if (op->f == OP_F_ADD)
            op->out = VALUE_NIL;
    }
}

static void test_fast__agrees_with_the_search(void **state)
{
    (void)state;
    const char *seed = getenv("SEED");
    int rounds = getenv("PROVE") ? 300000 : (int)effort(6000);
    struct rng rng;

    rng_init(&rng, seed ? strtoull(seed, NULL, 0) : 5, 0);
    for (size_t i = 0; names[i]; i++) {
        struct comparison comparison = {.model = model_find(names[i])};
        for (int round = 0; round < rounds; round++) {
            struct gen_random space = {.model = names[i],
                                       .ops = 3 + (int)rng_below(&rng, 14),
                                       .processes = 1 + (int)rng_below(&rng, 7),
                                       .keys = 1,
                                       .info_pct = (int)rng_below(&rng, 2) * 8,
                                       .still_pct = (int)rng_below(&rng, 3) * 20};
            struct hist *hist = hist_new("");
            if (rng_below(&rng, 8) == 0)
                gen_noise(&rng, &space, &hist->history);
            else
                gen_valid(&rng, &space, &hist->history);
            for (uint64_t k = rng_below(&rng, 3); k > 0; k--)
                gen_damage(&rng, &hist->history);
            make_fast(&hist->history);
            compare(&comparison, &hist->history);
            hist_free(hist);
        }
        print_message("%s: %llu valid, %llu invalid, %llu not for it\n", names[i],
                      (unsigned long long)comparison.valid, (unsigned long long)comparison.invalid,
                      (unsigned long long)comparison.not_for_it);
        assert_true(comparison.valid > (uint64_t)rounds / 400);
        assert_true(comparison.invalid > (uint64_t)rounds / 400);
    }
}

/* -- elements of any times ------------------------------------------------------------------------
 */

static void add_overlapping(struct rng *rng, struct history *history, const struct op *like,
                            uint64_t span)
{
    struct op op = *like;

    op.process = (int32_t)history->count;
    op.node = NODE_NONE;
    op.invoke_ns = (int64_t)rng_below(rng, span);
    op.complete_ns = op.invoke_ns + (int64_t)rng_below(rng, span / 2);
    if (op.type == OP_INFO)
        op.complete_ns = TIME_NEVER;
    hist_add(history, &op);
}

/* Each operation by a process of its own, so that intervals overlap in every way. */
static void make_overlapping(struct rng *rng, enum op_f in, enum op_f out, struct history *history)
{
    uint64_t elements = 2 + rng_below(rng, 6), span = 4 + rng_below(rng, 24);

    for (uint64_t i = 1; i <= elements; i++) {
        value_id value = values_int(&history->values, (int64_t)i);
        bool unknown = rng_below(rng, 12) == 0;
        struct op insert = {.f = (uint8_t)in, .type = unknown ? OP_INFO : OP_OK, .in = value};
        struct op removal = {.f = (uint8_t)out, .type = OP_OK, .out = value};
        add_overlapping(rng, history, &insert, span);
        if (rng_below(rng, 8))
            add_overlapping(rng, history, &removal, span);
    }
    if (rng_below(rng, 6) == 0)
        add_overlapping(rng, history, &(struct op){.f = (uint8_t)out, .type = OP_OK}, span);
    hist_finish(history);
}

static void test_fast__agrees_on_elements_of_any_times(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum op_f in, out;
    } kinds[] = {{"queue", OP_F_ENQUEUE, OP_F_DEQUEUE},
                 {"stack", OP_F_PUSH, OP_F_POP},
                 {"priority-queue", OP_F_INSERT, OP_F_POLL}};
    const char *seed = getenv("SEED");
    int rounds = getenv("PROVE") ? 1000000 : (int)effort(20000);
    struct rng rng;

    rng_init(&rng, seed ? strtoull(seed, NULL, 0) : 6, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct comparison comparison = {.model = model_find(kinds[i].model)};
        for (int round = 0; round < rounds; round++) {
            struct hist *hist = hist_new("");
            make_overlapping(&rng, kinds[i].in, kinds[i].out, &hist->history);
            compare(&comparison, &hist->history);
            hist_free(hist);
        }
        assert_true(comparison.valid > (uint64_t)rounds / 50);
        assert_true(comparison.invalid > (uint64_t)rounds / 50);
    }
}

/* -- few operations show it, however many there are ---------------------------------------------
 */

/* Judge what the story adds up to: a violation, shown by at most `most` operations. */
static void expect_small_witness(const char *model, struct history *history, size_t most)
{
    const struct checker *checker = checker_find("linearizable");
    struct check_options options = {.model = model, .threads = 1};
    struct finding finding;
    struct budget budget;
    struct err err;

    hist_finish(history);
    budget_init(&budget, 0, 0);
    finding_init(&finding);
    assert_int_equal(checker->check(history, &options, &budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_INVALID);
    assert_true(finding.anomalies[0].verified);
    assert_in_range(finding.anomalies[0].op_count, 1, most);
    assert_in_range(strlen(finding.anomalies[0].explanation), 1, 500 + 200 * most);
    finding_release(&finding);
    assert_int_equal(budget.used_bytes, 0);
}

static void add(struct hist *hist, enum op_f f, value_id in, value_id out, int64_t at_ns)
{
    struct op op = {.invoke_ns = at_ns,
                    .complete_ns = at_ns + 1,
                    .f = (uint8_t)f,
                    .type = OP_OK,
                    .in = in,
                    .out = out,
                    .node = NODE_NONE};

    hist_add(&hist->history, &op);
}

/* Never empty, and first in, first out. */
static void test_fast__a_stack_that_is_a_queue_is_shown_by_two_elements(void **state)
{
    (void)state;
    enum { ELEMENTS = 5000, WAITING = 4 };
    struct hist *hist = hist_new("");
    struct values *values = &hist->history.values;

    for (int i = 0; i < ELEMENTS + WAITING; i++) {
        if (i < ELEMENTS)
            add(hist, OP_F_PUSH, values_int(values, i), VALUE_NIL, 10 * i);
        if (i >= WAITING)
            add(hist, OP_F_POP, VALUE_NIL, values_int(values, i - WAITING), 10 * i + 5);
    }
    expect_small_witness("stack", &hist->history, 4);
    hist_free(hist);
}

/* Something is there at every moment, though nothing for long: all of it has to be told. */
static void test_fast__a_queue_found_empty_during_many_stays(void **state)
{
    (void)state;
    const int elements = (int)effort(400);
    struct hist *hist = hist_new("");
    struct values *values = &hist->history.values;
    struct op empty = {.invoke_ns = 20,
                       .complete_ns = 10 * elements - 20,
                       .process = 1,
                       .f = OP_F_DEQUEUE,
                       .type = OP_OK,
                       .node = NODE_NONE};

    for (int i = 0; i <= elements; i++) {
        add(hist, OP_F_ENQUEUE, values_int(values, i), VALUE_NIL, 10 * i);
        if (i > 0)
            add(hist, OP_F_DEQUEUE, VALUE_NIL, values_int(values, i - 1), 10 * i + 5);
    }
    hist_add(&hist->history, &empty);
    expect_small_witness("queue", &hist->history, 2 * (size_t)elements);
    hist_free(hist);
}

/* Reads of the whole, of which one has lost an element: that alone is looked at. */
static void test_fast__a_lost_element_is_shown_by_itself(void **state)
{
    (void)state;
    enum { ELEMENTS = 600, LOST = 100, FROM = 500 };
    static const struct {
        const char *model;
        enum op_f f;
    } kinds[] = {{"set", OP_F_ADD}, {"append-list", OP_F_APPEND}};

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        struct hist *hist = hist_new("");
        struct values *values = &hist->history.values;
        value_id elements[ELEMENTS];
        size_t count = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            elements[count++] = values_int(values, i);
            add(hist, kinds[k].f, elements[count - 1], VALUE_NIL, 10 * i);
            if (i == FROM)
                memmove(elements + LOST, elements + LOST + 1, (--count - LOST) * sizeof *elements);
            if (i % 5 == 0)
                add(hist, OP_F_READ, VALUE_NIL, values_list(values, elements, count), 10 * i + 5);
        }
        expect_small_witness(kinds[k].model, &hist->history, 4);
        hist_free(hist);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast__agrees_with_the_search),
        cmocka_unit_test(test_fast__agrees_on_elements_of_any_times),
        cmocka_unit_test(test_fast__a_stack_that_is_a_queue_is_shown_by_two_elements),
        cmocka_unit_test(test_fast__a_queue_found_empty_during_many_stays),
        cmocka_unit_test(test_fast__a_lost_element_is_shown_by_itself),
    };
    return cmocka_run_group_tests_name("engine/fast", tests, NULL, NULL);
}
