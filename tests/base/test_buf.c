/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of base/buf.c: growing, limits, and JSON that any reader accepts. */
#include "../../harness/base/buf.h"
#include "../lib/check.h"

#include <jansson.h>

static void test_buf__over_its_limit_fails_once_and_for_all(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 300);
    for (int i = 0; i < 100; i++)
        buf_puts(&buf, "1234567890");
    assert_true(buf.failed);
    assert_true(buf.len <= 300);
    assert_null(buf_take(&buf));
    buf_release(&buf);
}

static void test_buf__integers_at_their_limits(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    buf_int(&buf, INT64_MIN);
    buf_puts(&buf, " ");
    buf_int(&buf, INT64_MAX);
    buf_puts(&buf, " ");
    buf_int(&buf, 0);
    assert_string_equal(buf.ptr, "-9223372036854775808 9223372036854775807 0");
    buf_release(&buf);
}

/* Every byte, alone and beside others, must come out as JSON that jansson reads. */
static void test_buf__any_bytes_become_valid_json(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++) {
        for (int b = 0; b < 256; b += 5) {
            char bytes[4] = {(char)a, (char)b, (char)(a ^ b), 'x'};
            struct buf buf;
            buf_init(&buf, 0);
            buf_json_string(&buf, (struct str){bytes, sizeof bytes});
            json_t *read = json_loadb(buf.ptr, buf.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            assert_non_null(read);
            json_decref(read);
            buf_release(&buf);
        }
    }
}

static void test_buf__members_get_their_commas(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 0);
    buf_puts(&buf, "{");
    buf_json_int(&buf, "a", 1);
    buf_json_str(&buf, "b", STR("say \"hi\""));
    buf_json_raw(&buf, "c", STR(""));
    buf_json_bool(&buf, "d", true);
    buf_puts(&buf, "}");
    assert_string_equal(buf.ptr, "{\"a\":1,\"b\":\"say \\\"hi\\\"\",\"c\":null,\"d\":true}");
    buf_release(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__over_its_limit_fails_once_and_for_all),
        cmocka_unit_test(test_buf__integers_at_their_limits),
        cmocka_unit_test(test_buf__any_bytes_become_valid_json),
        cmocka_unit_test(test_buf__members_get_their_commas),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
