/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the timeline: pictures as expected text. */
#include "../../harness/report/timeline.h"
#include "../../harness/base/rng.h"
#include "../../harness/report/text.h"
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <string.h>

#define MS INT64_C(1000000)

/* Process p talks to node n<p mod 3 + 1>. */
static struct hist *story(const char *text)
{
    struct hist *hist = hist_new(text);
    (void)history_node(&hist->history, STR("n1"));
    (void)history_node(&hist->history, STR("n2"));
    (void)history_node(&hist->history, STR("n3"));
    for (size_t i = 0; i < hist->history.count; i++)
        hist->history.ops[i].node = (uint8_t)(hist->history.ops[i].process % 3);
    return hist;
}

static void draw(struct hist *hist, int columns, bool ascii, struct buf *out)
{
    uint32_t ops[1024];
    size_t count = hist->history.count < 1024 ? hist->history.count : 1024;
    for (uint32_t i = 0; i < count; i++)
        ops[i] = i;
    buf_init(out, 0);
    timeline_text(&hist->history, ops, count, columns, ascii, out);
}

static void expect(struct hist *hist, bool ascii, const char *picture)
{
    struct buf out;
    draw(hist, 80, ascii, &out);
    assert_string_equal(out.ptr, picture);
    buf_release(&out);
    hist_free(hist);
}

static const char stale[] = "p0 write 12 57 @ 1000000000 1001000000\n"
                            "p1 read 12 -> 41 @ 2201000000 2202000000\n";

static void test_timeline__is_drawn_per_process_with_faults_and_times(void **state)
{
    (void)state;
    struct hist *hist = story(stale);
    events_fault(&hist->history, 0, "partition",
                 "{\"n1\":[\"n2\",\"n3\"],\"n2\":[\"n1\"],\"n3\":[\"n1\"]}", 1500 * MS, 3000 * MS,
                 5);
    expect(hist, false,
           "                                             ░░░░░░ partition n1 | n2 n3 ░░░░░░░\n"
           "  p0   n1  ├───── write 57 ──────┤\n"
           "  p1   n2                                               ├───── read → 41 ──────┤\n"
           "  seconds  1.000                  1.001      1.501      2.201              2.202\n");
}

static void test_timeline__ascii_is_ascii(void **state)
{
    (void)state;
    struct buf out;
    struct hist *hist = story("p0 cas x 1 2 @ 0 5000000\np1 read x -> 2 @ 7000000 ?\n"
                              "p2 write x 3 @ 1000000 2000000 fail\n");
    draw(hist, 80, true, &out);
    assert_string_equal(
        out.ptr,
        "  p0   n1  |---------------- cas 1->2 ----------------|\n"
        "  p2   n3         |------- write 3! -------|\n"
        "  p1   n2                                                  |. read? ............\n"
        "  seconds  0.000  0.001                     0.002          0.007\n");
    buf_release(&out);
    hist_free(hist);
}

static void test_timeline__numbers_stand_for_labels_where_room_is_short(void **state)
{
    (void)state;
    struct buf text, out;
    buf_init(&text, 0);
    for (int i = 0; i < 7; i++)
        buf_printf(&text, "p0 write x %d @ %d000000 %d000000\n", i, 2 * i, 2 * i + 1);
    struct hist *hist = story(text.ptr);
    draw(hist, 80, false, &out);
    assert_non_null(strstr(out.ptr, "─2─"));
    assert_non_null(strstr(out.ptr, "  1: write 0  2: write 1"));
    buf_release(&out);
    buf_release(&text);
    hist_free(hist);
}

static void test_timeline__says_what_it_leaves_out(void **state)
{
    (void)state;
    struct buf text, out;
    buf_init(&text, 0);
    for (int i = 0; i < 100; i++)
        buf_printf(&text, "p0 write x %d @ %d000000 %d000000\n", i, 2 * i, 2 * i + 1);
    struct hist *hist = story(text.ptr);
    draw(hist, 80, false, &out);
    assert_non_null(strstr(out.ptr, " more operations)\n"));
    buf_release(&out);
    buf_release(&text);
    hist_free(hist);
}

/* Whatever the history: lines fit, and every operation of few is named. */
static void test_timeline__fits_any_width(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 5, 0);
    for (int round = 0; round < 400; round++) {
        struct buf text, out;
        int count = 1 + (int)rng_below(&rng, 12);
        buf_init(&text, 0);
        for (int i = 0; i < count; i++) {
            uint64_t from = rng_below(&rng, 50), took = rng_below(&rng, 30);
            static const char *const ends[] = {"ok", "fail", "info"};
            buf_printf(&text, "p%d write x \"value-%d\" @ %d %d %s\n", i, i, (int)from,
                       (int)(from + took), ends[rng_below(&rng, 3)]);
        }
        struct hist *hist = story(text.ptr);
        for (int i = 0; i < (int)rng_below(&rng, 9); i++)
            events_fault(&hist->history, i, "pause", "[\"n1\"]", (int64_t)rng_below(&rng, 60),
                         60 + (int64_t)rng_below(&rng, 20), 1);
        int columns = 20 + (int)rng_below(&rng, 250);
        draw(hist, columns, round % 2, &out);
        for (const char *line = out.ptr; line && *line;) {
            size_t len = strcspn(line, "\n");
            assert_true(text_columns((struct str){line, len}) <= columns);
            line += len + 1;
        }
        buf_release(&out);
        buf_release(&text);
        hist_free(hist);
    }
}

static void test_timeline__nothing_is_drawn_of_nothing(void **state)
{
    (void)state;
    struct buf out;
    struct hist *hist = story("");
    draw(hist, 80, false, &out);
    assert_int_equal(out.len, 0);
    buf_init(&out, 0);
    timeline_svg(&hist->history, NULL, 0, 0, &out);
    buf_release(&out);
    hist_free(hist);
}

static void test_timeline__terminal_is_not_driven_by_values(void **state)
{
    (void)state;
    struct buf out;
    struct hist *hist = story("p0 write x 1 @ 1 2\n");
    hist->history.ops[0].in =
        values_json(&hist->history.values, str_of("\"\x1b[2J\xc2\x9b\x31m\xff\""));
    draw(hist, 80, false, &out);
    assert_null(strchr(out.ptr, '\x1b'));
    assert_null(strstr(out.ptr, "\xc2\x9b"));
    assert_null(strchr(out.ptr, '\xff'));
    buf_release(&out);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timeline__is_drawn_per_process_with_faults_and_times),
        cmocka_unit_test(test_timeline__ascii_is_ascii),
        cmocka_unit_test(test_timeline__numbers_stand_for_labels_where_room_is_short),
        cmocka_unit_test(test_timeline__says_what_it_leaves_out),
        cmocka_unit_test(test_timeline__fits_any_width),
        cmocka_unit_test(test_timeline__nothing_is_drawn_of_nothing),
        cmocka_unit_test(test_timeline__terminal_is_not_driven_by_values),
    };
    return cmocka_run_group_tests_name("report/timeline", tests, NULL, NULL);
}
