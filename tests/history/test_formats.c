/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/formats/jepsen_log.c, plume.c and csv.c, and of telling formats apart. */
#include "../../harness/history/formats/formats.h"
#include "../lib/check.h"
#include "../lib/text.h"

#include <errno.h>

static struct text_history *accepted(const char *text)
{
    struct text_history *read = text_read(str_of(text), NULL);
    if (read->result < 0)
        fail_msg("refused: %s", read->err.msg);
    return read;
}

/* -- jepsen-log ------------------------------------------------------------------------------- */

static void test_jepsen_log__operations_stand_among_other_lines(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("INFO  jepsen.core - Worker 0 starting\n"
                 "INFO  jepsen.util - 4\t:invoke\t:read\tnil\n"
                 "INFO  jepsen.util - 1   :invoke :write  3\n"
                 "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
                 "INFO  jepsen.util - 4\t:ok\t:read\tnil\n"
                 "INFO [2017-02-09 15:40:21,325] jepsen worker 1 - jepsen.util 1\t:ok\t:write\t3\n"
                 "INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]\n"
                 "INFO  jepsen.util - 4\t:invoke\t:cas\t[4 5]\n"
                 "INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]\n"
                 "INFO  jepsen.util - downloading 3 :things\n");
    struct history *history = &read->history;

    assert_int_equal(history->count, 4);
    assert_string_equal(text_op(history, 0), "p4 read: [0,3] ok");
    assert_string_equal(text_op(history, 1), "p1 write: 3 [1,4] ok");
    assert_string_equal(text_op(history, 2), "p1 cas: 3 4 [5,7] fail");
    assert_string_equal(text_op(history, 3), "p4 cas: 4 5 [6,?] info");
    assert_int_equal(history->event_count, 1);
    assert_string_equal(history->events[0].f, "start");
    assert_false(history->times_trusted);
    assert_false(history->timeless);
    text_free(read);
}

static void test_jepsen_log__a_time_out_leaves_the_outcome_unknown(void **state)
{
    (void)state;
    struct text_history *read = accepted("INFO  jepsen.util - 0\t:invoke\t:write\t3\n"
                                         "INFO  jepsen.util - 0\t:fail\t:write\t:timed-out\n"
                                         "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n"
                                         "INFO  jepsen.util - 0\t:fail\t:read\t:timed-out\n"
                                         "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\n"
                                         "INFO  jepsen.util - 0\t:info\t:cas\t:timed-out\n");
    struct history *history = &read->history;

    assert_string_equal(text_op(history, 0), "p0 write: 3 [0,1] info");
    /* The client goes on, but as a process it has ended. */
    assert_string_equal(text_op(history, 1), "p2147483647 read: [2,3] fail");
    assert_string_equal(text_op(history, 2), "p2147483647 cas: 1 2 [4,5] info");
    text_free(read);
}

static void test_jepsen_log__what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    text_refused("INFO jepsen.util - 0 :invoke :read nil\nINFO jepsen.util - 1 :ok :read nil\n",
                 "line 2: process 1 completes an operation that it has not invoked");
    text_refused("INFO jepsen.util - 0 :invoke :re\xff nil\nx\n", "line 1: it is not UTF-8");
    text_refused("INFO jepsen.util - 0 :invoke 7\nx\n", "a function such as :read is expected");
    text_refused("INFO jepsen.util - 0 :invoke :write [1\nx\n", "line 1: a value has no end");
}

/* -- plume ------------------------------------------------------------------------------------ */

static void test_plume__sessions_are_processes_without_real_time(void **state)
{
    (void)state;
    struct text_history *read = accepted("w(1,10,0,100)\n"
                                         "r(2,0,0,101)\n"
                                         "r(1,10,1,102)\r\n"
                                         "\n"
                                         "w(2,99999999999,1,-1)\n"
                                         "w(2,7,1,-1)\n");
    struct history *history = &read->history;

    assert_int_equal(history->count, 5);
    assert_string_equal(text_op(history, 0), "p0 write 1: 10 [0,0] ok");
    assert_string_equal(text_op(history, 1), "p0 read 2: [0,0] ok"); /* 0 was there before */
    assert_string_equal(text_op(history, 2), "p1 read 1: -> 10 [0,0] ok");
    assert_string_equal(text_op(history, 3), "p1 write 2: 99999999999 [0,0] fail");
    assert_true(history->timeless);
    assert_false(history->times_trusted);
    text_free(read);

    read = accepted("w(1,0,0,100)\nr(1,0,0,101)\n");
    assert_string_equal(text_op(&read->history, 1), "p0 read 1: -> 0 [0,0] ok");
    text_free(read);
}

