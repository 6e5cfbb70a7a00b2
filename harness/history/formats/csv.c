/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* csv.c - an operation a row, for spreadsheets, scripts and people.
 *
 * The first row names the columns, in any order: process and f; key, value, result, type, node,
 * invoke and complete as there are. Quotes as in RFC 4180. A field that is JSON is that value, any
 * other text is a string, an empty one is nil. Without invoke and complete nothing is said about
 * real time, and the rows of a process are in its order.
 */
#include "../scan.h"
#include "formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

enum column {
    COLUMN_PROCESS,
    COLUMN_F,
    COLUMN_KEY,
    COLUMN_VALUE,
    COLUMN_RESULT,
    COLUMN_INVOKE,
    COLUMN_COMPLETE,
    COLUMN_TYPE,
    COLUMN_NODE,
    COLUMN_COUNT,
    COLUMN_NONE = COLUMN_COUNT, /* one that is not ours */
};

static const char *const column_names[COLUMN_COUNT + 1] = {
    "process", "f", "key", "value", "result", "invoke", "complete", "type", "node", NULL};

enum { FIELDS_MAX = 64 };

struct reader {
    struct input *input;
    struct history *history;
    struct scan_scratch scratch;
    enum column columns[FIELDS_MAX];
    size_t column_count;
    bool has[COLUMN_COUNT];
    struct buf row;                /* the text of the fields, a NUL behind each */
    size_t fields[FIELDS_MAX + 1]; /* where each begins in `row` */
    size_t field_count;
};

static int out_of_memory(const struct reader *reader, struct err *err)
{
    return err_set(err, ENOMEM, "%s while reading the history; give a larger --memory-limit",
                   budget_reason(reader->history->budget));
}

/* -- rows ------------------------------------------------------------------------------------- */

static struct str field(const struct reader *reader, size_t i)
{
    return (struct str){reader->row.ptr + reader->fields[i],
                        reader->fields[i + 1] - reader->fields[i] - 1};
}

static int end_field(struct reader *reader, struct err *err)
{
    buf_add(&reader->row, "", 1);
    if (reader->row.failed)
        return out_of_memory(reader, err);
    if (reader->field_count == FIELDS_MAX)
        return err_set(err, EINVAL, "it has more than %d fields", FIELDS_MAX);
    reader->fields[++reader->field_count] = reader->row.len;
    return 0;
}

/* What stands between quotes, over as many lines as it takes: 1, or 0 at the end of the input in
 * its middle, or -1. *line becomes what is left of the last one. */
static int take_quoted(struct reader *reader, struct str *line, struct err *err)
{
    for (;;) {
        const char *quote = line->len ? memchr(line->ptr, '"', line->len) : NULL;
        size_t len = quote ? (size_t)(quote - line->ptr) : line->len;
        buf_add(&reader->row, line->ptr, len);
        if (!quote) {
            buf_puts(&reader->row, "\n");
            int got = input_line(reader->input, line, err);
            if (got <= 0)
                return got;
            continue;
        }
        *line = (struct str){quote + 1, line->len - len - 1};
        if (line->len == 0 || line->ptr[0] != '"')
            return 1;
        buf_puts(&reader->row, "\"");
        *line = (struct str){line->ptr + 1, line->len - 1};
    }
}

/* Split a row into fields: 1, or 0 if the input ends in its middle, or -1. */
static int split_row(struct reader *reader, struct str line, struct err *err)
{
    buf_clear(&reader->row);
    reader->field_count = 0;
    reader->fields[0] = 0;
    for (;;) {
        if (line.len && line.ptr[0] == '"') {
            line = (struct str){line.ptr + 1, line.len - 1};
            int got = take_quoted(reader, &line, err);
            if (got <= 0)
                return got;
            if (line.len && line.ptr[0] != ',')
                return err_set(err, EINVAL, "something follows a closing quote");
        } else {
            const char *comma = line.len ? memchr(line.ptr, ',', line.len) : NULL;
            size_t len = comma ? (size_t)(comma - line.ptr) : line.len;
            buf_add(&reader->row, line.ptr, len);
            line = (struct str){line.ptr + len, line.len - len};
        }
        if (end_field(reader, err) < 0)
            return -1;
        if (line.len == 0)
            return 1;
        line = (struct str){line.ptr + 1, line.len - 1};
    }
}

