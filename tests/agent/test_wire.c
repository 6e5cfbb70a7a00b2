/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/agent/wire.c: lines come out whole however they come in, and never too long. */
#include "../../harness/agent/wire.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static struct lines lines;
static int ends[2];

static int setup(void **state)
{
    (void)state;
    struct err err;
    return pipe2(ends, O_NONBLOCK) || lines_init(&lines, &err);
}

static int teardown(void **state)
{
    (void)state;
    (void)close(ends[0]);
    (void)close(ends[1]);
    lines_release(&lines);
    return 0;
}

static void feed(const char *bytes, size_t len)
{
    assert_int_equal(write(ends[1], bytes, len), (long)len);
    assert_int_equal(lines_fill(&lines, ends[0]), (long)len);
}

static void test_wire__a_line_cut_anywhere_comes_out_whole(void **state)
{
    (void)state;
    static const char text[] = "one\n\ntwo\n";
    struct str line;
    for (size_t cut = 0; cut <= 9; cut++) {
        if (cut)
            feed(text, cut);
        if (cut < 9)
            feed(text + cut, 9 - cut);
        assert_int_equal(lines_next(&lines, &line), LINE_READY);
        assert_true(str_eq(line, STR("one")));
        assert_int_equal(lines_next(&lines, &line), LINE_READY);
        assert_true(str_eq(line, STR("")));
        assert_int_equal(lines_next(&lines, &line), LINE_READY);
        assert_true(str_eq(line, STR("two")));
        assert_int_equal(lines_next(&lines, &line), LINE_NONE);
    }
}

struct seen {
    int ready, refused;
    size_t len; /* of the last ready one */
    char middle;
};

/* Send `len` bytes in random pieces, and take what comes out. */
static void pour(struct rng *rng, char byte, size_t len, struct seen *seen)
{
    static char piece[50000];
    struct str line;

    memset(piece, byte, sizeof piece);
    while (len) {
        size_t part = 1 + rng_below(rng, sizeof piece);
        part = part < len ? part : len;
        assert_int_equal(write(ends[1], piece, part), (long)part);
        len -= part;
        while (lines_fill(&lines, ends[0]) > 0) {
            for (enum line_found found; (found = lines_next(&lines, &line)) != LINE_NONE;) {
                seen->refused += found == LINE_TOO_LONG;
                if (found == LINE_READY) {
                    seen->ready++;
                    seen->len = line.len;
                    seen->middle = line.ptr[line.len / 2];
                }
            }
        }
    }
}

/* Whatever the lengths: those within the limit come out, each other is said once. */
static void test_wire__too_long_is_said_once_and_dropped(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 7, 0);
    for (int round = 0; round < 12; round++) {
        size_t lens[3] = {LINE_MAX_BYTES + rng_below(&rng, LINE_MAX_BYTES),
                          LINE_MAX_BYTES - (size_t)(round / 3 % 2), 1 + rng_below(&rng, 5000)};
        size_t len = lens[round % 3];
        struct seen seen = {0};
        pour(&rng, (char)('a' + round), len, &seen);
        pour(&rng, '\n', 1, &seen);
        assert_int_equal(seen.ready, len < LINE_MAX_BYTES);
        assert_int_equal(seen.refused, len >= LINE_MAX_BYTES);
        assert_true(!seen.ready || (seen.len == len && seen.middle == 'a' + round));
    }
}

static void test_wire__without_room_nothing_is_read(void **state)
{
    (void)state;
    static char full[4096];
    memset(full, '\n', sizeof full);
    for (int i = 0; i < LINE_MAX_BYTES / 4096; i++)
        feed(full, sizeof full);
    errno = 0;
    assert_int_equal(lines_fill(&lines, ends[0]), -1);
    assert_int_equal(errno, EAGAIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_wire__a_line_cut_anywhere_comes_out_whole, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_wire__too_long_is_said_once_and_dropped, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_wire__without_room_nothing_is_read, setup, teardown),
    };
    return cmocka_run_group_tests_name("agent/wire", tests, NULL, NULL);
}
