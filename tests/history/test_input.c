/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/input.c: compressed or not, whole or cut off, in blocks or in lines. */
#include "../../harness/base/rng.h"
#include "../../harness/history/input.h"
#include "../lib/check.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { SIZE = 350000 };

static char text[SIZE];
static char packed[2 * SIZE];

static void make_text(void)
{
    struct rng rng;
    rng_init(&rng, 3, 0);
    for (int i = 0; i < SIZE; i++)
        text[i] = (char)(rng_below(&rng, 20) ? 'a' + rng_below(&rng, 8) : '\n');
}

/* `parts` gzip members, one after another. */
static size_t pack_gzip(int parts)
{
    size_t len = 0;
    for (int i = 0; i < parts; i++) {
        z_stream z = {0};
        assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = (Bytef *)text + i * (SIZE / parts);
        z.avail_in = SIZE / (uInt)parts;
        z.next_out = (Bytef *)packed + len;
        z.avail_out = (uInt)(sizeof packed - len);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        len += z.total_out;
        assert_int_equal(deflateEnd(&z), Z_OK);
    }
    return len;
}

static size_t pack_zstd(int parts)
{
    size_t len = 0;
    for (int i = 0; i < parts; i++) {
        size_t part = SIZE / (size_t)parts;
        size_t n =
            ZSTD_compress(packed + len, sizeof packed - len, text + (size_t)i * part, part, 3);
        assert_false(ZSTD_isError(n));
        len += n;
    }
    return len;
}

static struct input *open_bytes(const char *bytes, size_t len)
{
    struct input *input;
    struct err err;
    if (input_open_memory(&input, "bytes", (struct str){bytes, len}, &err) < 0)
        fail_msg("%s", err.msg);
    return input;
}

/* Read all in steps of odd sizes; what comes must be the text from its beginning. */
static size_t read_all(struct input *input, bool *failed)
{
    static char into[100003];
    size_t len = 0, step = 1;
    struct err err;

    *failed = false;
    for (;;) {
        ssize_t n = input_read(input, into, step, &err);
        if (n < 0)
            *failed = true;
        if (n <= 0)
            return len;
        assert_true(len + (size_t)n <= SIZE);
        assert_true(memcmp(into, text + len, (size_t)n) == 0);
        len += (size_t)n;
        step = step * 7 % sizeof into + 1;
    }
}

static void check_whole(const char *bytes, size_t len)
{
    bool failed;
    struct input *input = open_bytes(bytes, len);
    struct str peek = input_peek(input);
    assert_int_equal(peek.len, 65536);
    assert_true(memcmp(peek.ptr, text, peek.len) == 0);
    assert_int_equal(read_all(input, &failed), SIZE);
    assert_false(failed);
    assert_false(input_torn(input));
    input_close(input);
}

static void test_input__all_codings_give_the_same_bytes(void **state)
{
    (void)state;
    check_whole(text, SIZE);
    check_whole(packed, pack_gzip(1));
    check_whole(packed, pack_gzip(7)); /* as `cat a.gz b.gz` makes them */
    check_whole(packed, pack_zstd(1));
    check_whole(packed, pack_zstd(5));
    size_t len = pack_gzip(1);
    memset(packed + len, 0, 512);
    check_whole(packed, len + 512);
}

static void test_input__cut_off_data_are_torn_and_not_lost(void **state)
{
    (void)state;
    for (int coding = 0; coding < 2; coding++) {
        size_t len = coding ? pack_zstd(1) : pack_gzip(1);
        for (size_t cut = 20; cut < len; cut += len / 17) {
            bool failed;
            struct input *input = open_bytes(packed, cut);
            size_t got = read_all(input, &failed);
            assert_true(got < SIZE);
            assert_true(got > 0 || cut < len / 2);
            assert_false(failed);
            assert_true(input_torn(input));
            input_close(input);
        }
    }
}

