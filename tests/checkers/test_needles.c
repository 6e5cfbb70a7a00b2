/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Small violations in long histories: each level's examples of the corpus, put at the end of a
 * thousand operations that are fine, must be found there too, and in no time. */
#include "../lib/check.h"
#include "../lib/gen.h"
#include "../lib/hist.h"
#include "../lib/levels.h"
#include "../lib/proof.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

enum { HAY = 2000, PROCESSES = 8 };

#define LIMIT_NS INT64_C(200000000000) /* a bound, not a wait: sanitizers are slow */

/* Operations of registers with distinct values, one order for all. */
static struct hist *make_hay(uint64_t seed)
{
    struct gen_random space = {
        .model = "register", .ops = HAY, .processes = PROCESSES, .keys = 3, .fail_pct = 2};
    struct hist *hist = hist_new("");
    struct rng rng;

    rng_init(&rng, seed, 0);
    gen_valid(&rng, &space, &hist->history);
    return hist;
}

static value_id copy_scalar(struct history *to, const struct history *from, value_id id)
{
    struct str text;
    return values_get_text(&from->values, id, &text) ? values_json(&to->values, text) : id;
}

/* Append the needle, done by processes of the hay after all else; its keys are its own. A search
 * for one order of all has to get through the hay before it is stuck. */
static void add_needle(struct history *hay, const struct history *needle)
{
    int64_t from_ns = hay->end_ns + 1;

    for (size_t i = 0; i < needle->count; i++) {
        struct op op = needle->ops[i];
        assert_in_range(op.process, 0, PROCESSES - 1);
        op.key = copy_scalar(hay, needle, op.key);
        op.in = copy_scalar(hay, needle, op.in);
        op.out = copy_scalar(hay, needle, op.out);
        op.invoke_ns += from_ns;
        if (op.complete_ns != TIME_NEVER)
            op.complete_ns += from_ns;
        hist_add(hay, &op);
    }
    hist_finish(hay);
}

static int expect_in_hay(const struct hist *needle, const char *path, const char *level,
                         enum verdict verdict)
{
    struct proof proof;
    struct hist *hay;

    if (!proof_begin(&proof, level, "register", 0))
        return 0;
    hay = make_hay(3);
    add_needle(&hay->history, &needle->history);
    proof.limit_ns = LIMIT_NS;
    proof_demand(&proof, &hay->history, verdict, path);
    hist_free(hay);
    if (proof.flaws)
        fail_msg("%s in a long history, at %s", path, level);
    return 1;
}

static void test_needles__verdicts_are_the_same_in_long_histories(void **state)
{
    (void)state;
    glob_t found;
    int count = 0;

    assert_int_equal(glob("tests/corpus/*.hist", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct hist *needle = hist_load(found.gl_pathv[i]);
        bool fits = strcmp(needle->model, "register") == 0 && !needle->initial[0];
        for (size_t e = 0; fits && e < needle->expect_count; e++) {
            if (needle->expects[e].verdict != VERDICT_UNKNOWN)
                count += expect_in_hay(needle, found.gl_pathv[i], needle->expects[e].level,
                                       needle->expects[e].verdict);
        }
        hist_free(needle);
    }
    globfree(&found);
    assert_true(count > 100);
}

/* A write that is not there for its own process. */
static void test_needles__an_initial_value_read_late_is_found(void **state)
{
    (void)state;
    struct hist *needle = hist_new("p0 write k0 777777 @ 0 1\np0 read k0 -> nil @ 2 3");

    for (int level = 0; level < LEVELS; level++) {
        bool bound = level_implies((enum level)level, LEVEL_READ_YOUR_WRITES);
        if (bound)
            (void)expect_in_hay(needle, "k0 unread", level_names[level], VERDICT_INVALID);
    }
    hist_free(needle);
}

/* Writes of unknown outcome, each of its own value and each seen once, and a value written twice,
 * so that a search is needed. */
static void add_unknown_writes(struct buf *story, int count)
{
    buf_puts(story, "p100 write x 1000 @ 0 1\np100 write x 1000 @ 2 3\n");
    for (int i = 1; i <= count; i++)
        buf_printf(story, "p%d write x %d @ %d ?\n", i, i, i);
    for (int i = 1; i <= count; i++)
        buf_printf(story, "p100 read x -> %d @ %d %d\n", i, 100 + 10 * i, 105 + 10 * i);
}

static void test_needles__unknown_writes_of_many_values_are_told_apart(void **state)
{
    (void)state;
    for (int again = 0; again <= 12; again += 4) {
        struct proof proof;
        struct buf story;
        assert_true(proof_begin(&proof, "linearizable", "register", 0));
        proof.limit_ns = LIMIT_NS;
        buf_init(&story, 0);
        add_unknown_writes(&story, 40);
        if (again) /* what took effect once cannot do so again */
            buf_printf(&story, "p100 write x 0 @ 600 601\np100 read x -> %d @ 602 603\n", again);
        struct hist *hist = hist_new(story.ptr);
        proof_demand(&proof, &hist->history, again ? VERDICT_INVALID : VERDICT_VALID,
                     "unknown writes");
        hist_free(hist);
        buf_release(&story);
        assert_int_equal(proof.flaws, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needles__verdicts_are_the_same_in_long_histories),
        cmocka_unit_test(test_needles__an_initial_value_read_late_is_found),
        cmocka_unit_test(test_needles__unknown_writes_of_many_values_are_told_apart),
    };
    return cmocka_run_group_tests_name("checkers/needles", tests, NULL, NULL);
}
