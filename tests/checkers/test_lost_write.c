/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of lost_write.c: which acknowledged writes are gone in the end, and what may excuse it. */
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

extern const struct checker checker_lost_write;

enum { FINAL_NS = 1000 };

static enum verdict judge(struct hist *hist, size_t *anomalies, char reason[256])
{
    const struct check_options options = {0};
    struct finding finding;
    struct err err;

    events_note(&hist->history, FINAL_NS / 2, "phase", "\"heal\"");
    events_note(&hist->history, FINAL_NS, "phase", "\"final\"");
    finding_init(&finding);
    assert_int_equal(
        checker_lost_write.check(&hist->history, &options, &hist->budget, &finding, &err), 0);
    enum verdict verdict = finding.valid;
    for (size_t i = 0; i < finding.anomaly_count; i++)
        assert_true(finding.anomalies[i].verified);
    if (anomalies)
        *anomalies = finding.anomaly_count;
    if (reason)
        (void)snprintf(reason, 256, "%s",
                       finding.anomaly_count ? finding.anomalies[0].explanation : finding.reason);
    finding_release(&finding);
    return verdict;
}

static void expect(const char *story, enum verdict expected)
{
    struct hist *hist = hist_new(story);
    enum verdict verdict = judge(hist, NULL, NULL);

    if (verdict != expected)
        fail_msg("%s\n  is %s, not %s", story, verdict_names[verdict], verdict_names[expected]);
    hist_free(hist);
}

static void test_lost_write__the_older_of_two_in_the_end_is_one(void **state)
{
    (void)state;
    size_t anomalies;
    char text[256];
    struct hist *hist = hist_new("p0 write x 1 @ 0 10\n"
                                 "p1 write x 2 @ 20 30\n"
                                 "p0 read x -> 1 @ 1001 1002\n"
                                 "p1 read x -> 1 @ 1001 1002\n");
    assert_int_equal(judge(hist, &anomalies, text), VERDICT_INVALID);
    assert_int_equal(anomalies, 1);
    assert_non_null(strstr(text, "returned 1, but 2 was acknowledged after that"));
    hist_free(hist);
    expect("p0 write x 2 @ 20 30\n"
           "p0 read x -> nil @ 1001 1002\n",
           VERDICT_INVALID);
    expect("p0 write x 1 @ 0 10\n"
           "p1 cas x 1 2 @ 20 30\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_INVALID);
}

static void test_lost_write__the_newer_and_the_concurrent_are_none(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 2 @ 1001 1002\n",
           VERDICT_VALID);
    expect("p0 write x 1 @ 0 20\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
    expect("p0 write x 1 @ 0 20\n"
           "p1 write y 2 @ 30 40\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
}

static void test_lost_write__what_was_not_acknowledged_cannot_be_lost(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30 info\n"
           "p2 write x 3 @ 20 30 fail\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
}

/* It may have taken effect at any time since. */
static void test_lost_write__an_unknown_write_of_the_final_value_excuses(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10 info\n"
           "p1 write x 2 @ 20 30\n"
           "p2 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p2 write x 1 @ 25 40\n"
           "p2 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p2 write x 1 @ 25 40 fail\n"
           "p2 read x -> 1 @ 1001 1002\n",
           VERDICT_INVALID);
}

static void test_lost_write__final_reads_that_differ_or_lack_say_nothing(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 1 @ 1001 1002\n"
           "p1 read x -> 2 @ 1001 1002\n",
           VERDICT_UNKNOWN);
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 1 @ 1001 1002\n"
           "p1 read x @ 1001 1002 fail\n",
           VERDICT_UNKNOWN);
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 1 @ 40 50\n",
           VERDICT_UNKNOWN);
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 7 @ 1001 1002\n",
           VERDICT_UNKNOWN);
}

/* An unanswered read has nil for a result, which is no answer. */
static void test_lost_write__an_unanswered_final_read_is_not_nil(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p0 read x -> nil @ 1001 1002\n"
           "p1 read x @ 1003 1004 fail\n",
           VERDICT_UNKNOWN);
    expect("p0 write x 1 @ 0 10\n"
           "p0 read x @ 1001 1002 fail\n"
           "p1 read x -> nil @ 1003 1004\n",
           VERDICT_UNKNOWN);
}

static void test_lost_write__reads_before_the_final_phase_do_not_count(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p0 read x -> 2 @ 600 700\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_INVALID);
}

static void test_lost_write__updates_of_other_kinds_leave_the_key_out(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 30\n"
           "p1 append x 1 @ 40 50\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_UNKNOWN);
}

