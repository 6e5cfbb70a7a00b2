/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/write.c: what is written is read back as it was. */
#include "../../harness/history/write.h"
#include "../lib/check.h"
#include "../lib/text.h"

#include <stdlib.h>

typedef int writer(const struct history *history, FILE *to, struct err *err);

/* The history as text, which the caller frees. */
static char *written(const struct history *history, writer *write)
{
    char *text = NULL;
    size_t len;
    struct err err;
    FILE *to = open_memstream(&text, &len);

    assert_non_null(to);
    if (write(history, to, &err) < 0)
        fail_msg("%s", err.msg);
    assert_int_equal(fclose(to), 0);
    return text;
}

#define ALL_KINDS                                                                                  \
    "{\"index\":0,\"time\":5,\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"kill\",\"fault\":"  \
    "2,"                                                                                           \
    "\"edge\":\"begin\",\"value\":[\"n1\"]}\n"                                                     \
    "{\"index\":1,\"time\":5,\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"key\":\"k\","     \
    "\"value\":3,\"node\":\"n1\"}\n"                                                               \
    "{\"index\":2,\"time\":5,\"type\":\"ok\",\"process\":0,\"f\":\"write\",\"key\":\"k\","         \
    "\"value\":3,\"node\":\"n1\"}\n"                                                               \
    "{\"index\":3,\"time\":5,\"type\":\"invoke\",\"process\":0,\"f\":\"read\",\"key\":\"k\","      \
    "\"value\":null,\"node\":\"n1\"}\n"                                                            \
    "{\"index\":4,\"time\":7,\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"key\":\"k\","          \
    "\"value\":3,\"node\":\"n1\",\"clock\":{\"n1\":3,\"n2\":0}}\n"                                 \
    "{\"index\":5,\"time\":8,\"type\":\"invoke\",\"process\":1,\"f\":\"cas\",\"key\":\"k\","       \
    "\"value\":[3,null]}\n"                                                                        \
    "{\"index\":6,\"time\":9,\"type\":\"fail\",\"process\":1,\"f\":\"cas\",\"key\":\"k\","         \
    "\"value\":[3,null]}\n"                                                                        \
    "{\"index\":7,\"time\":10,\"type\":\"invoke\",\"process\":1,\"f\":\"cas\",\"key\":\"k\","      \
    "\"value\":[1,2]}\n"                                                                           \
    "{\"index\":8,\"time\":11,\"type\":\"invoke\",\"process\":2,\"f\":\"write\",\"key\":\"k\","    \
    "\"value\":\"a\\\"b\"}\n"                                                                      \
    "{\"index\":9,\"time\":12,\"type\":\"ok\",\"process\":1,\"f\":\"cas\",\"key\":\"k\","          \
    "\"value\":[1,2]}\n"                                                                           \
    "{\"index\":10,\"time\":13,\"type\":\"info\",\"process\":2,\"f\":\"write\",\"key\":\"k\","     \
    "\"value\":\"a\\\"b\"}\n"

static void test_write__jsonl_comes_back_byte_by_byte(void **state)
{
    (void)state;
    struct text_history *read = text_read(STR(ALL_KINDS), NULL);
    if (read->result < 0)
        fail_msg("%s", read->err.msg);
    char *text = written(&read->history, history_write_jsonl);
    assert_string_equal(text, ALL_KINDS);
    free(text);
    text_free(read);
}

static void test_write__without_trusted_times_none_are_written(void **state)
{
    (void)state;
    static const char text[] =
        "{\"index\":0,\"type\":\"invoke\",\"process\":0,\"f\":\"fly\",\"value\":{\"a\":[1,true]}}\n"
        "{\"index\":1,\"type\":\"ok\",\"process\":0,\"f\":\"fly\",\"value\":null}\n";
    struct text_history *read = text_read(STR(text), NULL);
    char *back = written(&read->history, history_write_jsonl);
    assert_string_equal(back, text);
    free(back);
    text_free(read);
}

static void same_history(const struct history *a, const struct history *b)
{
    char first[4096];

    assert_int_equal(a->count, b->count);
    assert_int_equal(a->event_count, b->event_count);
    for (size_t i = 0; i < a->count; i++) {
        (void)snprintf(first, sizeof first, "%s", text_op(a, i));
        assert_string_equal(first, text_op(b, i));
        assert_int_equal(a->ops[i].index, b->ops[i].index);
        assert_int_equal(a->ops[i].complete_index, b->ops[i].complete_index);
    }
    for (size_t i = 0; i < a->event_count; i++) {
        assert_string_equal(a->events[i].f, b->events[i].f);
        assert_string_equal(a->events[i].value, b->events[i].value);
    }
}

static void comes_back(const char *text, const struct history *expected)
{
    struct text_history *back = text_read(str_of(text), NULL);

    if (back->result < 0)
        fail_msg("%s in %s", back->err.msg, text);
    same_history(expected, &back->history);
    text_free(back);
}

