/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/staleness/too_old.c: what it finds is what the definition says of all pairs of
 * writes and all reads, and the limit is one to pass, not to reach. */
#include "../../checkers/staleness/too_old.h"
#include "../../checkers/engine/object.h"
#include "../lib/check.h"
#include "../lib/effort.h"
#include "../lib/gen.h"
#include "../lib/hist.h"

#include <stdlib.h>
#include <string.h>

static bool writes(const struct op *op)
{
    return op->f == OP_F_WRITE || op->f == OP_F_PUT;
}

static bool reads(const struct op *op)
{
    return op->type == OP_OK && (op->f == OP_F_READ || op->f == OP_F_GET);
}

/* As the header words it; `writer` NULL: the initial value, which is nil. */
static bool by_definition(const struct op *writer, const struct op *newer, const struct op *reader,
                          int64_t limit_ns)
{
    if (newer->type != OP_OK || newer->key != reader->key || newer->in == reader->out)
        return false;
    if (reader->invoke_ns - newer->complete_ns <= limit_ns)
        return false;
    if (!writer)
        return reader->out == VALUE_NIL;
    return writer->key == reader->key && writer->in == reader->out &&
           writer->complete_ns < newer->invoke_ns;
}

/* Whether two writes show the read to be too old. The routine's word on each pair is asked too. */
static bool is_shown(const struct history *history, const struct op *reader, int64_t limit_ns)
{
    bool shown = false;

    for (size_t n = 0; n < history->count; n++) {
        const struct op *newer = &history->ops[n];
        if (!writes(newer))
            continue;
        for (size_t w = 0; w <= history->count; w++) {
            const struct op *writer = w < history->count ? &history->ops[w] : NULL;
            if (writer && (!writes(writer) || writer->type != OP_OK))
                continue;
            bool is = by_definition(writer, newer, reader, limit_ns);
            assert_int_equal(is_too_old(writer, newer, reader, VALUE_NIL, limit_ns), is);
            shown = shown || is;
        }
    }
    return shown;
}

static struct too_old find(const struct history *history, int64_t limit_ns)
{
    uint32_t *places = malloc((history->count + 1) * sizeof *places);
    struct too_old found;
    struct err err;

    assert_non_null(places);
    for (size_t i = 0; i < history->count; i++)
        places[i] = (uint32_t)i;
    assert_int_equal(
        too_old_find(history, places, (uint32_t)history->count, VALUE_NIL, limit_ns, &found, &err),
        0);
    free(places);
    return found;
}

static bool compare(const struct history *history, int64_t limit_ns)
{
    struct too_old found = find(history, limit_ns);
    const struct op *ops = history->ops;
    uint32_t shown = 0;

    for (size_t i = 0; i < history->count; i++)
        shown += reads(&ops[i]) && is_shown(history, &ops[i], limit_ns);
    if (found.count != shown)
        hist_dump(history);
    assert_int_equal(found.count, shown);
    if (found.count)
        assert_true(by_definition(found.writer == PLACE_NONE ? NULL : &ops[found.writer],
                                  &ops[found.newer], &ops[found.reader], limit_ns));
    return shown > 0;
}

static void test_too_old__what_is_found_is_what_the_definition_says(void **state)
{
    (void)state;
    uint64_t some = 0, none = 0;

    for (uint64_t i = 0; i < effort(6000); i++) {
        struct gen_random space = {.model = "register",
                                   .ops = 3 + (int)(i % 10),
                                   .processes = 1 + (int)(i % 4),
                                   .keys = 1,
                                   .info_pct = 10,
                                   .fail_pct = 10};
        struct hist *hist = hist_new("");
        struct rng rng;
        rng_init(&rng, 5, i);
        gen_noise(&rng, &space, &hist->history);
        *(compare(&hist->history, (int64_t)(i % 7)) ? &some : &none) += 1;
        hist_free(hist);
    }
    assert_true(some > 100 || effort(6000) < 6000);
    assert_true(none > 100 || effort(6000) < 6000);
}

