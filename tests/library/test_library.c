/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of checkers/library: the public header's functions, by what the header says of them. */
#include "../../include/ordeal-check.h"
#include "../lib/check.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static char message[ORDEAL_MESSAGE_BYTES];

static int add(struct ordeal_history *history, enum ordeal_event_type type, int process,
               const char *f, const char *value, int64_t time_ns)
{
    struct ordeal_event event = {type, process, f, "\"x\"", value, time_ns, NULL};
    message[0] = '\0';
    return ordeal_history_add(history, &event, message);
}

/* A write of 1, a write of 2, and a read of `seen`, one after another. */
static struct ordeal_history *three(const char *seen)
{
    struct ordeal_history *history = ordeal_history_new(NULL);

    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "1", 0), 0);
    assert_int_equal(add(history, ORDEAL_OK, 0, "write", "1", 10), 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "2", 20), 0);
    assert_int_equal(add(history, ORDEAL_OK, 0, "write", "2", 30), 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 1, "read", NULL, 40), 0);
    assert_int_equal(add(history, ORDEAL_OK, 1, "read", seen, 50), 0);
    return history;
}

static void test_library__a_stale_read_is_invalid_and_shown(void **state)
{
    (void)state;
    struct ordeal_history *history = three("1");
    struct ordeal_result *result = ordeal_check(history, NULL, NULL, message);
    size_t count;

    assert_non_null(result);
    assert_int_equal(ordeal_history_operations(history), 3);
    ordeal_history_free(history); /* the result outlives it */
    assert_int_equal(ordeal_result_verdict(result), ORDEAL_INVALID);
    assert_int_equal(ordeal_result_anomalies(result), 1);
    assert_string_equal(ordeal_anomaly_type(result, 0), "nonlinearizable");
    assert_non_null(strstr(ordeal_anomaly_explanation(result, 0), "overwritten"));
    const uint32_t *ops = ordeal_anomaly_operations(result, 0, &count);
    assert_int_equal(count, 3);
    assert_int_equal(ops[2], 4);
    assert_non_null(strstr(ordeal_result_json(result), "\"ops\":[0,2,4]"));
    assert_null(ordeal_anomaly_type(result, 1));
    assert_null(ordeal_anomaly_explanation(result, 1));
    assert_null(ordeal_anomaly_operations(result, 1, &count));
    assert_int_equal(count, 0);
    ordeal_result_free(result);
}

static enum ordeal_verdict verdict_at(struct ordeal_history *history, const char *level)
{
    struct ordeal_question question = {level, NULL, NULL};
    struct ordeal_result *result = ordeal_check(history, &question, NULL, message);
    assert_non_null(result);
    enum ordeal_verdict verdict = ordeal_result_verdict(result);
    ordeal_result_free(result);
    return verdict;
}

static int add_read(struct ordeal_history *history, int process, const char *value,
                    const char *clock, int64_t time_ns)
{
    struct ordeal_event event = {ORDEAL_OK, process, "read", "\"x\"", value, time_ns, clock};
    assert_int_equal(add(history, ORDEAL_INVOKE, process, "read", NULL, time_ns), 0);
    return ordeal_history_add(history, &event, message);
}

/* By program order and reads-from alone it would be causal. */
static void test_library__recorded_clocks_say_more_about_causes(void **state)
{
    (void)state;
    struct ordeal_history *history = three("2");
    assert_int_equal(add_read(history, 2, "1", "{\"n1\":2}", 60), 0);
    assert_int_equal(verdict_at(history, "causal"), ORDEAL_VALID); /* the writes have no clock */
    ordeal_history_free(history);

    history = ordeal_history_new(NULL);
    for (int i = 1; i <= 2; i++) {
        char value[2] = {(char)('0' + i), '\0'}, clock[32];
        (void)snprintf(clock, sizeof clock, "{\"n1\":%d}", i);
        struct ordeal_event done = {ORDEAL_OK, i, "write", "\"x\"", value, i, clock};
        assert_int_equal(add(history, ORDEAL_INVOKE, i, "write", value, i), 0);
        assert_int_equal(ordeal_history_add(history, &done, message), 0);
    }
    assert_int_equal(add_read(history, 3, "1", "[7]", 10), -1);
    assert_string_equal(message, "the clock is no JSON object");
    struct ordeal_event stale = {ORDEAL_OK, 3, "read", "\"x\"", "1", 10, "{\"n1\":2}"};
    assert_int_equal(ordeal_history_add(history, &stale, message), 0);
    assert_int_equal(verdict_at(history, "causal"), ORDEAL_INVALID);
    ordeal_history_free(history);
}

