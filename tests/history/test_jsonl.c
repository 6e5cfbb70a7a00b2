/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/formats/jsonl.c: whole files, blocks and threads, what is refused and where. */
#include "../../harness/base/rng.h"
#include "../lib/check.h"
#include "../lib/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define LINE(index, time, type, process, rest)                                                     \
    "{\"index\":" #index ",\"time\":" #time ",\"type\":\"" type "\",\"process\":" #process         \
    ",\"f\":" rest "}\n"

static struct text_history *accepted(const char *text)
{
    struct text_history *read = text_read(str_of(text), NULL);
    if (read->result < 0)
        fail_msg("refused: %s", read->err.msg);
    return read;
}

static void test_jsonl__operations_are_paired(void **state)
{
    (void)state;
    struct text_history *read = accepted(
        LINE(0, 10, "invoke", 0, "\"write\",\"key\":\"x\",\"value\":3,\"node\":\"n1\"")
            LINE(1, 11, "invoke", 1, "\"cas\",\"key\":7,\"value\":[3,4],\"node\":\"n2\"")
                LINE(2, 12, "ok", 0, "\"write\",\"key\":\"x\",\"value\":3,\"node\":\"n1\"")
                    LINE(3, 13, "invoke", 0, "\"read\",\"key\":\"x\",\"value\":null")
                        LINE(4, 14, "ok", 0, "\"read\",\"key\":\"x\",\"value\":3") LINE(
                            5, 15, "fail", 1, "\"cas\",\"key\":7,\"value\":[3,4],\"error\":\"no\"")
                            LINE(6, 16, "invoke", 1, "\"txn\",\"value\":[[\"r\",\"x\",null]]")
                                LINE(7, 17, "ok", 1, "\"txn\",\"value\":[[\"r\",\"x\",[1,2]]]")
                                    LINE(8, 18, "invoke", 2, "\"fly\"")
                                        LINE(9, 19, "invoke", 3, "\"propose\",\"value\":5")
                                            LINE(10, 20, "ok", 3, "\"propose\",\"value\":5"));
    struct history *history = &read->history;

    assert_int_equal(history->count, 6);
    assert_string_equal(text_op(history, 0), "p0 write \"x\": 3 [10,12] ok");
    assert_string_equal(text_op(history, 1), "p1 cas 7: 3 4 [11,15] fail");
    assert_string_equal(text_op(history, 2), "p0 read \"x\": -> 3 [13,14] ok");
    assert_string_equal(text_op(history, 3),
                        "p1 txn: [[\"r\",\"x\",null]] -> [[\"r\",\"x\",[1,2]]] [16,17] ok");
    assert_string_equal(text_op(history, 4), "p2 fly: [18,?] info");
    assert_string_equal(text_op(history, 5), "p3 propose: 5 -> 5 [19,20] ok");
    assert_int_equal(history->ops[1].index, 1);
    assert_int_equal(history->ops[1].complete_index, 5);
    assert_int_equal(history->ops[4].complete_index, INDEX_NONE);
    assert_int_equal(history->node_count, 2);
    assert_string_equal(history->nodes[history->ops[1].node], "n2");
    assert_int_equal(history->ops[2].node, NODE_NONE);
    assert_int_equal(history->end_ns, 20);
    assert_true(history->times_trusted);
    assert_false(history->torn);
    text_free(read);
}

static void test_jsonl__equal_values_have_equal_ids(void **state)
{
    (void)state;
    struct text_history *read =
        accepted(LINE(0, 1, "invoke", 0, "\"write\",\"value\":\"a\"")
                     LINE(1, 2, "invoke", 1, "\"write\",\"value\":\"\\u0061\"")
                         LINE(2, 3, "invoke", 2, "\"write\",\"value\":\"b\"")
                             LINE(3, 4, "invoke", 3, "\"write\",\"value\":{ \"k\" : [1, 2] }")
                                 LINE(4, 5, "invoke", 4, "\"write\",\"value\":{\"k\":[1,2]}"));
    const struct op *ops = read->history.ops;

    assert_int_equal(ops[0].in, ops[1].in);
    assert_int_not_equal(ops[0].in, ops[2].in);
    assert_int_equal(ops[3].in, ops[4].in);
    text_free(read);
}

