/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of agent/clock_sample.c: what was printed is read back, and nothing else is. */
#include "../../harness/agent/clock_sample.h"
#include "../lib/check.h"

static void test_clock_sample__is_read_back(void **state)
{
    (void)state;
    const struct clock_sample sample = {1, -3600000000000, INT64_MAX, 5};
    struct clock_sample read;
    struct buf json;

    buf_init(&json, 0);
    buf_puts(&json, "[");
    clock_sample_print(&sample, &json);
    clock_sample_print(&sample, &json);
    buf_puts(&json, "]");
    json_t *list = json_loadb(json.ptr, json.len, 0, NULL);
    assert_int_equal(json_array_size(list), 2);
    assert_true(clock_sample_read(json_array_get(list, 1), &read));
    assert_memory_equal(&read, &sample, sizeof read);
    json_decref(list);
    buf_release(&json);
}

static void test_clock_sample__what_makes_no_sense_is_refused(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "null",          "7",           "{}",         "[]",         "[1,2,3]",    "[1,2,3,4,5]",
        "[1,2,3,\"4\"]", "[1,2,3.5,4]", "[-1,2,3,4]", "[1,2,3,-4]", "[[1],2,3,4]"};
    struct clock_sample sample;

    assert_false(clock_sample_read(NULL, &sample));
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        json_t *json = json_loads(odd[i], JSON_DECODE_ANY, NULL);
        assert_non_null(json);
        assert_false(clock_sample_read(json, &sample));
        json_decref(json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock_sample__is_read_back),
        cmocka_unit_test(test_clock_sample__what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("agent/clock_sample", tests, NULL, NULL);
}
