/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "write.h"

#include "formats/tuples.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum { BATCH_BYTES = 64 * 1024 };

/* An event to write: what happened to ops[place], or events[place]. */
struct line {
    int64_t time_ns;
    uint32_t index;
    uint32_t place;
    enum { LINE_INVOKE, LINE_COMPLETE, LINE_EVENT } kind;
};

/* How a format says things. */
struct dialect {
    void (*op)(const struct history *history, const struct op *op, bool complete, struct buf *out);
    void (*event)(const struct history *history, const struct event *event, struct buf *out);
};

static int by_time(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static size_t list_lines(const struct history *history, struct line *lines)
{
    size_t count = 0;

    for (uint32_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        lines[count++] = (struct line){op->invoke_ns, op->index, i, LINE_INVOKE};
        if (op->complete_ns != TIME_NEVER)
            lines[count++] = (struct line){op->complete_ns, op->complete_index, i, LINE_COMPLETE};
    }
    for (uint32_t i = 0; i < history->event_count; i++)
        lines[count++] =
            (struct line){history->events[i].time_ns, history->events[i].index, i, LINE_EVENT};
    return count;
}

static bool flush(struct buf *out, FILE *to)
{
    bool good = !out->failed && fwrite(out->ptr, 1, out->len, to) == out->len;
    buf_clear(out);
    return good;
}

static int write_lines(const struct history *history, const struct dialect *dialect, FILE *to,
                       struct err *err)
{
    size_t most = 2 * history->count + history->event_count;
    struct line *lines = budget_calloc(history->budget, most + 1, sizeof *lines);
    struct buf out;
    bool good = true;

    if (!lines)
        return err_set(err, ENOMEM, "%s while writing the history; give a larger --memory-limit",
                       budget_reason(history->budget));
    size_t count = list_lines(history, lines);
    qsort(lines, count, sizeof *lines, by_time);
    buf_init(&out, 0);
    buf_puts(&out, "");
    for (size_t i = 0; i < count && good; i++) {
        if (lines[i].kind == LINE_EVENT)
            dialect->event(history, &history->events[lines[i].place], &out);
        else
            dialect->op(history, &history->ops[lines[i].place], lines[i].kind == LINE_COMPLETE,
                        &out);
        if (out.len >= BATCH_BYTES)
            good = flush(&out, to);
    }
    good = good && flush(&out, to) && fflush(to) == 0;
    int code = errno;
    buf_release(&out);
    budget_free(history->budget, lines);
    return good ? 0 : err_errno(err, code, "cannot write the history");
}

/* What the event of an operation shows: one value, or a cas's two. */
struct shown {
    value_id first, second;
    bool pair;
};

static struct shown shown_value(const struct op *op, bool complete)
{
    bool result = complete && op->type == OP_OK && (op->out != VALUE_NIL || op_f_returns(op->f));
    bool pair = op->f == OP_F_CAS && (op->in != VALUE_NIL || op->in2 != VALUE_NIL);

    if (result)
        return (struct shown){.first = op->out};
    return (struct shown){.first = op->in, .second = op->in2, .pair = pair};
}

/* -- jsonl ------------------------------------------------------------------------------------ */

static void json_head(const struct history *history, uint32_t index, int64_t time_ns,
                      struct buf *out)
{
    buf_puts(out, "{\"index\":");
    buf_int(out, index);
    if (history->times_trusted) {
        buf_puts(out, ",\"time\":");
        buf_int(out, time_ns);
    }
}

static void json_op(const struct history *history, const struct op *op, bool complete,
                    struct buf *out)
{
    struct shown shown = shown_value(op, complete);

    json_head(history, complete ? op->complete_index : op->index,
              complete ? op->complete_ns : op->invoke_ns, out);
    buf_puts(out, ",\"type\":\"");
    buf_puts(out, op_type_names[complete ? op->type : OP_INVOKE]);
    buf_puts(out, "\",\"process\":");
    buf_int(out, op->process);
    buf_puts(out, ",\"f\":");
    buf_json_string(out, str_of(history_f_name(history, op->f)));
    if (op->key != VALUE_NIL) {
        buf_puts(out, ",\"key\":");
        values_print(&history->values, op->key, out);
    }
    buf_puts(out, shown.pair ? ",\"value\":[" : ",\"value\":");
    values_print(&history->values, shown.first, out);
    if (shown.pair) {
        buf_puts(out, ",");
        values_print(&history->values, shown.second, out);
        buf_puts(out, "]");
    }
    if (op->node != NODE_NONE) {
        buf_puts(out, ",\"node\":");
        buf_json_string(out, str_of(history->nodes[op->node]));
    }
    value_id clock = complete ? history_clock(history, op) : VALUE_NIL;
    if (clock != VALUE_NIL) {
        buf_puts(out, ",\"clock\":");
        values_print(&history->values, clock, out);
    }
    buf_puts(out, "}\n");
}

static void json_event(const struct history *history, const struct event *event, struct buf *out)
{
    json_head(history, event->index, event->time_ns, out);
    event_print(event, out);
    buf_puts(out, "}\n");
}

int history_write_jsonl(const struct history *history, FILE *to, struct err *err)
{
    static const struct dialect dialect = {.op = json_op, .event = json_event};
    return write_lines(history, &dialect, to, err);
}

/* -- edn -------------------------------------------------------------------------------------- */

static bool is_keyword(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || (c && strchr("-_.+*!?", c));
        if (!letter && (i == 0 || !other))
            return false;
    }
    return name.len > 0;
}

