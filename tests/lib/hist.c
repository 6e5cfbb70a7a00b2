/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Stories to histories and back. Exists so that a test, a corpus file and a bug report look the
 * same. */
#include "hist.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 16, LIST_MAX = 64 };

/* -- values ---------------------------------------------------------------------------------- */

static bool parse_value(struct values *values, const char **at, int depth, value_id *out);

static bool parse_list(struct values *values, const char **at, int depth, value_id *out)
{
    value_id elements[LIST_MAX];
    size_t count = 0;

    if (depth > 4)
        return false;
    (*at)++;
    while (**at != ']') {
        if (count == LIST_MAX || !parse_value(values, at, depth + 1, &elements[count++]))
            return false;
        if (**at == ',')
            (*at)++;
        else if (**at != ']')
            return false;
    }
    (*at)++;
    *out = values_list(values, elements, count);
    return true;
}

static bool parse_value(struct values *values, const char **at, int depth, value_id *out)
{
    if (**at == '[')
        return parse_list(values, at, depth, out);

    bool quoted = **at == '"';
    const char *start = *at + quoted;
    size_t len = strcspn(start, quoted ? "\"" : "[],\"");
    struct str text = {start, len};
    int64_t number;

    *at = start + len + quoted;
    if (quoted ? start[len] != '"' : len == 0)
        return false;
    if (quoted)
        *out = values_string(values, text);
    else if (str_eq(text, STR("nil")) || str_eq(text, STR("null")))
        *out = VALUE_NIL;
    else if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
        *out = values_json(values, text);
    else if (str_to_int(text, &number))
        *out = values_int(values, number);
    else
        *out = values_string(values, text);
    return true;
}

static int word_value(struct values *values, const char *word, value_id *out, struct err *err)
{
    const char *at = word;
    if (!parse_value(values, &at, 0, out) || *at)
        return err_set(err, EINVAL, "'%s' is not a value", word);
    return 0;
}

/* -- lines ----------------------------------------------------------------------------------- */

static size_t split(char *line, char *words[WORDS_MAX])
{
    size_t count = 0;

    for (char *at = line; count < WORDS_MAX;) {
        at += strspn(at, " \t");
        if (!*at)
            break;
        words[count++] = at;
        at += strcspn(at, " \t");
        if (*at)
            *at++ = '\0';
    }
    return count;
}

static int parse_time(const char *word, int64_t *out, struct err *err)
{
    if (!str_to_int(str_of(word), out))
        return err_set(err, EINVAL, "'%s' is not a time", word);
    return 0;
}

/* What stands after the `@`. */
static int parse_interval(char **words, size_t count, struct op *op, struct err *err)
{
    if (count < 2 || count > 3)
        return err_set(err, EINVAL, "after @ come two times and perhaps an outcome");
    if (parse_time(words[0], &op->invoke_ns, err) < 0)
        return -1;
    if (strcmp(words[1], "?") == 0 && count == 2) {
        op->type = OP_INFO;
        op->complete_ns = TIME_NEVER;
        return 0;
    }
    if (parse_time(words[1], &op->complete_ns, err) < 0)
        return -1;
    op->type = OP_OK;
    for (uint8_t type = OP_OK; count == 3; type++) {
        if (type > OP_INFO)
            return err_set(err, EINVAL, "'%s' is no outcome: ok, fail or info", words[2]);
        op->type = type;
        if (strcmp(words[2], op_type_names[type]) == 0)
            break;
    }
    return 0;
}

static int parse_op(struct history *history, char **words, size_t count, struct err *err)
{
    struct op op = {.node = NODE_NONE, .complete_index = INDEX_NONE};
    value_id *ins[2] = {&op.in, &op.in2};
    size_t in_count = 0, i = 3;
    int64_t process;

    if (count < 5 || !str_to_int(str_of(words[0] + 1), &process) || process != (int32_t)process)
        return err_set(err, EINVAL, "a line is: pN F KEY [IN [IN2]] [-> OUT] @ START END");
    op.process = (int32_t)process;
    int f = history_f(history, str_of(words[1]));
    if (f < 0)
        return err_set(err, EINVAL, "too many names of functions");
    op.f = (uint8_t)f;
    if (strcmp(words[2], "_") != 0 && word_value(&history->values, words[2], &op.key, err) < 0)
        return -1;
    for (; i < count && strcmp(words[i], "@") != 0; i++) {
        bool is_out = strcmp(words[i], "->") == 0;
        if (is_out ? i + 1 == count : in_count == 2)
            return err_set(err, EINVAL, "'%s' is one word too many", words[i]);
        value_id *value = is_out ? &op.out : ins[in_count++];
        i += is_out;
        if (word_value(&history->values, words[i], value, err) < 0)
            return -1;
    }
    if (i == count || parse_interval(words + i + 1, count - i - 1, &op, err) < 0)
        return i == count ? err_set(err, EINVAL, "no @ with times") : -1;
    hist_add(history, &op);
    return 0;
}