static void test_plume__longer_transactions_are_not_judged_unasked(void **state)
{
    (void)state;
    static const char text[] = "w(1,10,0,5)\nw(2,11,1,6)\nr(1,10,0,5)\n";
    struct text_history *read = text_read(STR(text), NULL);

    assert_int_equal(read->result, -1);
    assert_int_equal(read->err.code, ENOTSUP);
    assert_non_null(strstr(read->err.msg, "line 3: transaction 5 has more than one operation"));
    assert_non_null(strstr(read->err.msg, "--ignore-transactions"));
    text_free(read);

    struct read_options options = {.ignore_transactions = true};
    read = text_read(STR(text), &options);
    assert_int_equal(read->result, 0);
    assert_int_equal(read->history.count, 3);
    text_free(read);
}

static void test_plume__transactions_in_any_order_are_told_apart(void **state)
{
    (void)state;
    text_refused("w(1,1,1,7)\nw(1,2,1,3)\nr(1,2,1,3)\n", "line 3: transaction 3 has more than one");
    text_refused("w(1,1,1,7)\nw(1,2,1,9)\nr(1,2,1,7)\n", "line 3: transaction 7 has more than one");
    text_refused("w(1,1,1,7)\nw(1,2,1,3)\nr(1,2,1,9)\nr(1,2,2,9)\n", "line 4: transaction 9");
}

static void test_plume__many_transactions_are_told_apart(void **state)
{
    (void)state;
    struct buf text;

    buf_init(&text, 0);
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "w(%d,%d,%d,%d)\n", i % 7, i + 1, i % 5, i * 1000);
    struct text_history *read = text_read(buf_str(&text), NULL);
    assert_int_equal(read->result, 0);
    assert_int_equal(read->history.count, 20000);
    text_free(read);
    buf_puts(&text, "r(1,1,1,7000)\n");
    read = text_read(buf_str(&text), NULL);
    assert_int_equal(read->err.code, ENOTSUP);
    text_free(read);
    buf_release(&text);
}

static void test_plume__what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    text_refused("r(1,2,3,4)\nx(1,2,3,4)\n", "line 2: it is not r(key,value,session,transaction)");
    text_refused("r(1,2,3)\n", "line 1: it is not");
    text_refused("r(1,2,3,4)5\n", "line 1: it is not");
    text_refused("r(1,2,a,4)\n", "line 1: it is not");
    text_refused("r(1,2,3000000000,4)\n", "the session is beyond 32 bits");
    struct text_history *read = accepted("r(1,2,3,4)\nr(1,2");
    assert_true(read->history.torn);
    assert_int_equal(read->history.count, 1);
    text_free(read);
}

/* -- csv -------------------------------------------------------------------------------------- */

static void test_csv__a_row_is_an_operation(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("process,f,key,value,result,invoke,complete,type,node,remark\r\n"
                 "0,write,x,3,,10,20,ok,n1,\"said \"\"hi\"\", twice\"\r\n"
                 "1,read,x,,3,12,25,,n2,\"two\r\nlines\"\r\n"
                 "2,cas,x,\"[3,4]\",,30,,,,\n"
                 "3, fly ,\"{\"\"a\"\": 1}\",\"a b\",,31,32,info,,\n"
                 "0,write,x,nil,,33,34,fail,n1,\n");
    struct history *history = &read->history;

    assert_int_equal(history->count, 5);
    assert_string_equal(text_op(history, 0), "p0 write \"x\": 3 [10,20] ok");
    assert_string_equal(text_op(history, 1), "p1 read \"x\": -> 3 [12,25] ok");
    assert_string_equal(text_op(history, 2), "p2 cas \"x\": 3 4 [30,?] info");
    assert_string_equal(text_op(history, 3), "p3 fly {\"a\":1}: \"a b\" [31,32] info");
    assert_string_equal(text_op(history, 4), "p0 write \"x\": [33,34] fail");
    assert_string_equal(history->nodes[history->ops[1].node], "n2");
    assert_true(history->times_trusted);
    text_free(read);
}

static void test_csv__rows_may_come_in_any_order(void **state)
{
    (void)state;
    struct text_history *read = accepted("invoke,complete,process,f\n"
                                         "50,60,1,read\n"
                                         "10,10,1,read\n"
                                         "10,50,0,read\n"
                                         "20,45,1,read\n");
    struct history *history = &read->history;
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(history->ops[i].index, 2 * i);
    assert_string_equal(text_op(history, 3), "p1 read: [50,60] ok");
    text_free(read);
}

static void test_csv__without_times_rows_are_ordered_by_process_only(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("f,process,value,result\nwrite,0,1,\nread,0,,1\nread,1,,\n");
    assert_true(read->history.timeless);
    assert_string_equal(text_op(&read->history, 1), "p0 read: -> 1 [0,0] ok");
    text_free(read);
}

#define HEADER "process,f,value,invoke,complete,type\n"

