/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/formats/edn.c, edn_value.c and tuples.c: Jepsen's, Knossos's and Elle's files.
 */
#include "../lib/check.h"
#include "../lib/text.h"

#include <stdio.h>
#include <string.h>

static struct text_history *accepted(const char *text)
{
    struct text_history *read = text_read(str_of(text), NULL);
    if (read->result < 0)
        fail_msg("refused: %s", read->err.msg);
    return read;
}

static void test_edn__a_vector_of_maps_with_comments(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("; from Knossos\n"
                 "[{:process 4, :type :invoke, :f :write, :value 2}\n"
                 " {:process 4 :type :ok :f :write :value 2} ; done\n"
                 " {:process 6, :type :invoke, :f :read, :value nil}\n"
                 " #_{:process 7, :type :invoke, :f :read}\n"
                 " {:process 1, :type :invoke,\n  :f :cas,\n  :value [2 5]}\n"
                 " {:process 1, :type :fail, :f :cas, :value [2 5], :error :no}\n"
                 " {:process 6, :type :ok, :f :read, :value 2}]\n");
    struct history *history = &read->history;

    assert_int_equal(history->count, 3);
    assert_string_equal(text_op(history, 0), "p4 write: 2 [0,1] ok");
    assert_string_equal(text_op(history, 1), "p6 read: -> 2 [2,5] ok");
    assert_string_equal(text_op(history, 2), "p1 cas: 2 5 [3,4] fail");
    assert_false(history->times_trusted);
    assert_false(history->torn);
    text_free(read);
}

static void test_edn__a_map_a_line_with_times_and_the_nemesis(void **state)
{
    (void)state;
    struct text_history *read = accepted("{:type :invoke, :f :txn, :value [[:append 9 1] [:r 9 "
                                         "nil]], :process 10, :time 100, :index "
                                         "7}\n"
                                         "{:type :info, :f :start-partition, :value {:n1 #{\"n2\" "
                                         "\"n3\"}}, :process :nemesis, :time "
                                         "150, :index 8, :extra true}\n"
                                         "#jepsen.history.Op{:index 9, :time 200, :type :ok, "
                                         ":process 10, :f :txn, :value [[:append 9 "
                                         "1] [:r 9 [1]]]}\n");
    struct history *history = &read->history;

    assert_int_equal(history->count, 1);
    assert_string_equal(text_op(history, 0), "p10 txn: [[\"append\",9,1],[\"r\",9,null]] -> "
                                             "[[\"append\",9,1],[\"r\",9,[1]]] [100,200] ok");
    assert_int_equal(history->ops[0].index, 7);
    assert_int_equal(history->ops[0].complete_index, 9);
    assert_int_equal(history->event_count, 1);
    assert_string_equal(history->events[0].f, "start-partition");
    assert_string_equal(history->events[0].value, "{\"n1\":[\"n2\",\"n3\"]}");
    assert_string_equal(history->events[0].extra, "{\"extra\":true}");
    assert_int_equal(history->events[0].index, 8);
    assert_true(history->times_trusted);
    text_free(read);
}

static void test_edn__the_order_of_maps_is_the_order_of_events(void **state)
{
    (void)state;
    struct text_history *read = accepted("{:type :invoke, :f :read, :process 0, :time 1000}\n"
                                         "{:type :ok, :f :read, :process 0, :time 900}\n"
                                         "{:type :invoke, :f :read, :process 1, :time 1001}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 read: [1000,1001] ok");
    assert_string_equal(text_op(&read->history, 1), "p1 read: [1002,?] info");
    assert_true(read->history.times_trusted); /* moved by nanoseconds */
    text_free(read);

    read = accepted("{:type :invoke, :f :read, :process 0, :time 990000000}\n"
                    "{:type :info, :f :start, :process :nemesis}\n"
                    "{:type :ok, :f :read, :process 0, :time 5}\n");
    assert_false(read->history.times_trusted);
    assert_string_equal(text_op(&read->history, 0), "p0 read: [0,2] ok");
    assert_int_equal(read->history.events[0].time_ns, 1);
    text_free(read);
}

