/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/cap.c and cap/sides.c: which cuts divide, and who answered on which side. */
#include "../../checkers/cap/sides.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)

extern const struct checker checker_cap;

/* n1 and n2 on one side, n3 on the other. */
static const char cut[] = "{\"n1\":[\"n3\"],\"n2\":[\"n3\"],\"n3\":[\"n1\",\"n2\"]}";

/* Process p talks to node n<p mod 3 + 1>. */
static struct hist *three_nodes(const char *story)
{
    struct hist *hist = hist_new(story);

    for (int node = 0; node < 3; node++) {
        char name[] = {'n', (char)('1' + node), '\0'};
        (void)history_node(&hist->history, str_of(name));
    }
    for (size_t i = 0; i < hist->history.count; i++)
        hist->history.ops[i].node = (uint8_t)(hist->history.ops[i].process % 3);
    return hist;
}

static json_t *look(struct hist *hist, char reason[256])
{
    const struct check_options options = {0};
    struct finding finding;
    struct buf json;
    struct err err;

    finding_init(&finding);
    assert_int_equal(checker_cap.check(&hist->history, &options, &hist->budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_VALID);
    if (reason)
        (void)snprintf(reason, 256, "%s", finding.reason);
    buf_init(&json, 0);
    finding_print(&finding, &hist->history, &json);
    json_t *parsed = json_loads(json.ptr, 0, NULL);
    assert_non_null(parsed);
    buf_release(&json);
    finding_release(&finding);
    return parsed;
}

/* The choice in a cut from 1 s to 3 s; NULL: no cut counts. */
static void expect(const char *story, const char *choice)
{
    struct hist *hist = three_nodes(story);

    events_fault(&hist->history, 0, "partition", cut, 1000 * MS, 3000 * MS, 9);
    json_t *json = look(hist, NULL);
    const char *got = json_string_value(json_object_get(json, "choice"));
    if (choice)
        assert_string_equal(got, choice);
    else
        assert_null(got);
    json_decref(json);
    hist_free(hist);
}

static void test_cap__who_answers_everywhere_is_available(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p0 read x -> 1 @ 2200000000 2201000000\n"
           "p2 write x 2 @ 2100000000 2101000000\n"
           "p2 read x -> 2 @ 2200000000 2201000000\n",
           "reads: every side; updates: every side");
}

static void test_cap__a_side_without_answers_is_not(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p1 read x -> 1 @ 2200000000 2201000000\n"
           "p2 read x -> 1 @ 2100000000 2101000000\n"
           "p2 write x 2 @ 2200000000 2700000000 info\n",
           "reads: every side; updates: the majority");
    expect("p0 write x 1 @ 2100000000 2700000000 info\n"
           "p1 read x @ 2200000000 2700000000 fail\n"
           "p2 write x 1 @ 2100000000 2101000000\n"
           "p2 read x -> 1 @ 2200000000 2201000000\n",
           "reads: a minority; updates: a minority");
    expect("p0 write x 1 @ 2100000000 2700000000 info\n"
           "p2 write x 1 @ 2100000000 2700000000 fail\n",
           "reads: untried; updates: no side");
}

/* The first half is for the system to notice; what began in it and got no answer counts. */
static void test_cap__the_second_half_speaks_for_the_cut(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 1100000000 1300000000 fail\n"
           "p0 write x 2 @ 2100000000 2101000000\n"
           "p2 write x 3 @ 1100000000 1101000000\n"
           "p2 write x 4 @ 1200000000 6200000000 info\n",
           "reads: untried; updates: the majority");
}

/* What the cut held up until it was healed got no answer during it. */
static void test_cap__an_answer_after_the_cut_is_none_in_it(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p2 write x 2 @ 2200000000 3100000000\n",
           "reads: untried; updates: the majority");
}

