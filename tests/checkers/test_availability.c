/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/availability.c. */
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/events.h"
#include "../lib/hist.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MS INT64_C(1000000)

extern const struct checker checker_availability;

/* Process p talks to node n<p mod 2 + 1>. */
static void give_nodes(struct history *history)
{
    (void)history_node(history, STR("n1"));
    (void)history_node(history, STR("n2"));
    for (size_t i = 0; i < history->count; i++)
        history->ops[i].node = (uint8_t)(history->ops[i].process % 2);
}

static json_t *details(struct hist *hist, char reason[256])
{
    const struct check_options options = {0};
    struct finding finding;
    struct buf json;
    struct err err;
    finding_init(&finding);
    assert_int_equal(
        checker_availability.check(&hist->history, &options, &hist->budget, &finding, &err), 0);
    assert_int_equal(finding.valid, VERDICT_VALID);
    (void)snprintf(reason, 256, "%s", finding.reason);
    buf_init(&json, 0);
    finding_print(&finding, &hist->history, &json);
    json_t *parsed = json_loads(json.ptr, 0, NULL);
    assert_non_null(parsed);
    buf_release(&json);
    finding_release(&finding);
    return parsed;
}

static void expect(json_t *period, const char *node, int ok, int fail, int info)
{
    json_t *tally = json_object_get(json_object_get(period, "nodes"), node);
    assert_int_equal(json_integer_value(json_object_get(tally, "ok")), ok);
    assert_int_equal(json_integer_value(json_object_get(tally, "fail")), fail);
    assert_int_equal(json_integer_value(json_object_get(tally, "info")), info);
}

static void test_availability__counts_by_node_and_fault(void **state)
{
    (void)state;
    char reason[256];
    struct hist *hist = hist_new("p0 write x 1 @ 1000000 2000000\n"
                                 "p1 read x -> 1 @ 3000000 4000000\n"
                                 "p0 write x 2 @ 102000000 300000000 info\n"
                                 "p1 read x -> 1 @ 102000000 103000000\n"
                                 "p1 read x @ 150000000 160000000 fail\n"
                                 "p2 read x -> 2 @ 205000000 240000000\n"
                                 "p1 read x -> 2 @ 195000000 202000000\n");
    give_nodes(&hist->history);
    events_fault(&hist->history, 7, "partition", "{}", 100 * MS, 200 * MS, 5);
    json_t *json = details(hist, reason);
    json_t *fault = json_array_get(json_object_get(json, "faults"), 0);
    expect(json_object_get(json, "before"), "n1", 1, 0, 0);
    expect(json_object_get(json, "before"), "n2", 1, 0, 0);
    expect(fault, "n1", 0, 0, 1);
    expect(fault, "n2", 2, 1, 0);
    expect(json_object_get(json, "after"), "n1", 1, 0, 0);
    json_t *n1 = json_object_get(json_object_get(fault, "nodes"), "n1");
    assert_int_equal(json_integer_value(json_object_get(n1, "recovered_ns")), 39 * MS);
    assert_string_equal(reason, "the slowest to answer again was n1, 39 ms after fault 7 "
                                "(partition) was healed");
    json_decref(json);
    hist_free(hist);
}

static void test_availability__never_recovered_is_null(void **state)
{
    (void)state;
    char reason[256];
    struct hist *hist = hist_new("p0 write x 1 @ 1000000 2000000\n"
                                 "p1 read x @ 300000000 400000000 fail\n");
    give_nodes(&hist->history);
    events_fault(&hist->history, 0, "kill", "[\"n2\"]", 100 * MS, 200 * MS, 1);
    json_t *json = details(hist, reason);
    json_t *fault = json_array_get(json_object_get(json, "faults"), 0);
    json_t *n2 = json_object_get(json_object_get(fault, "nodes"), "n2");
    assert_true(json_is_null(json_object_get(n2, "recovered_ns")));
    json_decref(json);
    hist_free(hist);
}

static void test_availability__agrees_with_counting_by_hand(void **state)
{
    (void)state;
    /* Overlapping faults and operations of all lengths, against the definition. */
    struct rng rng;
    rng_init(&rng, 11, 0);
    for (int round = 0; round < 50; round++) {
        char reason[256];
        struct buf story;
        buf_init(&story, 0);
        for (int i = 0; i < 60; i++) {
            int64_t from = (int64_t)rng_below(&rng, 1000);
            int64_t to = from + (int64_t)rng_below(&rng, 300);
            buf_printf(&story, "p%d write x %d @ %lld %lld %s\n", i, i, (long long)(from * MS),
                       (long long)(to * MS), rng_below(&rng, 3) ? "ok" : "fail");
        }
        struct hist *hist = hist_new(story.ptr);
        give_nodes(&hist->history);
        int64_t from_ms[4];
        for (int i = 0; i < 4; i++) {
            from_ms[i] = (i ? from_ms[i - 1] : 0) + (int64_t)rng_below(&rng, 200);
            events_fault(&hist->history, i, "kill", "[]", from_ms[i] * MS, (from_ms[i] + 150) * MS,
                         1);
        }
        json_t *json = details(hist, reason);
        for (int i = 0; i < 4; i++) {
            json_t *fault = json_array_get(json_object_get(json, "faults"), (size_t)i);
            int64_t first = TIME_NEVER, healed = (from_ms[i] + 151) * MS;
            int ok = 0, fail = 0;
            for (size_t k = 0; k < hist->history.count; k++) {
                const struct op *op = &hist->history.ops[k];
                if (op->node != 0)
                    continue;
                if (op->type == OP_OK && op->complete_ns >= healed && op->complete_ns < first)
                    first = op->complete_ns;
                if (op->invoke_ns >= (from_ms[i] + 1) * MS && op->invoke_ns < healed)
                    *(op->type == OP_OK ? &ok : &fail) += 1;
            }
            expect(fault, "n1", ok, fail, 0);
            json_t *n1 = json_object_get(json_object_get(fault, "nodes"), "n1");
            json_t *recovered = json_object_get(n1, "recovered_ns");
            if (first == TIME_NEVER)
                assert_true(json_is_null(recovered));
            else
                assert_int_equal(json_integer_value(recovered), first - healed);
        }
        json_decref(json);
        hist_free(hist);
        buf_release(&story);
    }
}

static void test_availability__without_faults_all_is_before(void **state)
{
    (void)state;
    char reason[256];
    struct hist *hist = hist_new("p0 write x 1 @ 1000000 2000000\n");
    give_nodes(&hist->history);
    json_t *json = details(hist, reason);
    expect(json_object_get(json, "before"), "n1", 1, 0, 0);
    assert_null(json_object_get(json, "after"));
    json_decref(json);
    hist_free(hist);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_availability__counts_by_node_and_fault),
        cmocka_unit_test(test_availability__never_recovered_is_null),
        cmocka_unit_test(test_availability__agrees_with_counting_by_hand),
        cmocka_unit_test(test_availability__without_faults_all_is_before),
    };
    return cmocka_run_group_tests_name("checkers/availability", tests, NULL, NULL);
}