static void test_library__a_history_is_asked_as_often_as_one_likes(void **state)
{
    (void)state;
    struct ordeal_history *history = three("1");
    assert_int_equal(verdict_at(history, "linearizable"), ORDEAL_INVALID);
    assert_int_equal(verdict_at(history, "sequential"), ORDEAL_VALID);
    assert_int_equal(verdict_at(history, "staleness"), ORDEAL_VALID);
    assert_int_equal(verdict_at(history, "ladder"), ORDEAL_INVALID);
    assert_int_equal(add(history, ORDEAL_INVOKE, 1, "read", NULL, 60), -1);
    assert_non_null(strstr(message, "takes no more events"));
    ordeal_history_free(history);
}

static void test_library__models_and_initial_values_are_asked_for(void **state)
{
    (void)state;
    struct ordeal_history *history = ordeal_history_new(NULL);
    struct ordeal_question question = {NULL, "cas-register", "5"};
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "cas", "[5,6]", 0), 0);
    assert_int_equal(add(history, ORDEAL_OK, 0, "cas", "[5,6]", 1), 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 1, "read", NULL, 2), 0);
    assert_int_equal(add(history, ORDEAL_OK, 1, "read", "6", 3), 0);
    struct ordeal_result *result = ordeal_check(history, &question, NULL, message);
    assert_int_equal(ordeal_result_verdict(result), ORDEAL_VALID);
    ordeal_result_free(result);
    question.initial = "4";
    result = ordeal_check(history, &question, NULL, message);
    assert_int_equal(ordeal_result_verdict(result), ORDEAL_INVALID);
    ordeal_result_free(result);
    question.initial = "{\"a\"";
    assert_null(ordeal_check(history, &question, NULL, message));
    assert_non_null(strstr(message, "the initial value makes no sense: '{\"a\"' is no JSON"));
    ordeal_history_free(history);
}

static void test_library__an_initial_value_may_be_unknown_to_the_history(void **state)
{
    (void)state;
    struct ordeal_history *history = ordeal_history_new(NULL);
    struct ordeal_question question = {NULL, "append-list", "[ \"x\" ]"};
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "append", "1", 0), 0);
    assert_int_equal(add(history, ORDEAL_OK, 0, "append", "1", 1), 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 1, "read", NULL, 2), 0);
    assert_int_equal(add(history, ORDEAL_OK, 1, "read", "[\"x\",1]", 3), 0);
    for (int i = 0; i < 2; i++) {
        struct ordeal_result *result = ordeal_check(history, &question, NULL, message);
        assert_int_equal(ordeal_result_verdict(result), i ? ORDEAL_INVALID : ORDEAL_VALID);
        ordeal_result_free(result);
        question.initial = "[\"y\"]";
    }
    ordeal_history_free(history);
}

