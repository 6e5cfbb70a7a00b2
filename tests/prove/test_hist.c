/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of lib/hist.c: stories mean what they say, and mistakes in them are found. */
#include "../lib/check.h"
#include "../lib/hist.h"

#include <stdio.h>
#include <string.h>

static void test_hist__a_story_becomes_operations(void **state)
{
    (void)state;
    struct hist *hist = hist_new("# comment\n"
                                 "model cas-register\n"
                                 "initial 0\n"
                                 "source a book, page 1\n"
                                 "expect linearizable valid\n"
                                 "p0 write x 1 @ 0 10\n"
                                 "p1 read x -> 1 @ 5 20\n"
                                 "p2 cas x 1 2 @ 7 ?\n"
                                 "\n"
                                 "p3 write _ 5 @ 8 9 fail");
    const struct op *ops = hist->history.ops;

    assert_string_equal(hist->model, "cas-register");
    assert_string_equal(hist->initial, "0");
    assert_string_equal(hist->source, "a book, page 1");
    assert_int_equal(hist->expect_count, 1);
    assert_int_equal(hist->expects[0].verdict, VERDICT_VALID);
    assert_int_equal(hist->history.count, 4);
    assert_int_equal(ops[0].in, values_int(&hist->history.values, 1));
    assert_int_equal(ops[1].out, ops[0].in);
    assert_int_equal(ops[2].type, OP_INFO);
    assert_true(ops[2].complete_ns == TIME_NEVER);
    assert_int_equal(ops[2].complete_index, INDEX_NONE);
    assert_int_equal(ops[3].key, VALUE_NIL);
    assert_int_equal(ops[3].type, OP_FAIL);
    /* Events by time: w0 r5 c7 w8 end9 end10 end20. */
    assert_int_equal(ops[3].index, 3);
    assert_int_equal(ops[3].complete_index, 4);
    assert_int_equal(ops[0].complete_index, 5);
    hist_free(hist);
}

static void test_hist__what_is_printed_reads_back(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 write x 1 @ 0 10\n"
                                 "p1 read x -> nil @ 5 20\n"
                                 "p2 cas y nil 2 @ 7 ?\n"
                                 "p3 read _ -> [1,[2,nil],z] @ 8 9\n"
                                 "p3 dequeue q -> 3 @ 9 9\n"
                                 "p4 own-name q 3 @ 9 30 info\n");
    struct buf once, twice;

    buf_init(&once, 0);
    buf_init(&twice, 0);
    hist_print(&hist->history, &once);
    hist_free(hist);
    hist = hist_new(once.ptr);
    hist_print(&hist->history, &twice);
    assert_string_equal(once.ptr, twice.ptr);
    assert_int_equal(hist->history.count, 6);
    assert_non_null(strstr(once.ptr, "-> [1,[2,nil],\"z\"] @ 8 9"));
    hist_free(hist);
    buf_release(&once);
    buf_release(&twice);
}

static void test_hist__garbage_is_refused_with_its_line(void **state)
{
    (void)state;
    static const char *const garbage[] = {
        "x",
        "p0",
        "p0 write",
        "p0 write x 1",
        "p0 write x 1 @ 0",
        "p0 write x 1 @ 0 z",
        "p0 write x 1 @ 0 1 maybe",
        "p0 write x 1 @ 0 1 ok ok",
        "p0 write x 1 @ 0 ? ok",
        "p0 write x 1 2 3 @ 0 1",
        "p0 read x -> @ 0 1",
        "p0 read x ->",
        "p0 read x -> [1 @ 0 1",
        "p0 read x -> [1,, @ 0 1",
        "p0 read x -> [[[[[[1]]]]]] @ 0 1",
        "p0 read x -> \"z @ 0 1",
        "p99999999999 read x @ 0 1",
        "expect linearizable perhaps",
        "expect",
    };
    for (size_t i = 0; i < sizeof garbage / sizeof *garbage; i++) {
        char story[128];
        struct hist *hist;
        struct err err = {0};
        (void)snprintf(story, sizeof story, "# ok\n%s\n", garbage[i]);
        if (hist_parse(story, &hist, &err) == 0)
            fail_msg("accepted: %s", garbage[i]);
        assert_non_null(strstr(err.msg, "line 2: "));
        hist_free(hist);
    }
}

static void test_hist__overlap_within_a_process_is_refused(void **state)
{
    (void)state;
    struct hist *hist;
    struct err err = {0};

    assert_int_equal(hist_parse("p0 write x 1 @ 0 10\np0 write x 2 @ 5 20", &hist, &err), -1);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hist__a_story_becomes_operations),
        cmocka_unit_test(test_hist__what_is_printed_reads_back),
        cmocka_unit_test(test_hist__garbage_is_refused_with_its_line),
        cmocka_unit_test(test_hist__overlap_within_a_process_is_refused),
    };
    return cmocka_run_group_tests_name("lib/hist", tests, NULL, NULL);
}