static struct str trim(struct str text)
{
    while (text.len && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = (struct str){text.ptr + 1, text.len - 1};
    while (text.len && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static enum column column_of(struct str name)
{
    for (int i = 0; i < COLUMN_COUNT; i++) {
        if (str_eq(name, str_of(column_names[i])))
            return (enum column)i;
    }
    return COLUMN_NONE;
}

static int read_header(struct reader *reader, struct err *err)
{
    reader->column_count = reader->field_count;
    for (size_t i = 0; i < reader->field_count; i++) {
        enum column column = column_of(trim(field(reader, i)));
        if (column != COLUMN_NONE && reader->has[column])
            return err_set(err, EINVAL, "the column '%s' stands twice in the header",
                           column_names[column]);
        reader->columns[i] = column;
        if (column != COLUMN_NONE)
            reader->has[column] = true;
    }
    if (!reader->has[COLUMN_PROCESS] || !reader->has[COLUMN_F])
        return err_set(err, EINVAL, "the first line does not name the columns 'process' and 'f'");
    if (reader->has[COLUMN_INVOKE] != reader->has[COLUMN_COMPLETE])
        return err_set(err, EINVAL, "of the columns 'invoke' and 'complete' one is missing");
    return 0;
}

/* -- operations ------------------------------------------------------------------------------- */

static int read_value(struct reader *reader, struct str text, value_id *out, struct err *err)
{
    struct values *values = &reader->history->values;
    struct scan scan = scan_of(text);

    if (text.len == 0 || str_eq(text, STR("nil")))
        return 0;
    bool whole = scan_value(&scan, &reader->scratch, values, out) && scan_peek(&scan) == '\0' &&
                 scan.at == scan.end;
    if (!whole)
        *out = values_string(values, text);
    return *out == VALUE_FAILED ? out_of_memory(reader, err) : 0;
}

static int read_time(struct str text, const char *what, int64_t *out, struct err *err)
{
    if (!str_to_int(text, out) || *out == TIME_NEVER)
        return err_set(err, EINVAL, "'%s' is not a whole number of nanoseconds", what);
    return 0;
}

static int read_type(struct str text, struct op *op, struct err *err)
{
    for (int type = OP_OK; type <= OP_INFO; type++) {
        if (str_eq(text, str_of(op_type_names[type]))) {
            op->type = (uint8_t)type;
            return 0;
        }
    }
    return err_set(err, EINVAL, "'type' is not ok, fail or info");
}

/* A name of the history, made if new. */
static int read_name(struct reader *reader, struct str text, uint8_t *out,
                     int (*add)(struct history *, struct str), struct err *err)
{
    int number = add(reader->history, text);
    if (number < 0)
        return err_set(err, EINVAL, "the names of functions or nodes are too many, or hold a NUL");
    *out = (uint8_t)number;
    return 0;
}

static int read_field(struct reader *reader, enum column column, struct str text, struct op *op,
                      struct err *err)
{
    int64_t number;

    switch (column) {
    case COLUMN_PROCESS:
        if (!str_to_int(text, &number) || number != (int32_t)number)
            return err_set(err, EINVAL, "'process' is not a number of 32 bits");
        op->process = (int32_t)number;
        return 0;
    case COLUMN_F:
        if (text.len == 0)
            return err_set(err, EINVAL, "'f' is empty");
        return read_name(reader, text, &op->f, history_f, err);
    case COLUMN_KEY:
        return read_value(reader, text, &op->key, err);
    case COLUMN_VALUE:
        return read_value(reader, text, &op->in, err);
    case COLUMN_RESULT:
        return read_value(reader, text, &op->out, err);
    case COLUMN_INVOKE:
        return read_time(text, "invoke", &op->invoke_ns, err);
    case COLUMN_COMPLETE:
        return text.len ? read_time(text, "complete", &op->complete_ns, err) : 0;
    case COLUMN_TYPE:
        return text.len ? read_type(text, op, err) : 0;
    case COLUMN_NODE:
        return text.len ? read_name(reader, text, &op->node, history_node, err) : 0;
    case COLUMN_NONE:
        break;
    }
    return 0;
}

static void split_cas(const struct history *history, struct op *op)
{
    const value_id *elements;
    size_t count;

    if (op->f == OP_F_CAS && values_get_list(&history->values, op->in, &elements, &count) &&
        count == 2) {
        op->in2 = elements[1];
        op->in = elements[0];
    }
}

static int add_row(struct reader *reader, struct err *err)
{
    struct history *history = reader->history;
    struct op op = {.complete_ns = reader->has[COLUMN_INVOKE] ? TIME_NEVER : 0,
                    .type = OP_INVOKE,
                    .node = NODE_NONE,
                    .index = (uint32_t)history->count * 2,
                    .complete_index = (uint32_t)history->count * 2 + 1};

    if (reader->field_count != reader->column_count)
        return err_set(err, EINVAL, "it has %zu fields, the header %zu", reader->field_count,
                       reader->column_count);
    if (history->count >= INDEX_NONE / 2)
        return err_set(err, EFBIG, "a history has at most 4294967295 events");
    if (!format_is_utf8(buf_str(&reader->row)))
        return err_set(err, EINVAL, "it is not UTF-8");
    for (size_t i = 0; i < reader->field_count; i++) {
        if (read_field(reader, reader->columns[i], trim(field(reader, i)), &op, err) < 0)
            return -1;
    }
    if (op.type == OP_INVOKE)
        op.type = op.complete_ns == TIME_NEVER ? OP_INFO : OP_OK;
    if (op.complete_ns == TIME_NEVER && op.type != OP_INFO)
        return err_set(err, EINVAL, "it is %s, but has no time in 'complete'",
                       op_type_names[op.type]);
    if (op.complete_ns < op.invoke_ns)
        return err_set(err, EINVAL, "it completes before it is invoked");
    if (op.complete_ns == TIME_NEVER)
        op.complete_index = INDEX_NONE;
    bool repeated = op.out == op.in && !op_f_returns(op.f);
    if (op.type != OP_OK || repeated)
        op.out = VALUE_NIL;
    split_cas(history, &op);
    return history_add(history, &op, err);
}

static int by_invocation(const void *left, const void *right)
{
    const struct op *a = left, *b = right;
    if (a->invoke_ns != b->invoke_ns)
        return a->invoke_ns < b->invoke_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* Rows may be in any order: number the operations by their invocations, so that the indexes of a
 * process grow with its times. */
static void number_by_time(struct history *history)
{
    if (history->count)
        qsort(history->ops, history->count, sizeof *history->ops, by_invocation);
    for (size_t i = 0; i < history->count; i++) {
        struct op *op = &history->ops[i];
        op->index = (uint32_t)i * 2;
        if (op->complete_index != INDEX_NONE)
            op->complete_index = (uint32_t)i * 2 + 1;
    }
}

static int read_rows(struct reader *reader, struct err *err)
{
    struct str line;
    uint64_t row_line = 1;
    int got;

    while ((got = input_line(reader->input, &line, err)) > 0) {
        row_line = input_line_number(reader->input);
        if (row_line == 1)
            line = format_skip_mark(line);
        if (trim(line).len == 0)
            continue;
        got = split_row(reader, line, err);
        if (got == 0) {
            reader->history->torn = true;
            break;
        }
        if (got < 0 ||
            (reader->column_count ? add_row(reader, err) : read_header(reader, err)) < 0) {
            got = -1;
            break;
        }
    }
    if (got < 0 && err->code == EINVAL && reader->column_count &&
        !input_line_ended(reader->input)) {
        reader->history->torn = true;
        return 0;
    }
    return got < 0 && err->code != ENOMEM ? format_line_error(reader->input, row_line, err) : got;
}

static int read_csv(struct input *input, const struct read_options *options,
                    struct history *history, struct err *err)
{
    struct reader reader = {.input = input, .history = history};

    (void)options;
    scan_scratch_init(&reader.scratch, history->budget);
    buf_init(&reader.row, 0);
    int result = read_rows(&reader, err);
    history->timeless = !reader.has[COLUMN_INVOKE];
    history->times_trusted = !history->timeless;
    history->torn |= input_torn(input);
    number_by_time(history);
    scan_scratch_release(&reader.scratch);
    buf_release(&reader.row);
    return result;
}

/* A first line of words between commas, two of which are ours. */
static bool detect(struct str first)
{
    struct str text = format_skip_blank(first);
    const char *end = memchr(text.ptr, '\n', text.len);
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    bool process = false, f = false;

    while (len) {
        const char *comma = memchr(text.ptr, ',', len);
        size_t word_len = comma ? (size_t)(comma - text.ptr) : len;
        struct str word = trim((struct str){text.ptr, word_len});
        if (word.len && word.ptr[word.len - 1] == '\r')
            word.len--;
        if (word.len > 1 && word.ptr[0] == '"' && word.ptr[word.len - 1] == '"')
            word = (struct str){word.ptr + 1, word.len - 2};
        process |= column_of(word) == COLUMN_PROCESS;
        f |= column_of(word) == COLUMN_F;
        word_len += comma != NULL;
        text.ptr += word_len;
        len -= word_len;
    }
    return process && f;
}

const struct format format_csv = {
    .name = "csv",
    .about = "an operation a row: process,f,key,value,result,invoke,complete,type",
    .detect = detect,
    .read = read_csv,
};
