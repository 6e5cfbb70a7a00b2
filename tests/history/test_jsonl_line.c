/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of history/formats/jsonl_line.c against jansson: whatever line one accepts the other does,
 * and with the same values.
 *
 * Deliberate differences: integers beyond 64 bits and reals beyond a double are kept as text here;
 * a repeated member is refused if it is one that we know; values may be nested 100 deep; 1.0 is 1.
 */
#include "../../harness/base/rng.h"
#include "../../harness/history/formats/jsonl_line.h"
#include "../lib/check.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

/* -- what jansson makes of a line ------------------------------------------------------------- */

enum opinion { REFUSED, ACCEPTED, EITHER };

static bool int_between(const json_t *value, json_int_t least, json_int_t most)
{
    return json_is_integer(value) && json_integer_value(value) >= least &&
           json_integer_value(value) <= most;
}

static bool is_type(const json_t *value)
{
    const char *text = json_string_value(value);
    for (int i = 0; text && i < 4; i++) {
        if (strcmp(text, op_type_names[i]) == 0)
            return true;
    }
    return false;
}

static enum opinion judge(const char *line, size_t len, json_t **out)
{
    json_error_t error;
    json_t *object = json_loadb(line, len, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &error);

    *out = object;
    if (memchr(line, '\0', len))
        return REFUSED; /* jansson 2.14 takes one behind a number for a blank */
    if (!object) {
        enum json_error_code code = json_error_code(&error);
        return code == json_error_duplicate_key || code == json_error_numeric_overflow ? EITHER
                                                                                       : REFUSED;
    }
    const json_t *index = json_object_get(object, "index");
    const json_t *time = json_object_get(object, "time");
    const json_t *process = json_object_get(object, "process");
    const json_t *node = json_object_get(object, "node");
    bool good = json_is_object(object) && is_type(json_object_get(object, "type")) &&
                (json_is_string(process) || int_between(process, INT32_MIN, INT32_MAX)) &&
                json_is_string(json_object_get(object, "f")) &&
                (!index || int_between(index, 0, UINT32_MAX - 1)) &&
                (!time || int_between(time, INT64_MIN, INT64_MAX - 1)) &&
                (!node || json_is_null(node) || json_is_string(node));
    return good ? ACCEPTED : REFUSED;
}

/* -- comparing -------------------------------------------------------------------------------- */

/* By value: jansson takes 1.0 and 1 for two things, we do not. */
static bool equal(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;

    if (json_is_number(a) && json_is_number(b))
        return json_is_integer(a) && json_is_integer(b)
                   ? json_integer_value(a) == json_integer_value(b)
                   : json_number_value(a) == json_number_value(b);
    if (json_typeof(a) != json_typeof(b))
        return false;
    if (json_is_array(a)) {
        bool same = json_array_size(a) == json_array_size(b);
        for (size_t i = 0; same && i < json_array_size(a); i++)
            same = equal(json_array_get(a, i), json_array_get(b, i));
        return same;
    }
    if (!json_is_object(a))
        return json_equal(a, b);
    bool same = json_object_size(a) == json_object_size(b);
    json_object_foreach((json_t *)(uintptr_t)a, name, value) same =
        same && json_object_get(b, name) && equal(value, json_object_get(b, name));
    return same;
}

/* Whether `id` says what jansson read. */
static bool same_value(const struct values *values, value_id id, const json_t *expected)
{
    const value_id *elements;
    struct buf buf;
    size_t count;
    int64_t number;

    if (!expected || json_is_null(expected))
        return id == VALUE_NIL;
    if (json_is_integer(expected))
        return values_get_int(values, id, &number) && number == json_integer_value(expected);
    if (json_is_array(expected)) {
        if (!values_get_list(values, id, &elements, &count) || count != json_array_size(expected))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (!same_value(values, elements[i], json_array_get(expected, i)))
                return false;
        }
        return true;
    }
    buf_init(&buf, 0);
    values_print(values, id, &buf);
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *read = json_loadb(buf.ptr, buf.len, flags, NULL);
    if (!read) /* 92233720368547758e3, which we spell as an integer that is too large for it */
        read = json_loadb(buf.ptr, buf.len, flags | JSON_DECODE_INT_AS_REAL, NULL);
    bool same = read && equal(read, expected);
    json_decref(read);
    buf_release(&buf);
    return same;
}

static bool same_name(struct str name, const json_t *expected)
{
    return str_eq(name, (struct str){json_string_value(expected), json_string_length(expected)});
}