/* A name as a keyword, as a string if it cannot be one. */
static void edn_name(struct str name, struct buf *out)
{
    if (is_keyword(name)) {
        buf_puts(out, ":");
        buf_add(out, name.ptr, name.len);
    } else {
        buf_json_string(out, name);
    }
}

/* JSON text as EDN: members have no colon, null is nil. Commas are blanks to EDN, and what JSON
 * strings escape EDN's do too. */
static void edn_from_json(struct str json, struct buf *out)
{
    bool quoted = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (quoted && c == '\\') {
            buf_add(out, json.ptr + i++, 2);
            continue;
        }
        if (c == '"')
            quoted = !quoted;
        if (!quoted && c == 'n') {
            buf_puts(out, "nil");
            i += 3;
        } else {
            buf_add(out, !quoted && (c == ':' || c == ',') ? " " : &json.ptr[i], 1);
        }
    }
}

static void edn_value(const struct values *values, value_id id, struct buf *out)
{
    const value_id *elements;
    size_t count;
    struct str json;

    if (values_get_text(values, id, &json)) {
        edn_from_json(json, out);
    } else if (values_get_list(values, id, &elements, &count)) {
        buf_puts(out, "[");
        for (size_t i = 0; i < count; i++) {
            if (i)
                buf_puts(out, " ");
            edn_value(values, elements[i], out);
        }
        buf_puts(out, "]");
    } else if (id == VALUE_NIL) {
        buf_puts(out, "nil");
    } else {
        values_print(values, id, out);
    }
}

/* A micro-operation ["append", "x", 1]: its first word is a keyword. */
static bool edn_micro_op(const struct values *values, value_id id, struct buf *out)
{
    const value_id *elements;
    size_t count;
    struct str word;

    if (!values_get_list(values, id, &elements, &count) || count == 0 ||
        !values_get_text(values, elements[0], &word) || word.len < 3 || word.ptr[0] != '"')
        return false;
    struct str name = {word.ptr + 1, word.len - 2};
    if (!is_keyword(name))
        return false;
    buf_puts(out, "[");
    edn_name(name, out);
    for (size_t i = 1; i < count; i++) {
        buf_puts(out, " ");
        edn_value(values, elements[i], out);
    }
    buf_puts(out, "]");
    return true;
}

static void edn_transaction(const struct values *values, value_id id, struct buf *out)
{
    const value_id *elements;
    size_t count;

    if (!values_get_list(values, id, &elements, &count)) {
        edn_value(values, id, out);
        return;
    }
    buf_puts(out, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_puts(out, " ");
        if (!edn_micro_op(values, elements[i], out))
            edn_value(values, elements[i], out);
    }
    buf_puts(out, "]");
}

static void edn_head(const struct history *history, const char *type, int64_t time_ns,
                     uint32_t index, struct buf *out)
{
    buf_printf(out, "{:index %" PRIu32 ", ", index);
    if (history->times_trusted)
        buf_printf(out, ":time %" PRId64 ", ", time_ns);
    buf_printf(out, ":type :%s", type);
}

/* `mark` stands in front of a tuple of key and value; NULL: only such as have a key are tuples. */
static void edn_write_op(const struct history *history, const struct op *op, bool complete,
                         const char *mark, struct buf *out)
{
    const struct values *values = &history->values;
    struct shown shown = shown_value(op, complete);
    bool is_tuple = mark || op->key != VALUE_NIL;

    edn_head(history, op_type_names[complete ? op->type : OP_INVOKE],
             complete ? op->complete_ns : op->invoke_ns, complete ? op->complete_index : op->index,
             out);
    buf_printf(out, ", :process %" PRId32 ", :f ", op->process);
    edn_name(str_of(history_f_name(history, op->f)), out);
    buf_puts(out, ", :value ");
    if (is_tuple) {
        buf_puts(out, mark ? mark : "");
        buf_puts(out, "[");
        edn_value(values, op->key, out);
        buf_puts(out, " ");
    }
    buf_puts(out, shown.pair ? "[" : "");
    if (op->f == OP_F_TXN)
        edn_transaction(values, shown.first, out);
    else
        edn_value(values, shown.first, out);
    if (shown.pair) {
        buf_puts(out, " ");
        edn_value(values, shown.second, out);
        buf_puts(out, "]");
    }
    buf_puts(out, is_tuple ? "]" : "");
    if (op->node != NODE_NONE) {
        buf_puts(out, ", :node ");
        buf_json_string(out, str_of(history->nodes[op->node]));
    }
    buf_puts(out, "}\n");
}

static void edn_op(const struct history *history, const struct op *op, bool complete,
                   struct buf *out)
{
    edn_write_op(history, op, complete, NULL, out);
}

static void edn_marked_op(const struct history *history, const struct op *op, bool complete,
                          struct buf *out)
{
    edn_write_op(history, op, complete, "#" TUPLE_TAG " ", out);
}

static void edn_event(const struct history *history, const struct event *event, struct buf *out)
{
    edn_head(history, "info", event->time_ns, event->index, out);
    buf_puts(out, ", :process :nemesis, :f ");
    edn_name(str_of(event->f), out);
    buf_puts(out, ", :value ");
    edn_from_json(str_of(event->value), out);
    buf_puts(out, "}\n");
}

int history_write_edn(const struct history *history, FILE *to, struct err *err)
{
    const struct dialect dialect = {.op = tuples_need_marks(history) ? edn_marked_op : edn_op,
                                    .event = edn_event};
    return write_lines(history, &dialect, to, err);
}