static void test_jsonl__events_of_the_harness_are_kept(void **state)
{
    (void)state;
    struct text_history *read = accepted(
        "{\"index\":0,\"time\":5,\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"phase\","
        "\"value\":\"load\"}\n"
        "{\"index\":1,\"time\":6,\"type\":\"info\",\"process\":\"nemesis\",\"f\":\"partition\","
        "\"fault\":3,\"edge\":\"ended\",\"value\":{\"n1\": [\"n2\"]},\"affected\":7,"
        "\"receipt\":{\"rules\": 0}}\n"
        "{\"index\":2,\"time\":7,\"type\":\"info\",\"process\":\"monkey\",\"f\":\"start\","
        "\"edge\":\"odd\",\"fault\":\"x\"}\n");
    const struct event *events = read->history.events;

    assert_int_equal(read->history.event_count, 3);
    assert_int_equal(events[0].fault, -1);
    assert_int_equal(events[0].edge, EVENT_POINT);
    assert_string_equal(events[0].value, "\"load\"");
    assert_string_equal(events[0].extra, "");
    assert_string_equal(events[1].f, "partition");
    assert_int_equal(events[1].fault, 3);
    assert_int_equal(events[1].edge, EVENT_ENDED);
    assert_string_equal(events[1].value, "{\"n1\":[\"n2\"]}");
    assert_string_equal(events[1].extra, "{\"affected\":7,\"receipt\":{\"rules\":0}}");
    assert_int_equal(events[1].index, 1);
    assert_string_equal(events[2].value, "null");
    assert_string_equal(events[2].extra, "{\"process\":\"monkey\","
                                         "\"edge\":\"odd\",\"fault\":\"x\"}");
    text_free(read);
}

#define INVOKE0 LINE(0, 1, "invoke", 0, "\"read\"")