static void test_input__damaged_data_are_an_error_or_the_text(void **state)
{
    (void)state;
    size_t errors = 0;
    struct rng rng;

    rng_init(&rng, 5, 0);
    for (int round = 0; round < 40; round++) {
        struct input *input;
        struct err err;
        size_t len = pack_gzip(1);
        packed[10 + rng_below(&rng, len - 10)] ^= (char)(1 << rng_below(&rng, 8));
        if (input_open_memory(&input, "bytes", (struct str){packed, len}, &err) < 0) {
            assert_non_null(strstr(err.msg, "'bytes' is not readable as gzip data"));
            errors++;
            continue;
        }
        static char into[4096];
        ssize_t n;
        while ((n = input_read(input, into, sizeof into, &err)) > 0)
            ;
        errors += n < 0;
        input_close(input);
    }
    assert_true(errors > 30); /* gzip has a checksum */
}

static void check_lines(const char *bytes, size_t len)
{
    struct input *input = open_bytes(bytes, len);
    struct str line;
    struct err err;
    size_t at = 0;
    uint64_t count = 0;
    int got;

    while ((got = input_line(input, &line, &err)) > 0) {
        assert_int_equal(input_line_number(input), ++count);
        assert_true(memcmp(line.ptr, text + at, line.len) == 0);
        at += line.len;
        assert_int_equal(input_line_ended(input), at < SIZE && text[at] == '\n');
        at++;
    }
    assert_int_equal(got, 0);
    assert_true(at >= SIZE);
    input_close(input);
}

static void test_input__lines_are_the_text_cut_at_line_ends(void **state)
{
    (void)state;
    check_lines(text, SIZE);
    check_lines(packed, pack_gzip(2));

    struct str line;
    struct err err;
    struct input *input = open_bytes("a\r\n\r\n\nb", 7);
    assert_int_equal(input_line(input, &line, &err), 1);
    assert_true(str_eq(line, STR("a")));
    assert_int_equal(input_line(input, &line, &err), 1);
    assert_int_equal(line.len, 0);
    assert_int_equal(input_line(input, &line, &err), 1);
    assert_int_equal(line.len, 0);
    assert_true(input_line_ended(input));
    assert_int_equal(input_line(input, &line, &err), 1);
    assert_true(str_eq(line, STR("b")));
    assert_false(input_line_ended(input));
    assert_int_equal(input_line(input, &line, &err), 0);
    input_close(input);
}

static void test_input__skipping_is_reading_without_looking(void **state)
{
    (void)state;
    char path[] = "/tmp/test_input.XXXXXX";
    int fd = mkstemp(path);
    static const size_t skips[] = {0, 1, 65535, 65536, 65537, 262144, 300000, SIZE - 1, SIZE + 5};

    assert_true(fd >= 0);
    for (int coding = 0; coding < 3; coding++) {
        size_t len = coding == 0 ? SIZE : coding == 1 ? pack_gzip(2) : pack_zstd(1);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(pwrite(fd, coding == 0 ? text : packed, len, 0), len);
        for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++) {
            struct input *input;
            struct err err;
            char c;
            assert_int_equal(input_open(&input, path, &err), 0);
            assert_int_equal(input_skip(input, skips[i], &err), 0);
            assert_int_equal(input_read(input, &c, 1, &err), skips[i] < SIZE);
            if (skips[i] < SIZE)
                assert_int_equal(c, text[skips[i]]);
            input_close(input);
        }
    }
    (void)close(fd);
    (void)unlink(path);
}

static void test_input__what_cannot_be_opened_is_named(void **state)
{
    (void)state;
    struct input *input;
    struct err err;

    assert_int_equal(input_open(&input, "/nonexistent/x.jsonl", &err), -1);
    assert_string_equal(err.msg, "cannot open '/nonexistent/x.jsonl': No such file or directory");
    assert_int_equal(input_open(&input, "/tmp", &err), -1);
    assert_string_equal(err.msg, "cannot read '/tmp': Is a directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_input__all_codings_give_the_same_bytes),
        cmocka_unit_test(test_input__cut_off_data_are_torn_and_not_lost),
        cmocka_unit_test(test_input__damaged_data_are_an_error_or_the_text),
        cmocka_unit_test(test_input__lines_are_the_text_cut_at_line_ends),
        cmocka_unit_test(test_input__skipping_is_reading_without_looking),
        cmocka_unit_test(test_input__what_cannot_be_opened_is_named),
    };
    make_text();
    return cmocka_run_group_tests_name("history/input", tests, NULL, NULL);
}
