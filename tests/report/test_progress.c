/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/report/progress.c: the line itself, and its behaviour on a real pseudo terminal
 * and on a pipe. */
#include "../../harness/report/progress.h"
#include "../../harness/base/clock.h"
#include "../../harness/base/log.h"
#include "../../harness/report/text.h"
#include "../lib/check.h"

#include <poll.h>
#include <pty.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEC INT64_C(1000000000)

static const struct progress_now busy = {
    .phase = "load",
    .ok = 50211,
    .fail = 12,
    .info = 3,
    .left_ns = 11 * SEC + 1,
    .fault = "partition n3 | n1 n2",
};

static void assert_line(const struct progress_now *now, int columns, const char *expected)
{
    struct buf line;
    buf_init(&line, 0);
    progress_line(now, 4213.4, columns, &line);
    assert_string_equal(line.ptr, expected);
    assert_true(text_columns(buf_str(&line)) <= columns);
    buf_release(&line);
}

static void test_line__fits_80_columns(void **state)
{
    (void)state;
    assert_line(&busy, 79,
                "load        12 s   4,213/s   50,211 ok  12 fail  3 info   partition n3 | n1 n2");
}

static void test_line__gives_up_counts_before_the_fault(void **state)
{
    (void)state;
    assert_line(&busy, 50, "load        12 s   4,213/s   partition n3 | n1 n2");
    assert_line(&busy, 40, "load        12 s   4,213/s   partition …");
}

static void test_line__fits_any_width(void **state)
{
    (void)state;
    for (int columns = 0; columns < 200; columns++) {
        struct buf line;
        buf_init(&line, 0);
        progress_line(&busy, 1e9, columns, &line);
        assert_true(text_columns(buf_str(&line)) <= columns);
        buf_release(&line);
    }
}

static void test_line__says_nothing_about_what_has_not_begun(void **state)
{
    (void)state;
    const struct progress_now now = {.phase = "set up", .left_ns = -1};
    assert_line(&now, 79, "set up          ");
}

static void test_sentence__names_all(void **state)
{
    (void)state;
    struct buf line;
    buf_init(&line, 0);
    progress_sentence(&busy, 4213, &line);
    assert_string_equal(line.ptr, "load, 12 s left, 4,213 operations/s, 50,211 ok  12 fail  3 "
                                  "info, in force: partition n3 | n1 n2");
    buf_release(&line);
}

static atomic_int reads;

static void read_busy(void *context, struct progress_now *now)
{
    *now = *(const struct progress_now *)context;
    now->ok += (uint64_t)atomic_fetch_add(&reads, 1) * 1000;
}

/* What has arrived on fd so far, added to `seen`, until `wanted` is in it; false after 10 s. */
static bool read_until(int fd, struct buf *seen, const char *wanted)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    int64_t deadline_ns = clock_now_ns() + 10 * SEC;
    while (!seen->ptr || !strstr(seen->ptr, wanted)) {
        char bytes[4096];
        if (clock_now_ns() > deadline_ns || poll(&ready, 1, 10000) <= 0)
            return false;
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got <= 0)
            return false;
        buf_add(seen, bytes, (size_t)got);
    }
    return true;
}

static void test_progress__is_one_live_line_on_a_terminal(void **state)
{
    (void)state;
    struct progress_source source = {read_busy, (void *)(uintptr_t)&busy};
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct buf seen;
    struct err err;
    int master, slave;

    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    setenv("TERM", "xterm", 1);
    buf_init(&seen, 0);
    assert_int_equal(progress_start(&source, PROGRESS_AUTO, slave, &err), 0);
    assert_true(read_until(master, &seen, "load "));
    assert_true(read_until(master, &seen, "\r\x1b[J")); /* drawn again, in place */
    progress_stop();
    close(slave);
    (void)read_until(master, &seen, "\xff"); /* all of it */
    assert_null(strchr(seen.ptr, '\n'));
    assert_string_equal(seen.ptr + seen.len - 4, "\r\x1b[J"); /* nothing is left behind */
    buf_release(&seen);
    close(master);
}

static void test_progress__makes_room_for_log_lines(void **state)
{
    (void)state;
    struct progress_source source = {read_busy, (void *)(uintptr_t)&busy};
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct buf seen;
    struct err err;
    int master, slave;

    assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
    setenv("TERM", "xterm", 1);
    int saved = dup(STDERR_FILENO);
    dup2(slave, STDERR_FILENO);
    buf_init(&seen, 0);
    assert_int_equal(progress_start(&source, PROGRESS_AUTO, STDERR_FILENO, &err), 0);
    bool drawn = read_until(master, &seen, "load ");
    log_warning("test", "disk is slow");
    bool logged = read_until(master, &seen, "\r\x1b[Jordeal: disk is slow\r\nload ");
    progress_stop();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(slave);
    close(master);
    buf_release(&seen);
    assert_true(drawn);
    assert_true(logged);
}

static void test_progress__writes_plain_lines_elsewhere(void **state)
{
    (void)state;
    struct progress_source source = {read_busy, (void *)(uintptr_t)&busy};
    struct buf seen;
    struct err err;
    int fds[2];

    assert_int_equal(pipe(fds), 0);
    buf_init(&seen, 0);
    assert_int_equal(progress_start(&source, PROGRESS_AUTO, fds[1], &err), 0);
    assert_true(read_until(fds[0], &seen, "\n"));
    progress_stop();
    assert_int_equal(strncmp(seen.ptr, "ordeal: load, 12 s left", 23), 0);
    assert_null(strchr(seen.ptr, '\x1b'));
    buf_release(&seen);
    close(fds[0]);
    close(fds[1]);
}

static void test_progress__quiet_asks_nobody(void **state)
{
    (void)state;
    struct progress_source source = {NULL, NULL}; /* would crash */
    struct err err;
    assert_int_equal(progress_start(&source, PROGRESS_QUIET, STDERR_FILENO, &err), 0);
    progress_stop();
    progress_stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line__fits_80_columns),
        cmocka_unit_test(test_line__gives_up_counts_before_the_fault),
        cmocka_unit_test(test_line__fits_any_width),
        cmocka_unit_test(test_line__says_nothing_about_what_has_not_begun),
        cmocka_unit_test(test_sentence__names_all),
        cmocka_unit_test(test_progress__is_one_live_line_on_a_terminal),
        cmocka_unit_test(test_progress__makes_room_for_log_lines),
        cmocka_unit_test(test_progress__writes_plain_lines_elsewhere),
        cmocka_unit_test(test_progress__quiet_asks_nobody),
    };
    return cmocka_run_group_tests_name("report/progress", tests, NULL, NULL);
}
