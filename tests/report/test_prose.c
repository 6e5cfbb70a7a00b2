/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of report/prose.c: sentences fit the terminal, whatever they are written in. */
#include "../../harness/report/prose.h"
#include "../lib/check.h"

#include <stdlib.h>

static void check_wrapped(const char *text, const char *expected)
{
    struct buf out;

    buf_init(&out, 0);
    prose_wrap(text, &out);
    assert_string_equal(out.ptr, expected);
    buf_release(&out);
}

static void test_prose__a_short_sentence_is_left_alone(void **state)
{
    (void)state;
    check_wrapped("", "\n");
    check_wrapped("passed", "passed\n");
    check_wrapped("two  spaces become one", "two spaces become one\n");
}

static void test_prose__a_line_breaks_before_the_word_that_does_not_fit(void **state)
{
    (void)state;
    check_wrapped("1234567890123456789 1234567890123456789 1234567890123456789 "
                  "12345678901234567890 next",
                  "1234567890123456789 1234567890123456789 1234567890123456789 "
                  "12345678901234567890\nnext\n");
    check_wrapped("1234567890123456789 1234567890123456789 1234567890123456789 "
                  "123456789012345678901 next",
                  "1234567890123456789 1234567890123456789 1234567890123456789\n"
                  "123456789012345678901 next\n");
}

static void test_prose__columns_are_characters_not_bytes(void **state)
{
    (void)state;
    check_wrapped(
        "µµµµµµµµµµµµµµµµµµµ 1234567890123456789 1234567890123456789 12345678901234567890",
        "µµµµµµµµµµµµµµµµµµµ 1234567890123456789 1234567890123456789 "
        "12345678901234567890\n");
}

static void test_prose__a_word_wider_than_the_terminal_is_not_torn(void **state)
{
    (void)state;
    check_wrapped(
        "a /tmp/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/12 b",
        "a\n/tmp/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/"
        "1234567890/12\nb\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prose__a_short_sentence_is_left_alone),
        cmocka_unit_test(test_prose__a_line_breaks_before_the_word_that_does_not_fit),
        cmocka_unit_test(test_prose__columns_are_characters_not_bytes),
        cmocka_unit_test(test_prose__a_word_wider_than_the_terminal_is_not_torn),
    };
    return cmocka_run_group_tests_name("report/prose", tests, NULL, NULL);
}
