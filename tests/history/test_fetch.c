/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/fetch.c: any line of a file, found again by its index. */
#include "../../harness/history/read.h"
#include "../lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { EVENTS = 2000 };

static char path[] = "/tmp/test_fetch.XXXXXX";

/* The index of line i. */
static int own_order(int i)
{
    return i;
}

static int other_order(int i)
{
    return i % 2 ? 10 * i : 10 * i + 25;
}

static void make_line(struct buf *line, int i, int (*index)(int))
{
    buf_printf(line,
               "{\"time\":%d,\"type\":\"%s\",\"process\":%d,\"f\":\"read\",\"index\":%d,"
               "\"error\":\"e%d\"}",
               i, i % 2 ? "fail" : "invoke", i / 2, index(i), i);
}

static void write_file(int (*index)(int), bool gzip)
{
    struct buf text;
    buf_init(&text, 0);
    for (int i = 0; i < EVENTS; i++) {
        make_line(&text, i, index);
        buf_puts(&text, i % 50 == 0 ? "\r\n\n" : "\n");
    }
    gzFile file = gzopen(path, gzip ? "wb" : "wbT");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text.ptr, (unsigned)text.len), text.len);
    assert_int_equal(gzclose(file), Z_OK);
    buf_release(&text);
}

static void check_all(int (*index)(int), bool gzip)
{
    struct budget budget;
    struct history history;
    struct err err;

    write_file(index, gzip);
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    if (history_read(&history, path, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    for (int i = 0; i < EVENTS; i += 7) {
        struct buf line, expected;
        buf_init(&line, 0);
        buf_init(&expected, 0);
        make_line(&expected, i, index);
        if (history_fetch(&history, (uint32_t)index(i), &line, &err) < 0)
            fail_msg("%s", err.msg);
        assert_string_equal(line.ptr, expected.ptr);
        buf_release(&line);
        buf_release(&expected);
    }
    struct buf line;
    buf_init(&line, 0);
    assert_int_equal(history_fetch(&history, 4000000, &line, &err), -1);
    assert_non_null(strstr(err.msg, "there is no event 4000000"));
    buf_release(&line);
    history_release(&history);
    assert_int_equal(budget.used_bytes, 0);
}

static void test_fetch__every_line_is_found_by_its_index(void **state)
{
    (void)state;
    check_all(own_order, false);
    check_all(other_order, false);
}

static void test_fetch__compressed_files_too(void **state)
{
    (void)state;
    check_all(own_order, true);
}

static void test_fetch__a_history_from_memory_has_no_lines(void **state)
{
    (void)state;
    struct budget budget;
    struct history history;
    struct buf line;
    struct err err;

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    buf_init(&line, 0);
    assert_int_equal(history_fetch(&history, 0, &line, &err), -1);
    assert_int_equal(line.len, 0);
    history_release(&history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch__every_line_is_found_by_its_index),
        cmocka_unit_test(test_fetch__compressed_files_too),
        cmocka_unit_test(test_fetch__a_history_from_memory_has_no_lines),
    };
    int fd = mkstemp(path);
    if (fd < 0)
        return 1;
    (void)close(fd);
    int failed = cmocka_run_group_tests_name("history/fetch", tests, NULL, NULL);
    (void)unlink(path);
    return failed;
}
