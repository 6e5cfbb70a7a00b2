/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of levels/clocks.c: vector clocks in the record are read, verified and used. */
#include "../../harness/history/read.h"
#include "../lib/check.h"
#include "../../harness/checker.h"

#include <stdio.h>
#include <string.h>

/* An operation: process, f, value and its clock, on key "x". */
struct line {
    int process;
    const char *f, *value, *clock;
};

static void put_lines(const struct line *lines, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++) {
        const struct line *line = &lines[i];
        buf_printf(text,
                   "{\"index\":%zu,\"time\":%zu,\"type\":\"invoke\",\"process\":%d,\"f\":\"%s\","
                   "\"key\":\"x\",\"value\":%s}\n",
                   2 * i, 20 * i, line->process, line->f,
                   strcmp(line->f, "read") == 0 ? "null" : line->value);
        buf_printf(text,
                   "{\"index\":%zu,\"time\":%zu,\"type\":\"ok\",\"process\":%d,\"f\":\"%s\","
                   "\"key\":\"x\",\"value\":%s%s%s}\n",
                   2 * i + 1, 20 * i + 10, line->process, line->f, line->value,
                   line->clock ? ",\"clock\":" : "", line->clock ? line->clock : "");
    }
}

static void expect(const char *level, const struct line *lines, size_t count, enum verdict verdict,
                   const char *type)
{
    struct check_options options = {.threads = 1};
    struct finding finding;
    struct history history;
    struct budget budget;
    struct input *input;
    struct buf text;
    struct err err;

    buf_init(&text, 0);
    put_lines(lines, count, &text);
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    finding_init(&finding);
    assert_int_equal(input_open_memory(&input, "memory", buf_str(&text), &err), 0);
    if (history_read_input(&history, input, NULL, &err) < 0)
        fail_msg("%s", err.msg);
    input_close(input);
    assert_int_equal(checker_find(level)->check(&history, &options, &budget, &finding, &err), 0);
    if (finding.valid != verdict)
        fail_msg("%s: %s", verdict_names[finding.valid], finding.reason);
    if (type) {
        const struct anomaly *last = &finding.anomalies[finding.anomaly_count - 1];
        assert_string_equal(last->type, type);
        assert_true(last->verified && strlen(last->explanation) > 40);
    } else {
        assert_int_equal(finding.anomaly_count, 0);
    }
    finding_release(&finding);
    history_release(&history);
    assert_int_equal(atomic_load(&budget.used_bytes), 0);
    buf_release(&text);
}

#define EXPECT(level, lines, verdict, type)                                                        \
    expect(level, lines, sizeof(lines) / sizeof *(lines), verdict, type)

/* By program order and reads-from alone the two writes are concurrent, and old may be read. */
static void test_clocks__a_read_that_is_stale_by_the_clocks_is_a_violation(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {1, "write", "2", "{\"n1\":1,\"n2\":1}"},
        {2, "read", "1", "{\"n2\":1,\"n1\":1}"},
    };
    static const char *const levels[] = {"causal", "ccv", "cc"};
    for (int i = 0; i < 3; i++)
        EXPECT(levels[i], lines, VERDICT_INVALID, "stale-by-clock");
    EXPECT("pram", lines, VERDICT_VALID, NULL);
    static const struct line initial[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {1, "read", "null", "{\"n1\":1}"},
    };
    EXPECT("causal", initial, VERDICT_INVALID, "stale-by-clock");
}

static void test_clocks__concurrent_writes_may_be_read_either_way(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {1, "write", "2", "{\"n2\":1}"},
        {2, "read", "1", "{\"n1\":1,\"n2\":1}"},
        {3, "read", "2", "{\"n1\":1,\"n2\":1}"},
        {4, "read", "null", "{}"},
        {5, "read", "null", "{\"n1\":0,\"n3\":7}"},
    };
    EXPECT("causal", lines, VERDICT_VALID, NULL);
    EXPECT("cc", lines, VERDICT_VALID, NULL);
}

static void test_clocks__what_contradicts_program_order_is_reported(void **state)
{
    (void)state;
    static const struct line back[] = {
        {0, "write", "1", "{\"n1\":2}"},
        {0, "write", "2", "{\"n1\":1}"},
    };
    EXPECT("causal", back, VERDICT_UNKNOWN, "clock-contradiction");
    static const struct line uncounted[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {0, "write", "2", "{\"n1\":1}"},
    };
    EXPECT("causal", uncounted, VERDICT_UNKNOWN, "clock-contradiction");
    static const struct line reads[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {0, "read", "1", "{\"n1\":1}"},
        {0, "read", "1", "{\"n1\":1}"},
    };
    EXPECT("causal", reads, VERDICT_VALID, NULL);
}

static void test_clocks__what_contradicts_reads_from_is_reported(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {1, "read", "1", "{\"n2\":4}"},
    };
    EXPECT("ccv", lines, VERDICT_UNKNOWN, "clock-contradiction");
}

static void test_clocks__a_violation_stays_one_whatever_the_clocks_say(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":2}"},
        {0, "write", "2", "{\"n1\":1}"},
        {0, "read", "1", NULL},
    };
    EXPECT("causal", lines, VERDICT_INVALID, "clock-contradiction");
}

static void test_clocks__a_cas_is_not_behind_itself(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":1}"},
        {1, "cas", "[1,2]", "{\"n1\":2}"},
        {2, "read", "2", "{\"n1\":2}"},
    };
    EXPECT("causal", lines, VERDICT_VALID, NULL);
}

static void test_clocks__what_has_no_clock_takes_no_part(void **state)
{
    (void)state;
    static const struct line lines[] = {
        {0, "write", "1", "{\"n1\":1}"},      {1, "write", "2", NULL},
        {2, "read", "1", "{\"n1\":5}"},       {3, "read", "2", "{\"n1\":\"one\"}"},
        {4, "read", "1", "{\"n1\":-1}"},      {5, "read", "1", "[1]"},
        {6, "read", "1", "{\"n1\":{}}"},      {7, "read", "1", "12"},
        {8, "read", "1", "{\"a\\\"b\":1.5}"},
    };
    EXPECT("causal", lines, VERDICT_VALID, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks__a_read_that_is_stale_by_the_clocks_is_a_violation),
        cmocka_unit_test(test_clocks__concurrent_writes_may_be_read_either_way),
        cmocka_unit_test(test_clocks__what_contradicts_program_order_is_reported),
        cmocka_unit_test(test_clocks__what_contradicts_reads_from_is_reported),
        cmocka_unit_test(test_clocks__a_violation_stays_one_whatever_the_clocks_say),
        cmocka_unit_test(test_clocks__a_cas_is_not_behind_itself),
        cmocka_unit_test(test_clocks__what_has_no_clock_takes_no_part),
    };
    return cmocka_run_group_tests_name("checkers/clocks", tests, NULL, NULL);
}