static bool same_line(struct jsonl_parser *parser, const struct jsonl_line *line, json_t *expected)
{
    const json_t *index = json_object_get(expected, "index");
    const json_t *time = json_object_get(expected, "time");
    const json_t *process = json_object_get(expected, "process");
    const json_t *value = json_object_get(expected, "value");
    const json_t *node = json_object_get(expected, "node");
    struct str f =
        line->f < OP_F_KNOWN ? str_of(op_f_names[line->f]) : parser->fs.names[line->f - OP_F_KNOWN];
    bool is_pair = str_eq(f, STR("cas")) && json_array_size(value) == 2;

    return (!index ? !(line->flags & JSONL_INDEX) : line->index == json_integer_value(index)) &&
           (!time ? !(line->flags & JSONL_TIME) : line->time_ns == json_integer_value(time)) &&
           strcmp(op_type_names[line->type],
                  json_string_value(json_object_get(expected, "type"))) == 0 &&
           (json_is_string(process) ? (line->flags & JSONL_HARNESS) != 0
                                    : line->process == json_integer_value(process)) &&
           same_name(f, json_object_get(expected, "f")) &&
           same_value(&parser->values, line->key, json_object_get(expected, "key")) &&
           is_pair == ((line->flags & JSONL_PAIR) != 0) &&
           same_value(&parser->values, line->value, is_pair ? json_array_get(value, 0) : value) &&
           (!is_pair || same_value(&parser->values, line->value2, json_array_get(value, 1))) &&
           (json_is_string(node)
                ? line->node != NODE_NONE && same_name(parser->nodes.names[line->node], node)
                : line->node == NODE_NONE);
}

/* Fail unless both make the same of the line; whether they accepted it. */
static bool compare(struct jsonl_parser *parser, const char *text, size_t len)
{
    static char line[65536];
    struct jsonl_line out;
    bool empty;
    json_t *expected;
    enum opinion opinion = judge(text, len, &expected);

    memcpy(line, text, len);
    line[len] = '\n';
    memset(line + len + 1, 0, JSONL_PADDING);
    if (parser->fs.count > 200 || parser->nodes.count > 200) {
        jsonl_parser_release(parser);
        jsonl_parser_init(parser, parser->budget);
    }
    const char *next = jsonl_parse_line(parser, line, line + len + 1, &out, &empty);
    bool accepted = next && !empty;
    if (opinion != EITHER && accepted != (opinion == ACCEPTED))
        fail_msg("%s, against jansson (%s): %.*s", accepted ? "accepted" : "refused",
                 next ? "" : parser->problem, (int)len, text);
    if (opinion == ACCEPTED && !same_line(parser, &out, expected))
        fail_msg("read otherwise than jansson: %.*s", (int)len, text);
    if (next)
        assert_ptr_equal(next, line + len + 1);
    json_decref(expected);
    return accepted;
}

/* -- random lines ----------------------------------------------------------------------------- */

static const char *pick(struct rng *rng, const char *const *from, size_t count)
{
    return from[rng_below(rng, count)];
}