static void test_edn__keys_in_front_of_values_are_told_apart(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("{:type :invoke, :f :write, :process 0, :value [7 1]}\n"
                 "{:type :invoke, :f :read, :process 1, :value [7 nil]}\n"
                 "{:type :ok, :f :write, :process 0, :value [7 1]}\n"
                 "{:type :ok, :f :read, :process 1, :value [7 1]}\n"
                 "{:type :invoke, :f :cas, :process 0, :value [8 [1 2]]}\n"
                 "{:type :info, :f :cas, :process 0, :value [8 [1 2]], :error :timeout}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 write 7: 1 [0,2] ok");
    assert_string_equal(text_op(&read->history, 1), "p1 read 7: -> 1 [1,3] ok");
    assert_string_equal(text_op(&read->history, 2), "p0 cas 8: 1 2 [4,5] info");
    text_free(read);

    /* The same without a sign of keys: values that are vectors. */
    read = accepted("{:type :invoke, :f :write, :process 0, :value [7 1]}\n"
                    "{:type :invoke, :f :read, :process 1, :value nil}\n"
                    "{:type :ok, :f :read, :process 1, :value [7 1]}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 write: [7,1] [0,?] info");
    assert_string_equal(text_op(&read->history, 1), "p1 read: -> [7,1] [1,2] ok");
    text_free(read);

    read =
        accepted("{:type :invoke, :f :add, :process 0, :value #jepsen.independent/tuple [7 1]}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 add 7: 1 [0,?] info");
    text_free(read);

    /* Whatever is asked for without a value shows them. */
    read = accepted("{:type :invoke, :f :enqueue, :process 0, :value [7 1]}\n"
                    "{:type :invoke, :f :dequeue, :process 1, :value [7 nil]}\n"
                    "{:type :ok, :f :dequeue, :process 1, :value [7 1]}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 enqueue 7: 1 [0,?] info");
    assert_string_equal(text_op(&read->history, 1), "p1 dequeue 7: -> 1 [1,2] ok");
    text_free(read);

    /* A transaction of two is not a tuple. */
    read = accepted("{:type :invoke, :f :txn, :process 0, :value [[:r 1 nil] [:r 2 nil]]}\n");
    assert_string_equal(text_op(&read->history, 0),
                        "p0 txn: [[\"r\",1,null],[\"r\",2,null]] [0,?] info");
    text_free(read);
}

static void test_edn__porcupines_keys_are_members(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("{:process 0, :type :invoke, :f :get, :key \"4\", :value nil}\n"
                 "{:process 0, :type :ok, :f :get, :key \"4\", :value #_[1 [2] 3] \"x 1\"}\n"
                 "{:process 0, :type :invoke, :f :append, :key \"4\", :value \"y\"}\n"
                 "{:process 0, :type :ok, :f :append, :key \"4\", :value \"y\"}\n");
    assert_string_equal(text_op(&read->history, 0), "p0 get \"4\": -> \"x 1\" [0,1] ok");
    assert_string_equal(text_op(&read->history, 1), "p0 append \"4\": \"y\" [2,3] ok");
    text_free(read);
}

/* The value as the history holds it, as JSON. */
static void check_value(const char *edn, const char *json)
{
    char text[512];
    struct buf got;

    (void)snprintf(text, sizeof text, "{:type :invoke :f :x :process 0 :value %s}", edn);
    struct text_history *read = accepted(text);
    buf_init(&got, 0);
    values_print(&read->history.values, read->history.ops[0].in, &got);
    assert_string_equal(got.ptr, json);
    buf_release(&got);
    text_free(read);
}

static void test_edn__values_of_all_kinds(void **state)
{
    (void)state;
    check_value("nil", "null");
    check_value("-17", "-17");
    check_value("+5", "5");
    check_value("12345678901234567890N", "12345678901234567890");
    check_value("1.50M", "1.5");
    check_value("-0.5e3", "-500");
    check_value("1/3", "\"1/3\"");
    check_value("007", "\"007\"");
    check_value("##Inf", "\"##Inf\"");
    check_value("true", "true");
    check_value(":a/b", "\"a/b\"");
    check_value("sym", "\"sym\"");
    check_value("\"a\\n\\\"\\u00e9\\ud83d\\ude00]\"", "\"a\\n\\\"\xc3\xa9\xf0\x9f\x98\x80]\"");
    check_value("\\a", "\"a\"");
    check_value("\\newline", "\"newline\"");
    check_value("\\]", "\"]\"");
    check_value("(1, 2 [3])", "[1,2,[3]]");
    check_value("[]", "[]");
    check_value("#{3 1 2}", "[1,2,3]");
    check_value("{:a 1, \"b\" [2], 3 nil}", "{\"3\":null,\"a\":1,\"b\":[2]}");
    check_value("#inst \"2020-01-01\"", "\"2020-01-01\"");
    check_value("[1 #_2 3 ; 4\n 5]", "[1,3,5]");
    check_value("#:user{:a 1}", "{\"a\":1}");
    check_value("{:b 1.50M, :a {\"d\" -0.0 :c 1e2}}", "{\"a\":{\"c\":100,\"d\":0},\"b\":1.5}");
}