static int copy_text(char *to, size_t size, const char *from, struct err *err)
{
    if (strlen(from) >= size)
        return err_set(err, EINVAL, "'%s' is too long", from);
    memcpy(to, from, strlen(from) + 1);
    return 0;
}

static int parse_expect(struct hist *hist, char *rest, struct err *err)
{
    static const char *const names[3] = {"valid", "unknown", "invalid"};
    char *words[WORDS_MAX];

    if (split(rest, words) != 2 || hist->expect_count == HIST_EXPECTS)
        return err_set(err, EINVAL, "expect LEVEL valid|unknown|invalid");
    struct hist_expect *expect = &hist->expects[hist->expect_count++];
    for (int v = 0; v < 3; v++) {
        expect->verdict = (enum verdict)v;
        if (strcmp(words[1], names[v]) == 0)
            return copy_text(expect->level, sizeof expect->level, words[0], err);
    }
    return err_set(err, EINVAL, "'%s' is no verdict: valid, unknown or invalid", words[1]);
}

static bool is_op(const char *line)
{
    return line[0] == 'p' && (isdigit((unsigned char)line[1]) || line[1] == '-');
}

/* `line` is changed. */
static int parse_line(struct hist *hist, char *line, struct err *err)
{
    char *words[WORDS_MAX];

    line += strspn(line, " \t");
    if (!*line || *line == '#')
        return 0;
    if (is_op(line))
        return parse_op(&hist->history, words, split(line, words), err);
    char *rest = line + strcspn(line, " \t");
    if (*rest)
        *rest++ = '\0';
    rest += strspn(rest, " \t");
    if (strcmp(line, "model") == 0)
        return copy_text(hist->model, sizeof hist->model, rest, err);
    if (strcmp(line, "initial") == 0)
        return copy_text(hist->initial, sizeof hist->initial, rest, err);
    if (strcmp(line, "source") == 0)
        return copy_text(hist->source, sizeof hist->source, rest, err);
    if (strcmp(line, "expect") == 0)
        return parse_expect(hist, rest, err);
    return err_set(err, EINVAL, "'%s' begins no line of a story", line);
}

/* -- indexes --------------------------------------------------------------------------------- */

struct edge {
    int64_t time_ns;
    uint32_t line;  /* as it was; 0 where lines do not count */
    uint32_t place; /* of the operation, in the order in which they were added */
    bool completion;
};

static int by_time(const void *left, const void *right)
{
    const struct edge *a = left, *b = right;
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    return a->completion - b->completion;
}

/* At equal times events stand by their lines, if there are any, and then as they were added. */
static int finish(struct history *history, bool has_lines, struct err *err)
{
    struct edge *edges = calloc(history->count * 2 + 1, sizeof *edges);
    size_t count = 0;

    if (!edges)
        abort();
    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        uint32_t begin = has_lines ? op->index : 0, end = has_lines ? op->complete_index : 0;
        edges[count++] = (struct edge){op->invoke_ns, begin, (uint32_t)i, false};
        if (op->complete_ns != TIME_NEVER)
            edges[count++] = (struct edge){op->complete_ns, end, (uint32_t)i, true};
    }
    qsort(edges, count, sizeof *edges, by_time);
    for (size_t i = 0; i < count; i++) {
        struct op *op = &history->ops[edges[i].place];
        *(edges[i].completion ? &op->complete_index : &op->index) = (uint32_t)i;
    }
    free(edges);
    return history_finish(history, err);
}

static void must_finish(struct history *history, bool has_lines)
{
    struct err err = {0};
    if (finish(history, has_lines, &err) < 0) {
        fprintf(stderr, "not a history: %s\n", err.msg);
        hist_dump(history);
        abort();
    }
}

void hist_finish(struct history *history)
{
    must_finish(history, false);
}

