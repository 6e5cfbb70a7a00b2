/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The methods without a search against the search, which exhaustive search has judged elsewhere: on
 * histories with distinct values, longer than exhaustive search could take. PROVE=1 tries many
 * more.
 */
#include "../../checkers/engine/fast.h"
#include "../../checkers/engine/search.h"
#include "../lib/check.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <stdlib.h>

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
        is_wrong =
            has_order(&source, &budget) || verify_illegal(&witness, &budget) != VERIFIED_ILLEGAL;
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
    int rounds = getenv("PROVE") ? 300000 : 6000;
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
        assert_true(comparison.valid > (uint64_t)rounds / 200);
        assert_true(comparison.invalid > (uint64_t)rounds / 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast__agrees_with_the_search),
    };
    return cmocka_run_group_tests_name("engine/fast", tests, NULL, NULL);
}
