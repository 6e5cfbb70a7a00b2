/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/windows.c: from the harness's events to when which fault was on. */
#include "../lib/check.h"
#include "../lib/text.h"

#define EVENT(time, f, rest)                                                                       \
    "{\"time\":" #time ",\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"" f "\"" rest "}\n"

static void test_windows__a_fault_has_four_times(void **state)
{
    (void)state;
    struct text_history *read = text_read(
        STR(EVENT(1, "phase", ",\"value\":\"load\"") EVENT(
            10, "partition", ",\"fault\":0,\"edge\":\"begin\",\"value\":{\"n1\":[\"n2\"]}")
                EVENT(12, "partition", ",\"fault\":0,\"edge\":\"begun\",\"receipt\":{}")
                    EVENT(15, "kill", ",\"fault\":1,\"edge\":\"begin\",\"value\":[\"n3\"]")
                        EVENT(20, "partition", ",\"fault\":0,\"edge\":\"end\"")
                            EVENT(21, "partition",
                                  ",\"fault\":0,\"edge\":\"ended\",\"x\":[{}],"
                                  "\"affected\":77")
                                EVENT(25, "kill", ",\"fault\":1,\"skipped\":\"gone\"")
                                    EVENT(30, "phase", ",\"value\":\"end\"")),
        NULL);
    struct fault_window *windows;
    size_t count;
    struct err err;

    assert_int_equal(read->result, 0);
    assert_int_equal(history_windows(&read->history, &read->budget, &windows, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(windows[0].f, "partition");
    assert_string_equal(windows[0].value, "{\"n1\":[\"n2\"]}");
    assert_int_equal(windows[0].declared_ns, 10);
    assert_int_equal(windows[0].in_force_ns, 12);
    assert_int_equal(windows[0].withdrawn_ns, 20);
    assert_int_equal(windows[0].healed_ns, 21);
    assert_int_equal(windows[0].affected, 77);
    assert_true(windows[0].healed);
    /* The second was never seen in force, nor withdrawn: the run ended first. */
    assert_int_equal(windows[1].fault, 1);
    assert_true(windows[1].in_force_ns == TIME_NEVER);
    assert_int_equal(windows[1].withdrawn_ns, 30);
    assert_int_equal(windows[1].healed_ns, 30);
    assert_int_equal(windows[1].affected, 0);
    assert_false(windows[1].healed);
    budget_free(&read->budget, windows);
    text_free(read);
}

static void test_windows__a_fault_that_returns_has_two_windows(void **state)
{
    (void)state;
    struct text_history *read = text_read(
        STR(EVENT(1, "pause", ",\"fault\":4,\"edge\":\"begin\"")
                EVENT(2, "pause", ",\"fault\":4,\"edge\":\"ended\",\"affected\":1")
                    EVENT(3, "pause", ",\"fault\":4,\"edge\":\"begin\"")
                        EVENT(4, "pause", ",\"fault\":4,\"edge\":\"ended\",\"affected\":0")
                            EVENT(5, "pause", ",\"fault\":9,\"edge\":\"ended\"")),
        NULL);
    struct fault_window *windows;
    size_t count;
    struct err err;

    assert_int_equal(history_windows(&read->history, &read->budget, &windows, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(windows[0].affected, 1);
    assert_int_equal(windows[1].affected, 0);
    assert_int_equal(windows[1].healed_ns, 4);
    budget_free(&read->budget, windows);
    text_free(read);
}

static void test_windows__without_events_there_are_none(void **state)
{
    (void)state;
    struct text_history *read = text_read(STR(""), NULL);
    struct fault_window *windows;
    size_t count;
    struct err err;

    assert_int_equal(history_windows(&read->history, &read->budget, &windows, &count, &err), 0);
    assert_int_equal(count, 0);
    budget_free(&read->budget, windows);
    text_free(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows__a_fault_has_four_times),
        cmocka_unit_test(test_windows__a_fault_that_returns_has_two_windows),
        cmocka_unit_test(test_windows__without_events_there_are_none),
    };
    return cmocka_run_group_tests_name("history/windows", tests, NULL, NULL);
}