static void test_jsonl__what_cannot_be_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *said;
    } cases[] = {
        {LINE(0, 1, "ok", 0, "\"read\""),
         "'text', line 1: process 0 completes an operation that it"},
        {"\n\n" INVOKE0 LINE(1, 2, "invoke", 0, "\"read\""),
         "line 4: process 0 invokes while its operation 0 is open"},
        {INVOKE0 LINE(0, 2, "ok", 0, "\"read\""), "line 2: index 0 is used twice"},
        {LINE(5, 1, "invoke", 0, "\"read\"") LINE(4, 2, "ok", 0, "\"read\"")
             LINE(3, 2, "invoke", 1, "\"read\"") LINE(4, 2, "ok", 1, "\"read\""),
         "line 4: index 4 is used twice"},
        {LINE(0, 5, "invoke", 0, "\"read\"") LINE(1, 4, "ok", 0, "\"read\""),
         "line 2: operation 0 completes at 4, before its invocation at 5"},
        {LINE(0, 5, "invoke", 0, "\"read\"") LINE(1, 9, "ok", 0, "\"read\"")
             LINE(2, 8, "invoke", 0, "\"read\""),
         "line 3: process 0 invokes at 8, before its last operation completed at 9"},
        {INVOKE0 LINE(1, 2, "info", 0, "\"read\"") LINE(2, 3, "invoke", 0, "\"read\""),
         "line 3: process 0 goes on after an operation of unknown outcome"},
        {INVOKE0 LINE(1, 2, "ok", 0, "\"write\""), "line 2: process 0 completes 'write', but its"},
        {LINE(0, 1, "invoke", 0, "\"read\",\"key\":1") LINE(1, 2, "ok", 0, "\"read\",\"key\":2"),
         "line 2: process 0 completes operation 0 with another key"},
        {INVOKE0 "{\"type\":\"ok\",\"process\":0,\"f\":\"read\"}\n",
         "line 2: it has no 'time', unlike the lines before it"},
        {INVOKE0 "[1]\n", "line 2: it is not a JSON object"},
        {INVOKE0 "{\"time\":2,\"type\":\"ok\",\"process\":\"c1\",\"f\":\"read\"}\n",
         "line 2: its process has a name, as only the harness has"},
        {INVOKE0 "{}\n", "line 2: there is no 'type'"},
        {"{\"type\":\"ok\",\"f\":\"read\"}\n", "line 1: there is no 'process'"},
        {"{\"type\":\"ok\",\"process\":1}\n", "line 1: there is no 'f'"},
        {"{\"type\":\"okay\",\"process\":1,\"f\":\"x\"}\n", "'type' is not \"invoke\", \"ok\""},
        {"{\"type\":\"ok\",\"process\":1.5,\"f\":\"x\"}\n", "'process' is neither a number"},
        {"{\"type\":\"ok\",\"process\":4294967296,\"f\":\"x\"}\n", "'process' is neither"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":7}\n", "'f' is not a string"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":\"x\",\"time\":\"now\"}\n", "'time' is not a whole"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":\"x\",\"index\":-1}\n", "'index' is not a whole"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":\"x\",\"index\":4294967295}\n", "'index' is not"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":\"x\",\"node\":1}\n", "'node' is not a string"},
        {"{\"type\":\"ok\",\"process\":1,\"f\":\"x\\u0000\"}\n", "a name holds a NUL"},
        {"{\"type\":\"ok\",\"type\":\"ok\"}\n", "a member stands twice in it"},
        {INVOKE0 "{\"index\":1,\n", "line 2: a member's name in quotes is expected"},
        {INVOKE0 "{\"index\":1,\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"read\"} x\n",
         "line 2: something follows the object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        text_refused(cases[i].text, cases[i].said);
}

static void test_jsonl__torn_line_is_dropped(void **state)
{
    (void)state;
    static const char whole[] = INVOKE0 LINE(1, 2, "ok", 0, "\"read\",\"value\":1,\"node\":\"n1\"");
    size_t first = sizeof(INVOKE0) - 1;

    for (size_t len = 1; len < sizeof whole; len++) {
        struct text_history *read = text_read((struct str){whole, len}, NULL);
        bool has_first = len >= first - 1, has_second = len >= sizeof whole - 2;
        bool at_end = len == first - 1 || len == first || len >= sizeof whole - 2;
        if (read->result < 0)
            fail_msg("cut at %zu: %s", len, read->err.msg);
        assert_int_equal(read->history.torn, !at_end);
        assert_int_equal(read->history.count, has_first);
        if (has_first)
            assert_int_equal(read->history.ops[0].type, has_second ? OP_OK : OP_INFO);
        text_free(read);
    }
}

static void test_jsonl__other_line_ends_and_marks_are_taken(void **state)
{
    (void)state;
    struct text_history *read = accepted(
        "\xef\xbb\xbf{\"index\":0,\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\r\n"
        "\r\n"
        " { \"f\" : \"read\" , \"value\":\"\\\"\", \"x\":[{}], "
        "\"process\":0,\"type\":\"ok\",\"time\":2,"
        "\"index\":1 } \r\n");
    assert_int_equal(read->history.count, 1);
    assert_string_equal(text_op(&read->history, 0), "p0 read: -> \"\\\"\" [1,2] ok");
    assert_int_equal(read->history.ops[0].complete_index, 1);
    text_free(read);
}

static void test_jsonl__without_times_the_order_of_lines_counts(void **state)
{
    (void)state;
    struct text_history *read =
        accepted("{\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\n"
                 "{\"type\":\"invoke\",\"process\":1,\"f\":\"read\"}\n"
                 "{\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"value\":9}\n");
    assert_false(read->history.times_trusted);
    assert_string_equal(text_op(&read->history, 0), "p0 read: -> 9 [0,2] ok");
    assert_string_equal(text_op(&read->history, 1), "p1 read: [1,?] info");
    assert_int_equal(read->history.ops[0].complete_index, 2);
    text_free(read);
}

static void test_jsonl__nothing_is_an_empty_history(void **state)
{
    (void)state;
    struct text_history *read = accepted("");
    assert_int_equal(read->history.count, 0);
    assert_true(read->history.times_trusted);
    text_free(read);
}

static void test_jsonl__a_cas_of_lists_is_split_once(void **state)
{
    (void)state;
    struct text_history *read =
        accepted(LINE(0, 1, "invoke", 0, "\"cas\",\"value\":[[1,2],[3,4]],\"zone\":1")
                     LINE(1, 2, "ok", 0, "\"cas\",\"value\":[[1,2],[3,4]]")
                         LINE(2, 3, "invoke", 0, "\"cas\",\"value\":[1,2,3]")
                             LINE(3, 4, "ok", 0, "\"cas\",\"value\":true"));
    assert_string_equal(text_op(&read->history, 0), "p0 cas: [1,2] [3,4] [1,2] ok");
    assert_string_equal(text_op(&read->history, 1), "p0 cas: [1,2,3] -> true [3,4] ok");
    text_free(read);
}

/* A file of several blocks, with lines of all kinds. */
static void make_large(struct buf *text, int count)
{
    struct rng rng;

    rng_init(&rng, 7, 0);
    for (int i = 0; i < count; i++) {
        int process = i / 2 % 10 + (i / 2000) * 10;
        bool invoke = i % 2 == 0;
        buf_printf(text,
                   "{\"index\":%d,\"time\":%d,\"type\":\"%s\",\"process\":%d,\"f\":\"write\","
                   "\"key\":\"k%d\",\"value\":",
                   i, 10 * i, invoke ? "invoke" : "ok", process, i / 2 % 7);
        if (i / 2 % 3 == 0)
            buf_printf(text, "[%d,\"v%d\",{\"a\":%d}]", i / 2, i / 2, i / 2);
        else
            buf_int(text, i / 2);
        buf_printf(text, ",\"node\":\"n%d\"", process % 5);
        if (rng_below(&rng, 20) == 0)
            buf_printf(text, ",\"note\":\"%*d\"", (int)rng_below(&rng, 3000), i);
        buf_puts(text, "}\n");
        if (rng_below(&rng, 100) == 0)
            buf_puts(text, "\n");
    }
}

static void test_jsonl__threads_agree_with_one(void **state)
{
    (void)state;
    enum { EVENTS = 60000 };
    struct buf text, first, second;

    buf_init(&text, 0);
    make_large(&text, EVENTS);
    assert_true(text.len > 5000000); /* several blocks */
    for (int threads = 1; threads <= 4; threads++) {
        struct read_options options = {.threads = threads};
        struct text_history *read = text_read(buf_str(&text), &options);
        if (read->result < 0)
            fail_msg("%s", read->err.msg);
        assert_int_equal(read->history.count, EVENTS / 2);
        buf_init(&first, 0);
        buf_init(&second, 0);
        for (size_t i = 0; i < EVENTS / 2; i++) {
            const struct op *op = &read->history.ops[i];
            assert_int_equal(op->index, 2 * i);
            assert_int_equal(op->complete_index, 2 * i + 1);
            assert_int_equal(op->invoke_ns, 20 * i);
            assert_int_equal(op->out, VALUE_NIL);
            buf_clear(&first);
            values_print(&read->history.values, op->in, &first);
            buf_clear(&second);
            if (i % 3 == 0)
                buf_printf(&second, "[%zu,\"v%zu\",{\"a\":%zu}]", i, i, i);
            else
                buf_int(&second, (int64_t)i);
            assert_string_equal(first.ptr, second.ptr);
            buf_clear(&first);
            values_print(&read->history.values, op->key, &first);
            buf_clear(&second);
            buf_printf(&second, "\"k%zu\"", i % 7);
            assert_string_equal(first.ptr, second.ptr);
            char node[8];
            (void)snprintf(node, sizeof node, "n%d", (int)(op->process % 5));
            assert_string_equal(read->history.nodes[op->node], node);
        }
        buf_release(&first);
        buf_release(&second);
        text_free(read);
    }
    buf_release(&text);
}

/* The mistake that stands first in the file is the one to tell, whichever thread finds it. */
static void test_jsonl__the_first_mistake_is_told(void **state)
{
    (void)state;
    struct buf text;

    buf_init(&text, 0);
    make_large(&text, 40000);
    uint64_t line = 1;
    size_t bad = text.len / 3;
    while (text.ptr[bad] != '\n')
        bad++;
    for (size_t i = 0; i <= bad; i++)
        line += text.ptr[i] == '\n';
    text.ptr[bad + 1] = '!';
    text.ptr[text.len - 20] = '\x01';
    for (int threads = 1; threads <= 4; threads++) {
        char said[64];
        struct read_options options = {.threads = threads};
        struct text_history *read = text_read(buf_str(&text), &options);
        assert_int_equal(read->result, -1);
        (void)snprintf(said, sizeof said, "line %" PRIu64 ": it is not a JSON object", line);
        if (!strstr(read->err.msg, said))
            fail_msg("expected '%s', but said: %s", said, read->err.msg);
        text_free(read);
    }
    buf_release(&text);
}

static void test_jsonl__a_line_longer_than_a_block_is_read(void **state)
{
    (void)state;
    struct buf text;

    buf_init(&text, 0);
    buf_puts(&text,
             "{\"index\":0,\"time\":1,\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\n"
             "{\"index\":1,\"time\":2,\"type\":\"ok\",\"process\":0,\"f\":\"read\",\"value\":[");
    for (int i = 0; i < 1000000; i++)
        buf_printf(&text, "%d,", i);
    buf_puts(&text, "-1]}\n"
                    "{\"index\":2,\"time\":3,\"type\":\"invoke\",\"process\":0,\"f\":\"read\"}\n");
    for (int threads = 1; threads <= 2; threads++) {
        struct read_options options = {.threads = threads};
        struct text_history *read = text_read(buf_str(&text), &options);
        const value_id *elements;
        size_t count;
        int64_t last;
        if (read->result < 0)
            fail_msg("%s", read->err.msg);
        assert_int_equal(read->history.count, 2);
        assert_true(
            values_get_list(&read->history.values, read->history.ops[0].out, &elements, &count));
        assert_int_equal(count, 1000001);
        assert_true(values_get_int(&read->history.values, elements[1000000], &last));
        assert_int_equal(last, -1);
        text_free(read);
    }
    buf_release(&text);
}

/* Out of memory at any allocation is an error like any other: nothing leaks, nothing crashes. */
static void test_jsonl__too_little_memory_is_said(void **state)
{
    (void)state;
    struct buf text;
    size_t refused = 0;

    buf_init(&text, 0);
    make_large(&text, 6000);
    for (size_t limit = 1000; limit < 8000000; limit += limit / 8) {
        struct budget budget;
        struct history history;
        struct input *input;
        struct err err;
        struct read_options options = {.threads = 2};
        budget_init(&budget, 0, limit);
        history_init(&history, &budget);
        assert_int_equal(input_open_memory(&input, "text", buf_str(&text), &err), 0);
        if (history_read_input(&history, input, &options, &err) < 0) {
            refused++;
            assert_int_equal(err.code, ENOMEM);
            assert_non_null(strstr(err.msg, "out of memory while reading the history; give a "
                                            "larger --memory-limit"));
        } else {
            assert_int_equal(history.count, 3000);
        }
        history_release(&history);
        assert_int_equal(budget.used_bytes, 0);
        input_close(input);
    }
    assert_true(refused > 20);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl__operations_are_paired),
        cmocka_unit_test(test_jsonl__equal_values_have_equal_ids),
        cmocka_unit_test(test_jsonl__events_of_the_harness_are_kept),
        cmocka_unit_test(test_jsonl__what_cannot_be_is_refused_with_its_line),
        cmocka_unit_test(test_jsonl__torn_line_is_dropped),
        cmocka_unit_test(test_jsonl__other_line_ends_and_marks_are_taken),
        cmocka_unit_test(test_jsonl__without_times_the_order_of_lines_counts),
        cmocka_unit_test(test_jsonl__nothing_is_an_empty_history),
        cmocka_unit_test(test_jsonl__a_cas_of_lists_is_split_once),
        cmocka_unit_test(test_jsonl__threads_agree_with_one),
        cmocka_unit_test(test_jsonl__the_first_mistake_is_told),
        cmocka_unit_test(test_jsonl__a_line_longer_than_a_block_is_read),
        cmocka_unit_test(test_jsonl__too_little_memory_is_said),
    };
    return cmocka_run_group_tests_name("history/formats/jsonl", tests, NULL, NULL);
}