static void test_cap__what_was_under_way_at_the_end_says_nothing(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p2 write x 2 @ 2100000000 2101000000\n"
           "p2 write x 3 @ 2990000000 3001000000\n"
           "p5 write x 4 @ 2950000000 3950000000 info\n",
           "reads: untried; updates: every side");
    expect("p0 write x 1 @ 2100000000 2600000000\n"
           "p2 write x 2 @ 2100000000 2101000000\n"
           "p5 write x 4 @ 2700000000 3950000000\n",
           "reads: untried; updates: every side");
}

static void test_cap__a_failed_cas_may_be_an_answer(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p2 write x 2 @ 2100000000 2101000000\n"
           "p2 cas x 7 8 @ 2200000000 2201000000 fail\n",
           "reads: untried; updates: every side");
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p2 cas x 7 8 @ 2200000000 2701000000 info\n",
           "reads: untried; updates: the majority");
}

static void test_cap__many_unanswered_are_said(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 2100000000 2101000000\n"
           "p2 write x 2 @ 2100000000 2101000000\n"
           "p2 write x 3 @ 2200000000 2201000000 fail\n",
           "reads: untried; updates: every side in part");
}

static void test_cap__other_faults_at_the_time_leave_the_cut_out(void **state)
{
    (void)state;
    struct hist *hist = three_nodes("p0 write x 1 @ 2100000000 2101000000\n"
                                    "p2 write x 2 @ 2100000000 2101000000\n");
    char reason[256];

    events_fault(&hist->history, 0, "partition", cut, 1000 * MS, 3000 * MS, 9);
    events_fault(&hist->history, 1, "kill", "[\"n3\"]", 1500 * MS, 1600 * MS, 1);
    json_t *json = look(hist, reason);
    assert_int_equal(json_array_size(json_object_get(json, "cuts")), 0);
    assert_string_equal(reason, "");
    json_decref(json);
    hist_free(hist);
}

/* A side that answered here and the other there is one side; else it varied. */
static void test_cap__cuts_are_told_together(void **state)
{
    (void)state;
    struct hist *hist = three_nodes("p0 write x 1 @ 200000000 201000000\n"
                                    "p2 write x 2 @ 160000000 220000000 fail\n"
                                    "p0 write x 3 @ 1160000000 1220000000 fail\n"
                                    "p2 write x 4 @ 1200000000 1201000000\n");
    char reason[256];

    events_fault(&hist->history, 0, "partition", cut, 100 * MS, 300 * MS, 9);
    events_fault(&hist->history, 1, "partition", cut, 1100 * MS, 1300 * MS, 9);
    json_t *json = look(hist, reason), *cuts = json_object_get(json, "cuts");
    assert_string_equal(reason, "in 2 cuts, reads: untried; updates: one side (2 answered, 2 not, "
                                "in the second half of each)");
    assert_string_equal(json_string_value(json_object_get(json_array_get(cuts, 1), "choice")),
                        "reads: untried; updates: a minority");
    const json_t *side = json_array_get(json_object_get(json_array_get(cuts, 0), "sides"), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(side, "nodes"), 0)), "n3");
    assert_int_equal(
        json_integer_value(json_object_get(json_object_get(side, "updates"), "unanswered")), 1);
    json_decref(json);
    hist_free(hist);
}

/* -- sides --------------------------------------------------------------------------------------
 */

static void test_sides__what_is_no_clean_cut_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{\"n1\":[\"n3\"],\"n2\":[\"n3\"]}",           /* one way */
        "{\"n1\":[\"n3\"],\"n3\":[\"n1\"]}",           /* n2 hears both */
        "{\"n1\":[\"clients\"],\"clients\":[\"n1\"]}", /* not the nodes */
        "{}",
        "",
        "null",
        "{\"n1\"",
        "{\"n1\":[\"n2\"",
        "{\"n1\":7}",
        "[\"n1\"]",
        "{\"n1\":[\"n3\"],\"n2\":[\"n3\"],\"n3\":[\"n1\",\"n2\"]", /* not closed */
    };
    struct hist *hist = three_nodes("p0 read x @ 0 1\n");
    struct sides sides;

    assert_true(sides_read(&hist->history, cut, &hist->budget, &sides));
    assert_int_equal(sides.count, 2);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (sides_read(&hist->history, wrong[i], &hist->budget, &sides))
            fail_msg("divides: %s", wrong[i]);
    }
    hist_free(hist);
}