static void test_write__edn_says_the_same(void **state)
{
    (void)state;
    static const char text[] =
        "{\"index\":0,\"time\":5,\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"cut\","
        "\"value\":{\"n1\":[\"n,2\",null,\"null\"]}}\n"
        "{\"index\":1,\"time\":6,\"type\":\"invoke\",\"process\":0,\"f\":\"write\",\"key\":1,"
        "\"value\":{\"a\":[1.5,\"x:y\\\\\\\"\"]}}\n"
        "{\"index\":2,\"time\":7,\"type\":\"ok\",\"process\":0,\"f\":\"write\",\"key\":1}\n"
        "{\"index\":3,\"time\":8,\"type\":\"invoke\",\"process\":0,\"f\":\"cas\",\"key\":2,"
        "\"value\":[false,\"z\"]}\n"
        "{\"index\":4,\"time\":9,\"type\":\"invoke\",\"process\":1,\"f\":\"read\",\"key\":2}\n"
        "{\"index\":5,\"time\":10,\"type\":\"ok\",\"process\":1,\"f\":\"read\",\"key\":2,"
        "\"value\":[\"z\",9]}\n";
    struct text_history *read = text_read(STR(text), NULL);
    assert_int_equal(read->result, 0);
    char *edn = written(&read->history, history_write_edn);
    assert_non_null(strstr(edn, "{:index 4, :time 9, :type :invoke, :process 1, :f :read, :value "
                                "[2 nil]}\n"));
    assert_non_null(strstr(edn, ":f :cas, :value [2 [false \"z\"]]}\n"));
    assert_non_null(strstr(edn, ":process :nemesis, :f :cut, :value {\"n1\" [\"n,2\" nil "
                                "\"null\"]}}\n"));
    comes_back(edn, &read->history);
    free(edn);
    text_free(read);
}

#define EVENT(type, process, f, members)                                                           \
    "{\"type\":\"" type "\",\"process\":" #process ",\"f\":\"" f "\"," members "}\n"
#define DONE(process, f, members)                                                                  \
    EVENT("invoke", process, f, members) EVENT("ok", process, f, members)

static void test_write__keys_come_back_whatever_they_and_the_operations_are(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool marked;
    } cases[] = {
        {DONE(0, "enqueue", "\"key\":\"a\",\"value\":1")
             EVENT("invoke", 1, "dequeue", "\"key\":\"a\",\"value\":null")
                 EVENT("ok", 1, "dequeue", "\"key\":\"a\",\"value\":1"),
         false},
        {DONE(0, "acquire", "\"key\":1,\"value\":null")
             DONE(1, "acquire", "\"key\":2,\"value\":null"),
         false},
        {DONE(0, "cas", "\"key\":1,\"value\":[2,3]"), false},
        {DONE(0, "cas", "\"key\":1,\"value\":[null,3]"), false},
        {DONE(0, "read", "\"value\":null"), false},
        {DONE(0, "write", "\"value\":[1,2]"), false},
        {DONE(0, "write", "\"key\":7,\"value\":1"), true}, /* [7 1] might be a value */
        {DONE(0, "read", "\"key\":[1,2],\"value\":null"), true},
        {DONE(0, "read", "\"key\":1,\"value\":null") DONE(1, "read", "\"value\":null"), true},
        {DONE(0, "txn", "\"key\":1,\"value\":[[\"r\",2,3],[\"w\",2,4]]"), true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text_history *read = text_read(str_of(cases[i].text), NULL);
        if (read->result < 0)
            fail_msg("%s", read->err.msg);
        char *edn = written(&read->history, history_write_edn);
        assert_int_equal(strstr(edn, "#jepsen.independent/tuple [") != NULL, cases[i].marked);
        comes_back(edn, &read->history);
        free(edn);
        text_free(read);
    }
}

static void test_write__transactions_have_keywords_in_edn(void **state)
{
    (void)state;
    static const char text[] =
        "{\"index\":0,\"time\":5,\"type\":\"invoke\",\"process\":0,\"f\":\"txn\",\"value\":"
        "[[\"append\",\"x\",1],[\"r\",\"x\",null]]}\n"
        "{\"index\":1,\"time\":6,\"type\":\"ok\",\"process\":0,\"f\":\"txn\",\"value\":"
        "[[\"append\",\"x\",1],[\"r\",\"x\",[1]]]}\n";
    struct text_history *read = text_read(STR(text), NULL);
    char *edn = written(&read->history, history_write_edn);
    assert_non_null(strstr(edn, ":f :txn, :value [[:append \"x\" 1] [:r \"x\" nil]]}\n"));
    struct text_history *back = text_read(str_of(edn), NULL);
    same_history(&read->history, &back->history);
    free(edn);
    text_free(read);
    text_free(back);
}

static void test_write__a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct text_history *read = text_read(STR(ALL_KINDS), NULL);
    FILE *full = fopen("/dev/full", "w");
    struct err err;

    assert_non_null(full);
    assert_int_equal(history_write_jsonl(&read->history, full, &err), -1);
    assert_string_equal(err.msg, "cannot write the history: No space left on device");
    (void)fclose(full);
    text_free(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write__jsonl_comes_back_byte_by_byte),
        cmocka_unit_test(test_write__without_trusted_times_none_are_written),
        cmocka_unit_test(test_write__edn_says_the_same),
        cmocka_unit_test(test_write__keys_come_back_whatever_they_and_the_operations_are),
        cmocka_unit_test(test_write__transactions_have_keywords_in_edn),
        cmocka_unit_test(test_write__a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests_name("history/write", tests, NULL, NULL);
}