static uint32_t count_in(const char *story, int64_t limit_ns)
{
    struct hist *hist = hist_new(story);
    struct too_old found = find(&hist->history, limit_ns);
    (void)compare(&hist->history, limit_ns);
    hist_free(hist);
    return found.count;
}

static void test_too_old__the_limit_may_be_reached(void **state)
{
    (void)state;
    const char *story = "p0 write _ 1 @ 0 1\n"
                        "p0 write _ 2 @ 2 3\n"
                        "p1 read _ -> 1 @ 10 11\n";
    assert_int_equal(count_in(story, 7), 0);
    assert_int_equal(count_in(story, 6), 1);
}

static void test_too_old__writes_that_touch_in_time_replace_nothing(void **state)
{
    (void)state;
    assert_int_equal(count_in("p0 write _ 1 @ 0 5\n"
                              "p1 write _ 2 @ 5 6\n"
                              "p2 read _ -> 1 @ 20 21\n",
                              1),
                     0);
}

static void test_too_old__a_long_write_hides_no_short_one(void **state)
{
    (void)state;
    /* 3 ended last, but began before 1 did. */
    assert_int_equal(count_in("p0 write _ 3 @ 0 10\n"
                              "p1 write _ 1 @ 1 2\n"
                              "p1 write _ 2 @ 3 4\n"
                              "p2 read _ -> 1 @ 20 21\n",
                              1),
                     1);
}

static void test_too_old__key_value_stores_count_too(void **state)
{
    (void)state;
    assert_int_equal(count_in("p0 put _ 1 @ 0 1\n"
                              "p0 put _ 2 @ 2 3\n"
                              "p1 get _ -> 1 @ 10 11\n"
                              "p1 get _ -> nil @ 12 13\n"
                              "p1 get _ -> 2 @ 14 15\n"
                              "p1 get _ -> 9 @ 16 17\n",
                              1),
                     2);
}

static void test_too_old__the_oldest_is_named(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write _ 1 @ 0 1\n"
                                 "p0 write _ 2 @ 2 3\n"
                                 "p1 read _ -> 1 @ 10 11\n"
                                 "p1 read _ -> 1 @ 30 31\n"
                                 "p0 write _ 3 @ 32 33\n"
                                 "p1 read _ -> 2 @ 40 41\n");
    struct too_old found = find(&hist->history, 1);

    assert_int_equal(found.count, 3);
    assert_int_equal(found.writer, 0);
    assert_int_equal(found.newer, 1);
    assert_int_equal(found.reader, 3);
    hist_free(hist);
}

static void test_too_old__only_what_succeeded_says_anything(void **state)
{
    (void)state;
    assert_int_equal(count_in("p0 write _ 1 @ 0 1\n"
                              "p0 write _ 2 @ 2 3\n"
                              "p1 read _ @ 10 11 fail\n"
                              "p2 read _ @ 10 11 info\n",
                              1),
                     0);
    assert_int_equal(count_in("p0 write _ 1 @ 0 1\n"
                              "p0 write _ 2 @ 2 3 info\n"
                              "p1 read _ -> 1 @ 10 11\n",
                              1),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_old__what_is_found_is_what_the_definition_says),
        cmocka_unit_test(test_too_old__the_limit_may_be_reached),
        cmocka_unit_test(test_too_old__writes_that_touch_in_time_replace_nothing),
        cmocka_unit_test(test_too_old__a_long_write_hides_no_short_one),
        cmocka_unit_test(test_too_old__key_value_stores_count_too),
        cmocka_unit_test(test_too_old__the_oldest_is_named),
        cmocka_unit_test(test_too_old__only_what_succeeded_says_anything),
    };
    return cmocka_run_group_tests_name("checkers/too_old", tests, NULL, NULL);
}