static void test_csv__what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"process,f,f\n", "line 1: the column 'f' stands twice in the header"},
        {"process,f,invoke\n", "of the columns 'invoke' and 'complete' one is missing"},
        {HEADER "0,read\n", "line 2: it has 2 fields, the header 6"},
        {HEADER "\n0,read,,x,2,\n", "line 3: 'invoke' is not a whole number"},
        {HEADER "0,read,,1,x,\n", "'complete' is not a whole number"},
        {HEADER "x,read,,1,2,\n", "'process' is not a number of 32 bits"},
        {HEADER "0,,,1,2,\n", "'f' is empty"},
        {HEADER "0,read,,1,2,okay\n", "'type' is not ok, fail or info"},
        {HEADER "0,read,,1,,ok\n", "it is ok, but has no time in 'complete'"},
        {HEADER "0,re\xff,,1,2,ok\n", "it is not UTF-8"},
        {HEADER "0,read,,3,2,ok\n", "it completes before it is invoked"},
        {HEADER "0,read,\"a\"b,1,2,ok\n", "something follows a closing quote"},
        {HEADER "0,read,,1,5,ok\n0,read,,3,7,ok\n", "while its operation 0 is open"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        text_refused(cases[i].text, cases[i].said);
    struct text_history *read = accepted(HEADER "0,read,,1,2,ok\n0,read,\"x");
    assert_true(read->history.torn);
    assert_int_equal(read->history.count, 1);
    text_free(read);
}

/* -- telling them apart ----------------------------------------------------------------------- */

static void test_formats__exactly_one_recognises_each(void **state)
{
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"{\"type\":\"ok\"}", "jsonl"},
        {"\xef\xbb\xbf \n{ \"type\"", "jsonl"},
        {"", "jsonl"},
        {"{\"", "jsonl"},
        {"{:type :ok}", "edn"},
        {"[{:type :ok}]", "edn"},
        {"; note\n [ ; note\n{ :type", "edn"},
        {"({:type :ok})", "edn"},
        {"#jepsen.history.Op{:index 0}", "edn"},
        {"[]", "edn"},
        {"INFO jepsen.util - 0 :invoke :read nil", "jepsen-log"},
        {"2014 INFO something\nINFO  jepsen.util - 0\t:invoke\t:read\tnil\n", "jepsen-log"},
        {"r(1,2,3,4)", "plume"},
        {"\nw(1,2,3,4)", "plume"},
        {"process,f,value", "csv"},
        {"\"f\",\"process\"\r\n", "csv"},
        {"hello", NULL},
        {"[1,2]", NULL},
        {"[{\"type\":\"ok\"}]", NULL},
        {"read, write\n", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *found = NULL;
        for (size_t k = 0; formats[k]; k++) {
            if (!formats[k]->detect(str_of(cases[i].text)))
                continue;
            if (found)
                fail_msg("'%s' is %s and %s", cases[i].text, found, formats[k]->name);
            found = formats[k]->name;
        }
        if (cases[i].name ? !found || strcmp(found, cases[i].name) != 0 : found != NULL)
            fail_msg("'%s' is taken for %s", cases[i].text, found ? found : "nothing");
    }
}

static void test_formats__what_nobody_recognises_is_refused_with_the_names(void **state)
{
    (void)state;
    text_refused("hello\n", "cannot tell the format of 'text' by its first bytes; give --format "
                            "with one of: csv, edn, jepsen-log, jsonl, plume");
    struct read_options options = {.format = "xml"};
    struct text_history *read = text_read(STR("{}"), &options);
    assert_int_equal(read->result, -1);
    assert_non_null(strstr(read->err.msg, "there is no format 'xml'; there are: csv, edn"));
    text_free(read);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jepsen_log__operations_stand_among_other_lines),
        cmocka_unit_test(test_jepsen_log__a_time_out_leaves_the_outcome_unknown),
        cmocka_unit_test(test_jepsen_log__what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(test_plume__sessions_are_processes_without_real_time),
        cmocka_unit_test(test_plume__longer_transactions_are_not_judged_unasked),
        cmocka_unit_test(test_plume__transactions_in_any_order_are_told_apart),
        cmocka_unit_test(test_plume__many_transactions_are_told_apart),
        cmocka_unit_test(test_plume__what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(test_csv__a_row_is_an_operation),
        cmocka_unit_test(test_csv__rows_may_come_in_any_order),
        cmocka_unit_test(test_csv__without_times_rows_are_ordered_by_process_only),
        cmocka_unit_test(test_csv__what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(test_formats__exactly_one_recognises_each),
        cmocka_unit_test(test_formats__what_nobody_recognises_is_refused_with_the_names),
    };
    return cmocka_run_group_tests_name("history/formats", tests, NULL, NULL);
}
