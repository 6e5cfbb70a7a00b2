/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/report/describe.c and text.c: operations, faults and numbers in words. */
#include "../../harness/report/describe.h"
#include "../../harness/report/text.h"
#include "../lib/check.h"
#include "../lib/hist.h"

static void expect_victims(const char *value, const char *words)
{
    struct buf out;
    buf_init(&out, 0);
    describe_victims(value, 60, &out);
    assert_string_equal(out.ptr ? out.ptr : "", words);
    buf_release(&out);
}

static void test_victims__of_each_kind_of_cut(void **state)
{
    (void)state;
    expect_victims("[\"n1\",\"n3\"]", "n1 n3");
    expect_victims("{\"n1\":[\"n2\",\"n3\"],\"n2\":[\"n1\"],\"n3\":[\"n1\"]}", "n1 | n2 n3");
    expect_victims("{\"n1\":[\"n3\"],\"n2\":[\"n3\"],\"n3\":[\"n1\",\"n2\"]}", "n1 n2 | n3");
    expect_victims("{\"n3\":[\"n1\",\"n2\"],\"n4\":[\"n1\",\"n2\"]}", "n3 n4 deaf to n1 n2");
    expect_victims("{\"n1\":[\"n2\"],\"n2\":[\"n3\"],\"n3\":[\"n1\"]}",
                   "n1 deaf to n2, n2 deaf to n3, n3 deaf to n1");
    expect_victims("{\"n1\":\"wall +2.000 s\",\"n3\":\"wall stands still\"}",
                   "n1 wall +2.000 s, n3 wall stands still");
}

static void test_victims__whatever_else_stands_there(void **state)
{
    (void)state;
    expect_victims(NULL, "");
    expect_victims("null", "");
    expect_victims("{}", "{}");
    expect_victims("\"all\"", "all");
    expect_victims("{\"n1\":3,\"n2\":[7,null]}", "n2 deaf to ? ?");
    expect_victims("not json", "not json");
    expect_victims("[\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"]",
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…");
}

static void expect_op(const char *story, const char *words)
{
    struct hist *hist = hist_new(story);
    struct buf out;
    buf_init(&out, 0);
    describe_op(&hist->history, &hist->history.ops[0], &out);
    assert_string_equal(out.ptr, words);
    buf_release(&out);
    hist_free(hist);
}

static void test_op__in_a_sentence(void **state)
{
    (void)state;
    expect_op("p7 read 12 -> 41 @ 12304000000 12307200000\n",
              "at 12.304 s process 7 read key 12 and got 41 after 3.20 ms");
    expect_op("p7 write 12 41 @ 12304000000 12307200000\n",
              "at 12.304 s process 7 wrote 41 to key 12; acknowledged after 3.20 ms");
    expect_op(
        "p7 cas _ 1 2 @ 5000000 ?\n",
        "at 5.000 ms process 7 tried to change the value from 1 to 2; its outcome is unknown, "
        "so it may have taken effect at any later time or never");
    expect_op("p7 write 12 41 @ 5000 6000 fail\n",
              "at 5.000 µs process 7 tried to write 41 to key 12; it failed after 1.00 µs");
    expect_op("p1 enqueue q 3 @ 0 1000\n",
              "at 0.000 µs process 1 did enqueue 3 on key \"q\" after 1.00 µs");
}

static void test_text__durations_have_three_digits(void **state)
{
    (void)state;
    static const struct {
        int64_t ns;
        const char *words;
    } cases[] = {{0, "0 ns"},
                 {999, "999 ns"},
                 {1000, "1.00 µs"},
                 {45600, "45.6 µs"},
                 {999499, "999 µs"},
                 {999999, "1.00 ms"},
                 {1234567, "1.23 ms"},
                 {9999999, "10.0 ms"},
                 {INT64_C(12345000000), "12.3 s"},
                 {INT64_C(119000000000), "119 s"},
                 {INT64_C(200000000000), "3 min 20 s"},
                 {-1500000, "-1.50 ms"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 0);
        text_duration(&out, cases[i].ns);
        assert_string_equal(out.ptr, cases[i].words);
        buf_release(&out);
    }
}

static void test_text__fits_characters_not_bytes(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 0);
    text_fit(&out, STR("äöüäöü"), 4);
    assert_string_equal(out.ptr, "äöü…");
    buf_clear(&out);
    text_fit(&out, STR("a\nb\x7f\xc2\x85\xed\xa0\x80"), 10);
    assert_string_equal(out.ptr, "a b  \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    buf_clear(&out);
    text_count(&out, UINT64_MAX);
    assert_string_equal(out.ptr, "18,446,744,073,709,551,615");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_victims__of_each_kind_of_cut),
        cmocka_unit_test(test_victims__whatever_else_stands_there),
        cmocka_unit_test(test_op__in_a_sentence),
        cmocka_unit_test(test_text__durations_have_three_digits),
        cmocka_unit_test(test_text__fits_characters_not_bytes),
    };
    return cmocka_run_group_tests_name("report/describe", tests, NULL, NULL);
}
