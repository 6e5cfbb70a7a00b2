/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "describe.h"

#include "text.h"

#include <inttypes.h>
#include <jansson.h>

enum { LABEL_VALUE_COLUMNS = 16, SENTENCE_VALUE_COLUMNS = 80 };

void describe_value(const struct history *history, value_id value, int columns, struct buf *out)
{
    struct buf json;

    buf_init(&json, 0);
    if (value == VALUE_NIL)
        buf_puts(&json, "nil");
    else
        values_print(&history->values, value, &json);
    text_fit(out, buf_str(&json), columns);
    buf_release(&json);
}

void describe_time(const struct history *history, int64_t time_ns, struct buf *out)
{
    bool seconds = history->end_ns >= 1000000000, millis = history->end_ns >= 1000000;
    int64_t unit = seconds ? 1000000000 : millis ? 1000000 : 1000;

    buf_printf(out, "%" PRId64 ".%03" PRId64 " %s", time_ns / unit, time_ns % unit / (unit / 1000),
               seconds  ? "s"
               : millis ? "ms"
                        : "µs");
}

static bool is_read(const struct op *op)
{
    return op->f == OP_F_READ || op->f == OP_F_GET;
}

void describe_label(const struct history *history, const struct op *op, struct buf *out)
{
    buf_puts(out, history_f_name(history, op->f));
    if (op->f == OP_F_CAS) {
        buf_puts(out, " ");
        describe_value(history, op->in, LABEL_VALUE_COLUMNS, out);
        buf_puts(out, "→");
        describe_value(history, op->in2, LABEL_VALUE_COLUMNS, out);
    } else if (op->in != VALUE_NIL) {
        buf_puts(out, " ");
        describe_value(history, op->in, LABEL_VALUE_COLUMNS, out);
    }
    if (op->type == OP_OK && (op->out != VALUE_NIL || is_read(op))) {
        buf_puts(out, " → ");
        describe_value(history, op->out, LABEL_VALUE_COLUMNS, out);
    }
}

/* What it did, without its outcome: "wrote 3 to key 12". */
static void describe_deed(const struct history *history, const struct op *op, struct buf *out)
{
    bool ok = op->type == OP_OK;

    if (op->f == OP_F_CAS) {
        buf_puts(out, ok ? "changed " : "tried to change ");
        if (op->key != VALUE_NIL) {
            buf_puts(out, "key ");
            describe_value(history, op->key, SENTENCE_VALUE_COLUMNS, out);
        } else {
            buf_puts(out, "the value");
        }
        buf_puts(out, " from ");
        describe_value(history, op->in, SENTENCE_VALUE_COLUMNS, out);
        buf_puts(out, " to ");
        describe_value(history, op->in2, SENTENCE_VALUE_COLUMNS, out);
        return;
    }
    if (op->f == OP_F_WRITE)
        buf_puts(out, ok ? "wrote" : "tried to write");
    else if (is_read(op))
        buf_puts(out, ok ? "read" : "tried to read");
    else
        buf_printf(out, "%s %s", ok ? "did" : "tried to", history_f_name(history, op->f));
    if (op->in != VALUE_NIL) {
        buf_puts(out, " ");
        describe_value(history, op->in, SENTENCE_VALUE_COLUMNS, out);
    }
    if (op->key != VALUE_NIL) {
        buf_puts(out, op->f == OP_F_WRITE ? " to key " : is_read(op) ? " key " : " on key ");
        describe_value(history, op->key, SENTENCE_VALUE_COLUMNS, out);
    }
}

void describe_op(const struct history *history, const struct op *op, struct buf *out)
{
    if (history->times_trusted) {
        buf_puts(out, "at ");
        describe_time(history, op->invoke_ns, out);
        buf_puts(out, " ");
    }
    buf_printf(out, "process %" PRId32, op->process);
    if (op->node != NODE_NONE)
        buf_printf(out, " (%s)", history->nodes[op->node]);
    buf_puts(out, " ");
    describe_deed(history, op, out);
    if (op->type == OP_OK && (op->out != VALUE_NIL || is_read(op))) {
        buf_puts(out, " and got ");
        describe_value(history, op->out, SENTENCE_VALUE_COLUMNS, out);
    }
    if (op->type == OP_INFO)
        buf_puts(out, "; its outcome is unknown, so it may have taken effect at any later time "
                      "or never");
    else if (op->type == OP_FAIL)
        buf_puts(out, "; it failed");
    else if (op->f == OP_F_WRITE || op->f == OP_F_CAS)
        buf_puts(out, "; acknowledged");
    if (op->type != OP_INFO && history->times_trusted) {
        buf_puts(out, " after ");
        text_duration(out, op->complete_ns - op->invoke_ns);
    }
}

