/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of what declared clocks tell, on made-up times. */
#include "../../harness/agent/clock_page.h"
#include "../lib/check.h"

#include <string.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

/* As on a machine: years since 1970, and hours since it was started. */
static const int64_t start[CLOCK_LINES] = {
    [LINE_WALL] = 1700000000 * SECOND + 123456789,
    [LINE_TAI] = 1700000037 * SECOND + 123456789,
    [LINE_MONOTONIC] = 5 * HOUR,
    [LINE_RAW] = 5 * HOUR - 40000,
    [LINE_BOOT] = 7 * HOUR,
};

static struct clock_memory memory;
static struct clock_fault in_force;

static int set_up(void **state)
{
    (void)state;
    memset(&memory, 0, sizeof memory);
    in_force = (struct clock_fault){0};
    return clock_memory_init(&memory);
}

/* Declare when `after_ns` have passed since the start. */
static void declare(int64_t after_ns, struct clock_fault fault)
{
    int64_t now[CLOCK_LINES];

    for (int i = 0; i < CLOCK_LINES; i++)
        now[i] = start[i] + after_ns;
    clock_memory_declare(&memory, &in_force, &fault, now);
    in_force = fault;
}

/* By how much the line is off then. */
static int64_t off(int name, int64_t after_ns)
{
    int64_t true_ns = start[name] + after_ns;

    return clock_tell(&memory, name, true_ns, 7) - true_ns;
}

static void test_clock_page__undeclared_clocks_are_true(void **state)
{
    (void)state;
    for (int i = 0; i < CLOCK_LINES; i++) {
        assert_int_equal(off(i, 0), 0);
        assert_int_equal(off(i, 1000 * HOUR + 1), 0);
    }
    assert_int_equal(clock_memory_lies(&memory), 0);
}

static void test_clock_page__every_kernel_clock_has_its_line(void **state)
{
    (void)state;
    assert_int_equal(clock_line_of(CLOCK_REALTIME), LINE_WALL);
    assert_int_equal(clock_line_of(CLOCK_REALTIME_COARSE), LINE_WALL);
    assert_int_equal(clock_line_of(CLOCK_REALTIME_ALARM), LINE_WALL);
    assert_int_equal(clock_line_of(CLOCK_TAI), LINE_TAI);
    assert_int_equal(clock_line_of(CLOCK_MONOTONIC), LINE_MONOTONIC);
    assert_int_equal(clock_line_of(CLOCK_MONOTONIC_COARSE), LINE_MONOTONIC);
    assert_int_equal(clock_line_of(CLOCK_MONOTONIC_RAW), LINE_RAW);
    assert_int_equal(clock_line_of(CLOCK_BOOTTIME), LINE_BOOT);
    assert_int_equal(clock_line_of(CLOCK_BOOTTIME_ALARM), LINE_BOOT);
    const int64_t untold[] = {
        CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, 10, 12, 1000, -1, -6, INT64_MIN};
    for (size_t i = 0; i < sizeof untold / sizeof *untold; i++)
        assert_int_equal(clock_line_of(untold[i]), LINE_NONE_TOLD);
}

static void test_clock_page__an_offset_moves_the_wall_clock_only(void **state)
{
    (void)state;
    declare(SECOND, (struct clock_fault){.wall_offset_ns = -HOUR});
    for (int i = LINE_WALL; i <= LINE_TAI; i++) {
        assert_int_equal(off(i, SECOND), -HOUR);
        assert_int_equal(off(i, SECOND - 4000000), -HOUR); /* a coarse clock lags */
        assert_int_equal(off(i, 9 * HOUR), -HOUR);
    }
    for (int i = LINE_MONOTONIC; i < CLOCK_LINES; i++)
        assert_int_equal(off(i, 2 * SECOND), 0);
    declare(2 * SECOND, (struct clock_fault){0});
    assert_int_equal(off(LINE_WALL, 2 * SECOND), 0);
}

static void test_clock_page__rates_count_from_the_declaration(void **state)
{
    (void)state;
    declare(SECOND, (struct clock_fault){.wall_rate_ppm = 200});
    assert_int_equal(off(LINE_WALL, SECOND), 0);
    assert_in_range(off(LINE_WALL, SECOND + 1000 * SECOND), SECOND / 5 - 300, SECOND / 5);
    declare(HOUR, (struct clock_fault){.wall_rate_ppm = -1000000, .wall_offset_ns = 5});
    assert_int_equal(off(LINE_WALL, HOUR), 5);
    assert_int_equal(off(LINE_WALL, 3 * HOUR), 5 - 2 * HOUR);
    declare(2 * HOUR, (struct clock_fault){.wall_rate_ppm = 1000000000});
    assert_int_equal(off(LINE_WALL, 2 * HOUR + SECOND), 1000 * SECOND);
}