static void test_sides__nodes_that_no_operation_names_count(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 read x @ 0 1\n");
    struct sides sides;

    hist->history.ops[0].node = (uint8_t)history_node(&hist->history, STR("n3"));
    assert_true(sides_read(&hist->history, cut, &hist->budget, &sides));
    assert_int_equal(sides.total, 3);
    assert_int_equal(sides.sizes[sides.of[0]], 1);
    hist_free(hist);
}

enum { NODES = 7 };

static void print_grudge(const bool deaf[NODES][NODES], struct buf *text)
{
    buf_puts(text, "{");
    for (int to = 0; to < NODES; to++) {
        char name[] = {'n', (char)('1' + to), '\0'};
        buf_json_next(text, name);
        buf_puts(text, "[");
        for (int from = 0; from < NODES; from++) {
            char other[] = {'n', (char)('1' + from), '\0'};
            if (deaf[to][from])
                buf_json_str(text, NULL, str_of(other));
        }
        buf_puts(text, "]");
    }
    buf_puts(text, "}");
}

/* Groups drawn by lot are found again; with one link cut or mended they are no sides any more. */
static void test_sides__are_those_that_were_drawn(void **state)
{
    (void)state;
    struct hist *hist = hist_new("p0 read x @ 0 1\n");
    struct rng rng;

    rng_init(&rng, 5, 0);
    for (int node = 0; node < NODES; node++) {
        char name[] = {'n', (char)('1' + node), '\0'};
        (void)history_node(&hist->history, str_of(name));
    }
    for (int round = 0; round < 2000; round++) {
        bool deaf[NODES][NODES] = {{false}}, any = false;
        int groups[NODES], broken = (int)rng_below(&rng, 2);
        struct sides sides;
        struct buf text;
        for (int node = 0; node < NODES; node++)
            groups[node] = (int)rng_below(&rng, 3);
        for (int to = 0; to < NODES; to++) {
            for (int from = 0; from < NODES; from++)
                any |= deaf[to][from] = groups[to] != groups[from];
        }
        if (broken) {
            int to = (int)rng_below(&rng, NODES), step = 1 + (int)rng_below(&rng, NODES - 1);
            deaf[to][(to + step) % NODES] ^= true;
        }
        buf_init(&text, 0);
        print_grudge((const bool(*)[NODES])deaf, &text);
        bool clean = sides_read(&hist->history, text.ptr, &hist->budget, &sides);
        assert_int_equal(clean, any && !broken);
        for (int a = 0; clean && a < NODES; a++) {
            for (int b = 0; b < NODES; b++)
                assert_int_equal(groups[a] == groups[b], sides.of[a] == sides.of[b]);
        }
        buf_release(&text);
    }
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cap__who_answers_everywhere_is_available),
        cmocka_unit_test(test_cap__a_side_without_answers_is_not),
        cmocka_unit_test(test_cap__the_second_half_speaks_for_the_cut),
        cmocka_unit_test(test_cap__an_answer_after_the_cut_is_none_in_it),
        cmocka_unit_test(test_cap__what_was_under_way_at_the_end_says_nothing),
        cmocka_unit_test(test_cap__a_failed_cas_may_be_an_answer),
        cmocka_unit_test(test_cap__many_unanswered_are_said),
        cmocka_unit_test(test_cap__other_faults_at_the_time_leave_the_cut_out),
        cmocka_unit_test(test_cap__cuts_are_told_together),
        cmocka_unit_test(test_sides__what_is_no_clean_cut_is_refused),
        cmocka_unit_test(test_sides__nodes_that_no_operation_names_count),
        cmocka_unit_test(test_sides__are_those_that_were_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
