/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of report/clock_tracks.c: clocks.jsonl is read as far as it makes sense, and what does not
 * is counted. */
#include "../../harness/report/clock_tracks.h"
#include "../../harness/runner/clock_record.h"
#include "../lib/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[64], path[128];
static struct clock_tracks tracks;

static int set_up(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof dir, "/tmp/ordeal-tracks-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    (void)snprintf(path, sizeof path, "%s/clocks.jsonl", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    clock_tracks_release(&tracks);
    (void)unlink(path);
    return rmdir(dir);
}

static void read_text(const char *text, size_t len)
{
    struct err err;
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(clock_tracks_read(&tracks, dir, &err), 0);
}

static void test_clock_tracks__no_file_is_no_clocks(void **state)
{
    (void)state;
    struct err err;

    assert_int_equal(clock_tracks_read(&tracks, dir, &err), 0);
    assert_int_equal(tracks.count, 0);
    assert_int_equal(tracks.left_out, 0);
}

static void test_clock_tracks__what_runs_write_is_read_back(void **state)
{
    (void)state;
    static const char *const nodes[] = {"n10", "n2", "n10"};
    struct buf text;

    buf_init(&text, 0);
    for (int i = 0; i < 3; i++) {
        const struct clock_sample sample = {1000 + i, -3600000000000 + i, 7 * i, 40};
        clock_record_print(nodes[i], &sample, 1000, &text);
    }
    read_text(text.ptr, text.len);
    buf_release(&text);
    assert_int_equal(tracks.left_out, 0);
    assert_int_equal(tracks.count, 2);
    assert_string_equal(tracks.tracks[0].node, "n2");
    assert_string_equal(tracks.tracks[1].node, "n10");
    assert_int_equal(tracks.tracks[1].count, 2);
    const struct clock_point *last = &tracks.tracks[1].points[1];
    assert_int_equal(last->time_ns, 2);
    assert_true(last->wall_ns == -3600000000000 + 2);
    assert_int_equal(last->monotonic_ns, 14);
}

#define GOOD "{\"time\":5,\"node\":\"n1\",\"wall_offset_ns\":1,\"monotonic_offset_ns\":2}\n"

static void test_clock_tracks__lines_that_make_no_sense_are_counted(void **state)
{
    (void)state;
    char text[8192] =
        GOOD "\n"
             "null\n[]\nnonsense\n"
             "{\"time\":5,\"node\":\"n1\",\"wall_offset_ns\":1}\n"
             "{\"time\":-5,\"node\":\"n1\",\"wall_offset_ns\":1,\"monotonic_offset_ns\":2}\n"
             "{\"time\":4,\"node\":\"n1\",\"wall_offset_ns\":1,\"monotonic_offset_ns\":2}\n"
             "{\"time\":6,\"node\":7,\"wall_offset_ns\":1,\"monotonic_offset_ns\":2}\n"
             "{\"time\":6.5,\"node\":\"n1\",\"wall_offset_ns\":1,\"monotonic_offset_ns\":2}\n";
    enum { ODD = 9, LONG = 3000 };
    size_t len = strlen(text);

    text[len++] = '"'; /* one line that is too long is one line */
    memset(text + len, 'x', LONG);
    len += LONG;
    memcpy(text + len, "\n\0\n" GOOD, sizeof GOOD + 2);
    len += sizeof GOOD + 2;
    read_text(text, len);
    assert_int_equal(tracks.count, 1);
    assert_int_equal(tracks.points, 2);
    assert_int_equal(tracks.left_out, ODD + 2);
}

static void test_clock_tracks__a_torn_last_line_is_left_out(void **state)
{
    (void)state;
    for (size_t len = sizeof GOOD; len < 2 * (sizeof GOOD - 1) - 1; len++) {
        read_text(GOOD GOOD, len);
        assert_int_equal(tracks.points, 1);
        assert_int_equal(tracks.left_out, 1);
        clock_tracks_release(&tracks);
    }
    read_text(GOOD GOOD, 2 * (sizeof GOOD - 1) - 1); /* only its end is missing */
    assert_int_equal(tracks.points, 2);
}

static void test_clock_tracks__more_nodes_than_there_can_be_are_left_out(void **state)
{
    (void)state;
    struct buf text;

    buf_init(&text, 0);
    for (int i = 0; i < CLOCK_TRACKS_MAX + 5; i++) {
        char name[CLOCK_NAME_MAX + 16];
        (void)snprintf(name, sizeof name, "n%d", i);
        clock_record_print(name, &(struct clock_sample){.time_ns = 1}, 0, &text);
    }
    char name[CLOCK_NAME_MAX + 1];
    memset(name, 'n', sizeof name);
    name[CLOCK_NAME_MAX] = '\0';
    clock_record_print(name, &(struct clock_sample){.time_ns = 1}, 0, &text);
    read_text(text.ptr, text.len);
    buf_release(&text);
    assert_int_equal(tracks.count, CLOCK_TRACKS_MAX);
    assert_int_equal(tracks.left_out, 6);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_clock_tracks__##name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(no_file_is_no_clocks),
        TEST(what_runs_write_is_read_back),
        TEST(lines_that_make_no_sense_are_counted),
        TEST(a_torn_last_line_is_left_out),
        TEST(more_nodes_than_there_can_be_are_left_out),
    };
    return cmocka_run_group_tests_name("report/clock_tracks", tests, NULL, NULL);
}
