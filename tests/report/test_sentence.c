/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/report/sentence.c: what is said is true of the whole history, or nothing is. */
#include "../../harness/report/sentence.h"
#include "../lib/check.h"
#include "../lib/hist.h"

/* The witness is the first `count` operations (by invocation) of the story. */
static void expect(const char *story, size_t count, const char *sentence)
{
    static const uint32_t ops[] = {0, 1, 2, 3, 4, 5};
    struct hist *hist = hist_new(story);
    struct buf out;
    buf_init(&out, 0);
    bool told = sentence_of_witness(&hist->history, ops, count, &out);
    assert_int_equal(told, sentence != NULL);
    assert_string_equal(out.ptr ? out.ptr : "", sentence ? sentence : "");
    buf_release(&out);
    hist_free(hist);
}

static void test_sentence__stale_read(void **state)
{
    (void)state;
    expect("p0 write 12 41 @ 0 1\np0 write 12 57 @ 2 3\np1 read 12 -> 41 @ 8 9\n", 3,
           "a read of key 12 returned 41 although 57 had been acknowledged 5 ns before");
    expect("p0 write _ 57 @ 2 3\np1 read _ -> nil @ 8 9\n", 2,
           "a read returned nil although 57 had been acknowledged 5 ns before");
    expect("p0 write x 41 @ 0 1\np0 write x 57 @ 2 3\np1 cas x 41 9 @ 8 9\n", 3,
           "a cas of key \"x\" succeeded from 41 although 57 had been acknowledged 5 ns before");
}

static void test_sentence__new_then_old(void **state)
{
    (void)state;
    expect("p0 write x 41 @ 0 1\np0 write x 57 @ 2 ?\np1 read x -> 57 @ 4 5\n"
           "p2 read x -> 41 @ 8 9\n",
           4,
           "a read of key \"x\" returned 41 although another had returned the newer 57 3 ns "
           "before");
}

static void test_sentence__two_cas_from_one_value(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 1\np1 cas x 1 2 @ 2 9\np2 cas x 1 3 @ 3 8\n", 3,
           "two cas of key \"x\" both replaced 1, written once, by 2 and by 3");
}

static void test_sentence__says_nothing_that_the_history_belies(void **state)
{
    (void)state;
    /* 41 was written again, outside of the witness. */
    expect("p0 write x 41 @ 0 1\np0 write x 57 @ 2 3\np1 read x -> 41 @ 8 9\n"
           "p3 write x 41 @ 10 11\n",
           3, NULL);
    /* The older value's write is of unknown outcome: it may have happened later. */
    expect("p0 write x 41 @ 0 ?\np1 write x 57 @ 2 3\np2 read x -> 41 @ 8 9\n", 3, NULL);
    expect("p0 write x 41 @ 0 1 info\np1 write x 57 @ 2 3\np2 read x -> 41 @ 8 9\n", 3, NULL);
    expect("p0 write x 41 @ 0 3\np3 write x 57 @ 2 ?\np1 read x -> 57 @ 4 5\n"
           "p2 read x -> 41 @ 8 9\n",
           4, NULL);
    /* Concurrent writes: either may be the newer. */
    expect("p0 write x 41 @ 0 5\np1 write x 57 @ 2 3\np2 read x -> 41 @ 8 9\n", 3, NULL);
    /* Concurrent read. */
    expect("p0 write x 41 @ 0 1\np1 write x 57 @ 2 6\np2 read x -> 41 @ 4 9\n", 3, NULL);
    /* The value came twice. */
    expect("p0 write x 1 @ 0 1\np1 cas x 1 2 @ 2 9\np2 cas x 1 3 @ 3 8\np3 write x 1 @ 4 5\n", 3,
           NULL);
    /* nil was written. */
    expect("p0 write x 57 @ 2 3\np1 read x -> nil @ 8 9\np2 write x nil @ 9 10\n", 2, NULL);
}

static void test_sentence__other_objects_have_none(void **state)
{
    (void)state;
    expect("p0 enqueue q 1 @ 0 1\np1 dequeue q -> 2 @ 2 3\n", 2, NULL);
    expect("p0 write x 1 @ 0 1\np1 read y -> 2 @ 2 3\n", 2, NULL);
    expect("", 0, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentence__stale_read),
        cmocka_unit_test(test_sentence__new_then_old),
        cmocka_unit_test(test_sentence__two_cas_from_one_value),
        cmocka_unit_test(test_sentence__says_nothing_that_the_history_belies),
        cmocka_unit_test(test_sentence__other_objects_have_none),
    };
    return cmocka_run_group_tests_name("report/sentence", tests, NULL, NULL);
}