static void test_lost_write__one_acknowledged_after_the_final_read_began_is_none(void **state)
{
    (void)state;
    expect("p0 write x 1 @ 0 10\n"
           "p1 write x 2 @ 20 1500\n"
           "p0 read x -> 1 @ 1001 1002\n",
           VERDICT_VALID);
}

/* -- against the definition ----------------------------------------------------------------------
 */

enum { PROCESSES = 4, KEYS = 2, VALUES = 3 };

static void draw(struct rng *rng, struct buf *story)
{
    static const char *const ends[] = {"", "", "", " fail", " info"};

    for (int process = 0; process < PROCESSES; process++) {
        int time = (int)rng_below(rng, 10);
        int count = 1 + (int)rng_below(rng, 3);
        for (int i = 0; i < count; i++) {
            int key = (int)rng_below(rng, KEYS), value = 1 + (int)rng_below(rng, VALUES);
            int end = time + 1 + (int)rng_below(rng, 12);
            const char *how = ends[rng_below(rng, i + 1 == count ? 5 : 4)];
            buf_printf(story, "p%d write k%d %d @ %d %d%s\n", process, key, value, time, end, how);
            time = end + 1 + (int)rng_below(rng, 5);
        }
    }
    for (int key = 0; key < KEYS; key++) {
        int value = (int)rng_below(rng, VALUES + 1);
        for (int place = 0; place < 2; place++) {
            int seen = rng_below(rng, 8) ? value : (int)rng_below(rng, VALUES + 1);
            buf_printf(story, "p%d read k%d -> ", 10 + place, key);
            if (seen)
                buf_printf(story, "%d", seen);
            else
                buf_puts(story, "nil");
            buf_printf(story, " @ %d %d\n", 1001 + 10 * key, 1005 + 10 * key);
        }
    }
}

/* Whether `lost` is gone, as the definition says: by every pair of operations. */
static bool is_lost(const struct history *history, const struct op *lost)
{
    const struct op *read = NULL;
    bool written = false;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->key != lost->key || op->f != OP_F_READ)
            continue;
        if (read && read->out != op->out)
            return false;
        read = op;
    }
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->key != lost->key || op->f != OP_F_WRITE || op->type == OP_FAIL ||
            op->in != read->out)
            continue;
        written = true;
        if (op->type == OP_INFO || op->complete_ns >= lost->invoke_ns)
            return false;
    }
    return lost->f == OP_F_WRITE && lost->type == OP_OK && lost->in != read->out &&
           (written || read->out == VALUE_NIL);
}

static void test_lost_write__is_what_the_definition_says(void **state)
{
    (void)state;
    struct rng rng;
    int found = 0;

    rng_init(&rng, 11, 0);
    for (int round = 0; round < 5000; round++) {
        struct buf story;
        size_t anomalies = 0, keys = 0;
        buf_init(&story, 0);
        draw(&rng, &story);
        struct hist *hist = hist_new(story.ptr);
        for (int key = 0; key < KEYS; key++) {
            bool any = false;
            for (size_t i = 0; i < hist->history.count; i++) {
                const struct op *op = &hist->history.ops[i];
                struct buf name;
                char wanted[] = {'"', 'k', (char)('0' + key), '"', '\0'};
                buf_init(&name, 0);
                values_print(&hist->history.values, op->key, &name);
                any |= strcmp(name.ptr, wanted) == 0 && is_lost(&hist->history, op);
                buf_release(&name);
            }
            keys += any;
        }
        enum verdict verdict = judge(hist, &anomalies, NULL);
        if (anomalies != keys || (verdict == VERDICT_INVALID) != (keys > 0))
            fail_msg("%zu keys, not %zu:\n%s", anomalies, keys, story.ptr);
        found += keys > 0;
        hist_free(hist);
        buf_release(&story);
    }
    assert_true(found > 200 && found < 4800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lost_write__the_older_of_two_in_the_end_is_one),
        cmocka_unit_test(test_lost_write__the_newer_and_the_concurrent_are_none),
        cmocka_unit_test(test_lost_write__what_was_not_acknowledged_cannot_be_lost),
        cmocka_unit_test(test_lost_write__an_unknown_write_of_the_final_value_excuses),
        cmocka_unit_test(test_lost_write__final_reads_that_differ_or_lack_say_nothing),
        cmocka_unit_test(test_lost_write__an_unanswered_final_read_is_not_nil),
        cmocka_unit_test(test_lost_write__reads_before_the_final_phase_do_not_count),
        cmocka_unit_test(test_lost_write__updates_of_other_kinds_leave_the_key_out),
        cmocka_unit_test(test_lost_write__one_acknowledged_after_the_final_read_began_is_none),
        cmocka_unit_test(test_lost_write__is_what_the_definition_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