#define PICK(rng, ...)                                                                             \
    pick(rng, (const char *const[]){__VA_ARGS__},                                                  \
         sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

static void add_blank(struct rng *rng, struct buf *out)
{
    if (rng_below(rng, 12) == 0)
        buf_puts(out, PICK(rng, " ", "  ", "\t", "\r"));
}

static void add_value(struct rng *rng, struct buf *out, int depth)
{
    uint64_t kind = rng_below(rng, depth > 3 ? 8 : 12);

    if (kind < 3) {
        buf_int(out, (int64_t)rng_below(rng, 100));
    } else if (kind < 4) {
        buf_int(out, (int64_t)(rng_next(rng) >> rng_below(rng, 64)) * (rng_below(rng, 2) ? 1 : -1));
    } else if (kind < 8) {
        buf_puts(out, PICK(rng, "null", "true", "false", "\"a\"", "\"\"", "\"\\u0041\\n\"",
                           "\"\\ud83d\\ude00\"", "\"\xc3\xa9\"", "\"\\\\\\\"\\/\"", "\"\x7f\"",
                           "1.5", "-0.25e-3", "1E5", "0", "-0", "-0.0", "1073741823", "1073741824",
                           "-1073741824", "-1073741825", "9223372036854775807",
                           "-9223372036854775808", "99999999999999999999", "\"\\u0000\""));
    } else {
        bool is_list = kind < 11;
        uint64_t count = rng_below(rng, 4);
        buf_puts(out, is_list ? "[" : "{");
        for (uint64_t i = 0; i < count; i++) {
            add_blank(rng, out);
            if (!is_list)
                buf_printf(out, "\"m%d\":", (int)i);
            add_value(rng, out, depth + 1);
            add_blank(rng, out);
            if (i + 1 < count)
                buf_puts(out, ",");
        }
        buf_puts(out, is_list ? "]" : "}");
    }
}

static void add_member(struct rng *rng, struct buf *out, int which)
{
    static const char *const names[] = {"index", "time",  "type", "process", "f",
                                        "key",   "value", "node", "error",   "extra"};
    buf_printf(out, "\"%s\":", names[which]);
    add_blank(rng, out);
    switch (which) {
    case 0:
    case 1:
        buf_int(out, (int64_t)rng_below(rng, UINT64_C(1) << rng_below(rng, 32)));
        break;
    case 2:
        buf_printf(out, "\"%s\"", op_type_names[rng_below(rng, 4)]);
        break;
    case 3:
        if (rng_below(rng, 10))
            buf_int(out, (int64_t)rng_below(rng, 1000));
        else
            buf_puts(out, "\"nemesis\"");
        break;
    case 4:
        buf_puts(out, PICK(rng, "\"read\"", "\"write\"", "\"cas\"", "\"cas\"", "\"txn\"", "\"fly\"",
                           "\"r\\u0065ad\"", "\"\""));
        break;
    case 7:
        buf_puts(out, PICK(rng, "\"n1\"", "\"n2\"", "null", "\"n\\t3\""));
        break;
    default:
        add_value(rng, out, 0);
    }
}

/* A valid line; mostly in the order in which we write it. */
static void make_line(struct rng *rng, struct buf *out)
{
    int order[10] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    bool first = true;

    for (int i = 9; rng_below(rng, 3) == 0 && i > 0; i--) {
        int k = (int)rng_below(rng, (uint64_t)i + 1), moved = order[i];
        order[i] = order[k];
        order[k] = moved;
    }
    buf_puts(out, "{");
    for (int i = 0; i < 10; i++) {
        bool needed = order[i] >= 2 && order[i] <= 4;
        if (!needed && rng_below(rng, 8) == 0)
            continue;
        if (!first)
            buf_puts(out, ",");
        add_blank(rng, out);
        add_member(rng, out, order[i]);
        add_blank(rng, out);
        first = false;
    }
    buf_puts(out, "}");
    add_blank(rng, out);
}

static void mutate(struct rng *rng, struct buf *line)
{
    static const char bytes[] = "\"\\{}[]:,0123456789-+.eE nulltruefalse\x01\x80\xff\x00/u";
    uint64_t count = 1 + rng_below(rng, 3);

    for (uint64_t i = 0; i < count && line->len > 1; i++) {
        size_t at = rng_below(rng, line->len);
        switch (rng_below(rng, 3)) {
        case 0:
            line->ptr[at] = bytes[rng_below(rng, sizeof bytes)];
            break;
        case 1:
            memmove(line->ptr + at, line->ptr + at + 1, line->len - at - 1);
            line->len--;
            break;
        default:
            buf_add(line, "", 1);
            memmove(line->ptr + at + 1, line->ptr + at, line->len - at - 1);
            line->ptr[at] = bytes[rng_below(rng, sizeof bytes)];
        }
    }
}

enum { ROUNDS = 60000 };

static void run(uint64_t seed, bool mutated, int *accepted)
{
    struct budget budget;
    struct jsonl_parser parser;
    struct buf line;
    struct rng rng;

    budget_init(&budget, 0, 0);
    jsonl_parser_init(&parser, &budget);
    rng_init(&rng, seed, 0);
    buf_init(&line, 0);
    *accepted = 0;
    for (int i = 0; i < ROUNDS; i++) {
        buf_clear(&line);
        make_line(&rng, &line);
        if (mutated)
            mutate(&rng, &line);
        if (memchr(line.ptr, '\n', line.len))
            continue;
        *accepted += compare(&parser, line.ptr, line.len);
    }
    buf_release(&line);
    jsonl_parser_release(&parser);
    assert_int_equal(budget.used_bytes, 0);
}

static void test_jsonl_line__valid_lines_are_read_as_jansson_does(void **state)
{
    (void)state;
    int accepted;
    run(1, false, &accepted);
    assert_int_equal(accepted, ROUNDS);
}

static void test_jsonl_line__mutated_lines_are_judged_as_jansson_does(void **state)
{
    (void)state;
    int accepted;
    run(2, true, &accepted);
    assert_true(accepted > ROUNDS / 50); /* both outcomes are met */
    assert_true(accepted < ROUNDS / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_jsonl_line__valid_lines_are_read_as_jansson_does),
        cmocka_unit_test(test_jsonl_line__mutated_lines_are_judged_as_jansson_does),
    };
    return cmocka_run_group_tests_name("history/formats/jsonl_line", tests, NULL, NULL);
}