static void test_clock_page__a_strobe_jumps_to_and_fro(void **state)
{
    (void)state;
    declare(0, (struct clock_fault){
                   .wall_offset_ns = 3, .strobe_offset_ns = -SECOND, .strobe_period_ns = 1000});
    for (int i = LINE_WALL; i <= LINE_TAI; i++) {
        assert_int_equal(off(i, 0), 3 - SECOND);
        assert_int_equal(off(i, 999), 3 - SECOND);
        assert_int_equal(off(i, 1000), 3);
        assert_int_equal(off(i, 1999), 3);
        assert_int_equal(off(i, 2000), 3 - SECOND);
    }
    assert_int_equal(off(LINE_MONOTONIC, 0), 0);
    declare(5000, (struct clock_fault){0});
    assert_int_equal(off(LINE_WALL, 6000), 0);
    assert_int_equal(off(LINE_WALL, 7000), 0);
}

static void test_clock_page__monotonic_clocks_never_go_back(void **state)
{
    (void)state;
    static const struct clock_fault faults[] = {
        {.monotonic_offset_ns = HOUR},
        {.monotonic_offset_ns = 1},
        {.monotonic_rate_ppm = 500000000},
        {.monotonic_rate_ppm = -1000000},
        {0},
        {.monotonic_rate_ppm = -999999, .monotonic_offset_ns = 7, .wall_offset_ns = -HOUR},
        {.monotonic_rate_ppm = 1000000},
        {.wall_rate_ppm = 1000000},
        {0}};
    enum { FAULTS = sizeof faults / sizeof *faults, STEP = 1000003 };
    for (int name = LINE_MONOTONIC; name < CLOCK_LINES; name++) {
        (void)set_up(NULL);
        int64_t latest = start[name];
        for (int64_t i = 0; i < 10000; i++) {
            int64_t now = clock_tell(&memory, name, start[name] + i * STEP, 0);
            assert_true(now >= latest);
            latest = now;
            if (i % 100 == 0) {
                declare(i * STEP, faults[i / 100 % FAULTS]);
            }
        }
    }
}

static void test_clock_page__a_monotonic_clock_keeps_what_it_gained(void **state)
{
    (void)state;
    declare(0, (struct clock_fault){.monotonic_offset_ns = HOUR, .wall_offset_ns = -5});
    assert_int_equal(off(LINE_BOOT, SECOND), HOUR);
    declare(SECOND, (struct clock_fault){.monotonic_offset_ns = HOUR}); /* no further jump */
    assert_int_equal(off(LINE_RAW, SECOND), HOUR);
    assert_int_equal(off(LINE_WALL, SECOND), 0);
    declare(2 * SECOND, (struct clock_fault){0});
    assert_int_equal(off(LINE_MONOTONIC, 3 * SECOND), HOUR);
    declare(3 * SECOND, (struct clock_fault){.monotonic_rate_ppm = -1000000});
    assert_in_range(off(LINE_MONOTONIC, 3 * SECOND + HOUR), 0, 0);
}

static void test_clock_page__what_is_not_declared_anew_goes_on(void **state)
{
    (void)state;
    struct clock_fault fault = {.wall_rate_ppm = 500000};
    declare(0, fault);
    fault.monotonic_rate_ppm = -500000;
    declare(HOUR, fault);
    assert_int_equal(off(LINE_WALL, 2 * HOUR), HOUR);
    fault.wall_rate_ppm = 0;
    declare(3 * HOUR, fault);
    assert_int_equal(off(LINE_WALL, 5 * HOUR), 0);
    assert_in_range(-off(LINE_MONOTONIC, 5 * HOUR), 2 * HOUR, 2 * HOUR);
}

static void test_clock_page__only_lies_of_a_fault_in_force_are_counted(void **state)
{
    (void)state;
    declare(0, (struct clock_fault){
                   .monotonic_offset_ns = 8, .strobe_offset_ns = 8, .strobe_period_ns = 1000});
    (void)off(LINE_WALL, 1);
    (void)off(LINE_WALL, 1001); /* true just now */
    (void)off(LINE_BOOT, 1);
    assert_int_equal(clock_memory_lies(&memory), 2);
    declare(0, (struct clock_fault){0});
    (void)off(LINE_WALL, 1);
    (void)off(LINE_BOOT, 1); /* ahead for good, and no fault of anybody's now */
    assert_int_equal(clock_memory_lies(&memory), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(test_clock_page__##name, set_up)
    const struct CMUnitTest tests[] = {
        TEST(undeclared_clocks_are_true),
        TEST(every_kernel_clock_has_its_line),
        TEST(an_offset_moves_the_wall_clock_only),
        TEST(rates_count_from_the_declaration),
        TEST(a_strobe_jumps_to_and_fro),
        TEST(monotonic_clocks_never_go_back),
        TEST(a_monotonic_clock_keeps_what_it_gained),
        TEST(what_is_not_declared_anew_goes_on),
        TEST(only_lies_of_a_fault_in_force_are_counted),
    };
    return cmocka_run_group_tests_name("agent/clock_page", tests, NULL, NULL);
}
