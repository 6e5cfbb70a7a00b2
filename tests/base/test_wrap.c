/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of base/wrap.c: sentences and rows fit the terminal, whatever they are written in. */
#include "../../harness/base/wrap.h"
#include "../lib/check.h"

#include <stdlib.h>

static void check_wrapped(const char *text, const char *expected)
{
    struct buf out;

    buf_init(&out, 0);
    wrap_text(text, &out);
    assert_string_equal(out.ptr, expected);
    buf_release(&out);
}

static void test_wrap__a_short_sentence_is_left_alone(void **state)
{
    (void)state;
    check_wrapped("", "\n");
    check_wrapped("passed", "passed\n");
    check_wrapped("two  spaces become one", "two spaces become one\n");
}

static void test_wrap__a_line_breaks_before_the_word_that_does_not_fit(void **state)
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

static void test_wrap__columns_are_characters_not_bytes(void **state)
{
    (void)state;
    check_wrapped(
        "µµµµµµµµµµµµµµµµµµµ 1234567890123456789 1234567890123456789 12345678901234567890",
        "µµµµµµµµµµµµµµµµµµµ 1234567890123456789 1234567890123456789 "
        "12345678901234567890\n");
}

static void test_wrap__a_word_wider_than_the_terminal_is_not_torn(void **state)
{
    (void)state;
    check_wrapped(
        "a /tmp/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/12 b",
        "a\n/tmp/1234567890/1234567890/1234567890/1234567890/1234567890/1234567890/"
        "1234567890/12\nb\n");
}

static void check_row(const char *left, const char *text, const char *expected)
{
    struct buf out;

    buf_init(&out, 0);
    wrap_row(left, 8, text, &out);
    assert_string_equal(out.ptr, expected);
    buf_release(&out);
}

static void test_wrap__a_row_goes_on_in_its_column(void **state)
{
    (void)state;
    check_row("  name", "about", "  name  about\n");
    check_row("  µame", "about", "  µame  about\n");
    check_row("  long-name", "about", "  long-name about\n");
    check_row("  name", "1234567890123456789 1234567890123456789 1234567890123456789 123456789012",
              "  name  1234567890123456789 1234567890123456789 1234567890123456789 123456789012\n");
    check_row("  name", "1234567890123456789 1234567890123456789 1234567890123456789 1234567890123",
              "  name  1234567890123456789 1234567890123456789 1234567890123456789\n"
              "        1234567890123\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wrap__a_short_sentence_is_left_alone),
        cmocka_unit_test(test_wrap__a_line_breaks_before_the_word_that_does_not_fit),
        cmocka_unit_test(test_wrap__columns_are_characters_not_bytes),
        cmocka_unit_test(test_wrap__a_word_wider_than_the_terminal_is_not_torn),
        cmocka_unit_test(test_wrap__a_row_goes_on_in_its_column),
    };
    return cmocka_run_group_tests_name("base/wrap", tests, NULL, NULL);
}