void hist_refinish(struct history *history)
{
    must_finish(history, true);
}

void hist_add(struct history *history, const struct op *op)
{
    struct err err = {0};
    if (history_add(history, op, &err) < 0) {
        fprintf(stderr, "%s\n", err.msg);
        abort();
    }
}

/* -- whole stories --------------------------------------------------------------------------- */

int hist_parse(const char *story, struct hist **out, struct err *err)
{
    struct hist *hist = calloc(1, sizeof *hist);
    char *copy = strdup(story);
    int result = 0, number = 0;

    if (!hist || !copy)
        abort();
    *out = hist;
    budget_init(&hist->budget, 0, 0);
    history_init(&hist->history, &hist->budget);
    for (char *line = copy, *next; line && result == 0; line = next) {
        number++;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        struct err why = {0};
        if (parse_line(hist, line, &why) < 0)
            result = err_set(err, EINVAL, "line %d: %s", number, why.msg);
    }
    free(copy);
    return result == 0 ? finish(&hist->history, false, err) : result;
}

struct hist *hist_new(const char *story)
{
    struct hist *hist;
    struct err err = {0};

    if (hist_parse(story, &hist, &err) < 0) {
        fprintf(stderr, "story: %s\n%s\n", err.msg, story);
        abort();
    }
    return hist;
}

struct hist *hist_load(const char *path)
{
    FILE *file = fopen(path, "r");
    struct buf text;
    char chunk[4096];
    size_t len;

    buf_init(&text, 0);
    if (!file) {
        fprintf(stderr, "cannot open '%s': %s\n", path, strerror(errno));
        abort();
    }
    while ((len = fread(chunk, 1, sizeof chunk, file)) > 0)
        buf_add(&text, chunk, len);
    (void)fclose(file);

    struct hist *hist;
    struct err err = {0};
    if (hist_parse(text.ptr ? text.ptr : "", &hist, &err) < 0) {
        fprintf(stderr, "%s: %s\n", path, err.msg);
        abort();
    }
    buf_release(&text);
    return hist;
}

void hist_free(struct hist *hist)
{
    if (!hist)
        return;
    history_release(&hist->history);
    free(hist);
}

/* -- printing -------------------------------------------------------------------------------- */

static void print_value(const struct values *values, value_id id, struct buf *buf)
{
    const value_id *elements;
    size_t count;

    if (id == VALUE_NIL) {
        buf_puts(buf, "nil");
        return;
    }
    if (!values_get_list(values, id, &elements, &count)) {
        values_print(values, id, buf);
        return;
    }
    buf_puts(buf, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_puts(buf, ",");
        print_value(values, elements[i], buf);
    }
    buf_puts(buf, "]");
}

static void print_op(const struct history *history, const struct op *op, struct buf *buf)
{
    const struct values *values = &history->values;

    buf_printf(buf, "p%" PRId32 " %s ", op->process, history_f_name(history, op->f));
    if (op->key == VALUE_NIL)
        buf_puts(buf, "_");
    else
        print_value(values, op->key, buf);
    if (op->in != VALUE_NIL || op->in2 != VALUE_NIL) {
        buf_puts(buf, " ");
        print_value(values, op->in, buf);
    }
    if (op->in2 != VALUE_NIL) {
        buf_puts(buf, " ");
        print_value(values, op->in2, buf);
    }
    if (op->out != VALUE_NIL || (op->f == OP_F_READ && op->type == OP_OK)) {
        buf_puts(buf, " -> ");
        print_value(values, op->out, buf);
    }
    buf_printf(buf, " @ %" PRId64, op->invoke_ns);
    if (op->complete_ns == TIME_NEVER)
        buf_puts(buf, " ?");
    else
        buf_printf(buf, " %" PRId64, op->complete_ns);
    if (op->complete_ns != TIME_NEVER && op->type != OP_OK)
        buf_printf(buf, " %s", op_type_names[op->type]);
    buf_puts(buf, "\n");
}

void hist_print(const struct history *history, struct buf *buf)
{
    for (size_t i = 0; i < history->count; i++)
        print_op(history, &history->ops[i], buf);
}

void hist_dump(const struct history *history)
{
    struct buf buf;

    buf_init(&buf, 0);
    hist_print(history, &buf);
    fputs(buf.ptr ? buf.ptr : "", stderr);
    buf_release(&buf);
}