static void test_edn__torn_map_is_dropped(void **state)
{
    (void)state;
    static const char whole[] = "{:type :invoke, :f :read, :process 0, :value \"}\"}\n"
                                "{:type :ok, :f :read, :process 0, :value [1 {:a 2}]}\n";
    size_t first = (size_t)(strchr(whole, '\n') - whole);

    for (size_t len = 1; len <= sizeof whole - 1; len++) {
        struct read_options options = {.format = "edn"};
        struct text_history *read = text_read((struct str){whole, len}, &options);
        bool both = len >= sizeof whole - 2;
        if (read->result < 0)
            fail_msg("cut at %zu: %s", len, read->err.msg);
        assert_int_equal(read->history.count, len >= first);
        assert_int_equal(read->history.torn, !(both || len == first || len == first + 1));
        if (both)
            assert_int_equal(read->history.ops[0].type, OP_OK);
        text_free(read);
    }
}

#define INVOKE0 "{:type :invoke, :f :read, :process 0}\n"

static void test_edn__what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {INVOKE0 "{:type :invoke, :f :read, :process :c1}", "line 2: its process has a name"},
        {INVOKE0 "{:f :read, :process 0}", "line 2: there is no :type"},
        {INVOKE0 "{:type :ok, :process 0}", "line 2: there is no :f"},
        {INVOKE0 "{:type :ok, :f :read}", "line 2: there is no :process"},
        {INVOKE0 "{:type :okay, :f :read}", "line 2: :type is not :invoke, :ok, :fail or :info"},
        {INVOKE0 "{:type :ok, :f 3}", "line 2: :f is not a name"},
        {INVOKE0 "{:type :ok, :process nil}", ":process is neither a number nor a name"},
        {INVOKE0 "{:type :ok, :process 1.5}", ":process is not an integer"},
        {INVOKE0 "{:type :ok, :process 5000000000}", ":process is beyond 32 bits"},
        {INVOKE0 "{:time \"now\"}", ":time is not an integer"},
        {INVOKE0 "{:index -1 :type :ok, :process 0, :f :read}", ":index is not a whole number"},
        {INVOKE0 "{:value }", "a value is expected"},
        {INVOKE0 "{:value {:a}}", "a map has a key without a value"},
        {INVOKE0 "{:value \"\\q\"}", "an escape in a string is none that EDN knows"},
        {INVOKE0 "{:value [1 )}", "line 2: "},
        {INVOKE0 "{:value 1 :value 2}", "a keyword stands twice in it"},
        {INVOKE0 "{:type :invoke, :process 3, :f \"a\\u0000\"}", "or hold a NUL"},
        {INVOKE0 "{5 6}", "a keyword is expected"},
        {INVOKE0 "{:value \"\xff\"}", "line 2: it is not UTF-8"},
        {INVOKE0 "17", "line 2: it is not a map"},
        {INVOKE0 INVOKE0, "line 2: process 0 invokes while its operation 0 is open"},
        {"[" INVOKE0 "] {:type :ok}", "something follows the vector"},
        {"{:type :ok, :f :read, :process 0}", "completes an operation that it has not invoked"},
        {"{:type :invoke, :f :read, :process 0, :value [1 nil]}\n"
         "{:type :ok, :f :read, :process 0, :value [2 5]}\n",
         "operation 0 completes with another key"},
        {"{:type :invoke, :f :add, :process 0, :value #jepsen.independent/tuple [1 2]}\n"
         "{:type :invoke, :f :add, :process 1, :value 2}\n",
         "operation 1 has no key, though others are tagged"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        text_refused(cases[i].text, cases[i].said);
}

static void test_edn__nesting_has_a_limit(void **state)
{
    (void)state;
    char text[1000] = "{:type :invoke :f :x :process 0 :value ";
    size_t len = strlen(text);

    memset(text + len, '[', 300);
    memset(text + len + 300, ']', 300);
    text[len + 600] = '}';
    text_refused(text, "values are nested too deep");
    for (size_t i = 0; i < 600; i += 2)
        memcpy(text + len + i, "#_", 2);
    text_refused(text, "values are nested too deep");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edn__a_vector_of_maps_with_comments),
        cmocka_unit_test(test_edn__a_map_a_line_with_times_and_the_nemesis),
        cmocka_unit_test(test_edn__the_order_of_maps_is_the_order_of_events),
        cmocka_unit_test(test_edn__keys_in_front_of_values_are_told_apart),
        cmocka_unit_test(test_edn__porcupines_keys_are_members),
        cmocka_unit_test(test_edn__values_of_all_kinds),
        cmocka_unit_test(test_edn__torn_map_is_dropped),
        cmocka_unit_test(test_edn__what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(test_edn__nesting_has_a_limit),
    };
    return cmocka_run_group_tests_name("history/formats/edn", tests, NULL, NULL);
}