static void test_library__nonsense_is_refused_in_a_sentence(void **state)
{
    (void)state;
    struct ordeal_history *history = ordeal_history_new(NULL);
    struct ordeal_event event = {ORDEAL_INVOKE, 0, NULL, NULL, NULL, 0, NULL};

    assert_int_equal(ordeal_history_add(history, &event, message), -1);
    assert_string_equal(message, "the event names no function");
    assert_int_equal(add(history, (enum ordeal_event_type)9, 0, "read", NULL, 0), -1);
    assert_int_equal(add(history, ORDEAL_OK, 0, "read", "1", 0), -1);
    assert_true(strlen(message) > 10);
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "{1", 0), -1);
    assert_non_null(strstr(message, "no JSON"));
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "1 2", 0), -1);
    assert_non_null(strstr(message, "more than one"));
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "1", 10), 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 0, "write", "1", 10), -1);
    assert_int_equal(add(history, ORDEAL_OK, 0, "write", "1", 9), -1);
    assert_non_null(strstr(message, "earlier"));
    assert_int_equal(add(history, ORDEAL_OK, 0, "write", "1", 11), 0);

    static const struct ordeal_question questions[] = {
        {"linearisable", NULL, NULL}, {"stats", NULL, NULL}, {NULL, "regster", NULL},
        {NULL, NULL, "[1"},           {NULL, NULL, "1,"},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        message[0] = '\0';
        assert_null(ordeal_check(history, &questions[i], NULL, message));
        assert_true(strlen(message) > 10);
        assert_null(ordeal_check(history, &questions[i], NULL, NULL));
    }
    ordeal_history_free(history);
    assert_null(ordeal_history_read("/nowhere", NULL, NULL, message));
    assert_non_null(strstr(message, "/nowhere"));
    assert_null(ordeal_history_read("/dev/null", "nonsense", NULL, message));
    ordeal_history_free(NULL);
    ordeal_result_free(NULL);
}

static void test_library__files_are_read(void **state)
{
    (void)state;
    struct ordeal_history *history =
        ordeal_history_read("tests/fuzz/seeds/csv/rows.csv", "csv", NULL, message);
    assert_non_null(history);
    assert_true(ordeal_history_operations(history) > 0);
    assert_int_equal(add(history, ORDEAL_INVOKE, 1, "read", NULL, 60), -1);
    ordeal_history_free(history);
}

static void test_library__limits_end_in_unknown(void **state)
{
    (void)state;
    struct ordeal_limits little = {0, 16, 1}, brief = {1, 0, 1};
    struct ordeal_history *history = three("1");
    struct ordeal_result *result = ordeal_check(history, NULL, &little, message);
    assert_int_equal(ordeal_result_verdict(result), ORDEAL_UNKNOWN);
    assert_non_null(strstr(ordeal_result_reason(result), "memory"));
    ordeal_result_free(result);
    result = ordeal_check(history, NULL, &brief, message);
    assert_int_not_equal(ordeal_result_verdict(result), ORDEAL_VALID);
    ordeal_result_free(result);
    ordeal_history_free(history);

    history = ordeal_history_new(&(struct ordeal_limits){0, 64, 1});
    int failed = 0;
    for (int i = 0; i < 100 && !failed; i++)
        failed = add(history, ORDEAL_INVOKE, i, "write", "\"a longer value than fits\"", i);
    assert_int_equal(failed, -1);
    ordeal_history_free(history);
}

static void test_library__nothing_completed_is_unknown(void **state)
{
    (void)state;
    struct ordeal_history *history = ordeal_history_new(NULL);
    assert_int_equal(verdict_at(history, NULL), ORDEAL_UNKNOWN);
    ordeal_history_free(history);
}

static void *ask(void *ctx)
{
    for (int i = 0; i < 20; i++)
        assert_int_equal(verdict_at(ctx, i % 2 ? "linearizable" : "staleness"),
                         i % 2 ? ORDEAL_INVALID : ORDEAL_VALID);
    return NULL;
}

static void test_library__threads_share_a_history(void **state)
{
    (void)state;
    struct ordeal_history *history = three("1");
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, history), 0);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    ordeal_history_free(history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library__a_stale_read_is_invalid_and_shown),
        cmocka_unit_test(test_library__recorded_clocks_say_more_about_causes),
        cmocka_unit_test(test_library__a_history_is_asked_as_often_as_one_likes),
        cmocka_unit_test(test_library__models_and_initial_values_are_asked_for),
        cmocka_unit_test(test_library__an_initial_value_may_be_unknown_to_the_history),
        cmocka_unit_test(test_library__nonsense_is_refused_in_a_sentence),
        cmocka_unit_test(test_library__files_are_read),
        cmocka_unit_test(test_library__limits_end_in_unknown),
        cmocka_unit_test(test_library__nothing_completed_is_unknown),
        cmocka_unit_test(test_library__threads_share_a_history),
    };
    return cmocka_run_group_tests_name("checkers/library", tests, NULL, NULL);
}