size_t describe_decisive(const struct history *history, const uint32_t *ops, size_t count)
{
    size_t decisive = 0;
    int best = -1;

    for (size_t i = 0; i < count; i++) {
        const struct op *op = &history->ops[ops[i]], *last = &history->ops[ops[decisive]];
        bool saw = op->type == OP_OK && (is_read(op) || op->out != VALUE_NIL);
        int rank = saw ? 2 : op->complete_ns != TIME_NEVER ? 1 : 0;
        if (rank > best || (rank == best && op->complete_ns > last->complete_ns)) {
            best = rank;
            decisive = i;
        }
    }
    return decisive;
}

/* -- who a fault hit ------------------------------------------------------------------------------
 */

static void add_names(const json_t *names, struct buf *out)
{
    size_t i;
    json_t *name;

    json_array_foreach(names, i, name)
    {
        if (i)
            buf_puts(out, " ");
        buf_puts(out, json_is_string(name) ? json_string_value(name) : "?");
    }
}

static bool has_name(const json_t *names, const char *wanted)
{
    size_t i;
    json_t *name;

    json_array_foreach(names, i, name)
    {
        if (json_is_string(name) && strcmp(json_string_value(name), wanted) == 0)
            return true;
    }
    return false;
}

/* Whether nodes with equal lists, and those on the lists, are two groups cut off from each other
 * both ways, as in "n1 n2 | n3 n4 n5". Then both are printed. */
static bool describe_halves(json_t *cuts, struct buf *out)
{
    const char *node;
    json_t *deaf_to;
    json_t *right = json_object_iter_value(json_object_iter(cuts));
    size_t left_count = 0, right_count = 0;
    struct buf left;

    buf_init(&left, 0);
    json_object_foreach(cuts, node, deaf_to)
    {
        if (json_equal(deaf_to, right)) {
            if (left_count++)
                buf_puts(&left, " ");
            buf_puts(&left, node);
        } else if (has_name(right, node)) {
            right_count++;
        }
    }
    bool halves =
        left_count + right_count == json_object_size(cuts) && right_count == json_array_size(right);
    json_object_foreach(cuts, node, deaf_to)
    {
        if (has_name(right, node))
            halves = halves && json_array_size(deaf_to) == left_count;
    }
    if (halves) {
        buf_puts(out, left.ptr ? left.ptr : "");
        buf_puts(out, " | ");
        add_names(right, out);
    }
    buf_release(&left);
    return halves;
}

/* Nodes that no longer hear the same others, together: "n3 n4 deaf to n1 n2". */
static void describe_cuts(json_t *cuts, struct buf *out)
{
    const char *node;
    json_t *deaf_to;
    bool first = true;

    json_object_foreach(cuts, node, deaf_to)
    {
        const char *other;
        json_t *others;
        bool seen = false, before = true;
        json_object_foreach(cuts, other, others)
        {
            before = before && strcmp(other, node) != 0;
            seen = seen || (before && json_equal(others, deaf_to));
        }
        if (!json_is_array(deaf_to) || seen)
            continue;
        buf_puts(out, first ? "" : ", ");
        before = true;
        json_object_foreach(cuts, other, others)
        {
            if (!json_equal(others, deaf_to))
                continue;
            buf_puts(out, before ? "" : " ");
            buf_puts(out, other);
            before = false;
        }
        buf_puts(out, " deaf to ");
        add_names(deaf_to, out);
        first = false;
    }
}

/* What has become of each node, where that is told in words: "n1 wall +2.000 s, n3 ...". */
static void describe_states(json_t *states, struct buf *out)
{
    const char *node;
    json_t *state;
    bool first = true;

    json_object_foreach(states, node, state)
    {
        buf_puts(out, first ? "" : ", ");
        buf_puts(out, node);
        buf_puts(out, " ");
        buf_puts(out, json_is_string(state) ? json_string_value(state) : "?");
        first = false;
    }
}

void describe_victims(const char *value, int columns, struct buf *out)
{
    json_t *json = json_loads(value ? value : "null", JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    struct buf text;

    buf_init(&text, 0);
    if (json_is_array(json))
        add_names(json, &text);
    else if (json_is_string(json_object_iter_value(json_object_iter(json))))
        describe_states(json, &text);
    else if (json_is_object(json) && json_object_size(json) > 0) {
        if (!describe_halves(json, &text))
            describe_cuts(json, &text);
    } else if (json_is_string(json))
        buf_puts(&text, json_string_value(json));
    else if (value && !json_is_null(json))
        buf_puts(&text, value);
    text_fit(out, buf_str(&text), columns);
    buf_release(&text);
    json_decref(json);
}
