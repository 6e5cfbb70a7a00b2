/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "edn_value.h"

#include "../scan.h"
#include "formats.h"

#include <stdlib.h>

static const char OUT_OF_MEMORY[] = "out of memory";
static const char TOO_DEEP[] = "values are nested too deep";
static const char NO_END[] = "a value has no end";

void edn_init(struct edn *edn, struct values *values)
{
    *edn = (struct edn){.values = values};
    buf_init(&edn->text, 0);
}

void edn_release(struct edn *edn)
{
    budget_free(edn->values->budget, edn->ids);
    edn->ids = NULL;
    buf_release(&edn->text);
}

void edn_start(struct edn *edn, struct str text)
{
    bool readable = format_is_utf8(text);

    edn->at = text.ptr;
    edn->end = text.ptr + (readable ? text.len : 0);
    edn->problem = readable ? NULL : "it is not UTF-8";
    edn->id_count = 0;
}

static bool fail(struct edn *edn, const char *problem)
{
    if (!edn->problem)
        edn->problem = problem;
    return false;
}

enum { BLANK = 1, OPEN = 2, CLOSE = 4, OTHER = 8 };

/* What ends a symbol, keyword or number; to EDN a comma is a blank. */
static const unsigned char classes[256] = {
    [' '] = BLANK,  [','] = BLANK, ['\t'] = BLANK, ['\n'] = BLANK, ['\r'] = BLANK,
    ['\f'] = BLANK, ['('] = OPEN,  ['['] = OPEN,   ['{'] = OPEN,   [')'] = CLOSE,
    [']'] = CLOSE,  ['}'] = CLOSE, ['"'] = OTHER,  [';'] = OTHER,
};

static unsigned char class_of(char c)
{
    return classes[(unsigned char)c];
}

static bool read_value(struct edn *edn, value_id *out, int depth);

static bool starts_with(const struct edn *edn, const char *text)
{
    size_t len = strlen(text);
    return (size_t)(edn->end - edn->at) >= len && memcmp(edn->at, text, len) == 0;
}

static char peek(struct edn *edn, int depth)
{
    while (edn->at < edn->end) {
        value_id discarded;
        if (class_of(*edn->at) == BLANK) {
            edn->at++;
        } else if (*edn->at == ';') {
            const char *line_end = memchr(edn->at, '\n', (size_t)(edn->end - edn->at));
            edn->at = line_end ? line_end : edn->end;
        } else if (starts_with(edn, "#_")) {
            edn->at += 2;
            if (!read_value(edn, &discarded, depth + 1))
                return '\0';
        } else {
            return *edn->at;
        }
    }
    return '\0';
}

char edn_peek(struct edn *edn)
{
    return peek(edn, 0);
}

/* The characters up to the next delimiter. */
static struct str take_atom(struct edn *edn)
{
    const char *start = edn->at;

    while (edn->at < edn->end && !class_of(*edn->at))
        edn->at++;
    return (struct str){start, (size_t)(edn->at - start)};
}

static bool tag(struct edn *edn, struct str *out, int depth)
{
    if (peek(edn, depth) != '#' || edn->end - edn->at < 2 || strchr("{#_", edn->at[1]))
        return false;
    edn->at++;
    struct str name = take_atom(edn);
    if (out)
        *out = name;
    return name.len > 0 ? true : fail(edn, "a tag has no name");
}

bool edn_tag(struct edn *edn, struct str *out)
{
    return tag(edn, out, 0);
}

/* -- atoms ------------------------------------------------------------------------------------ */

static bool unicode_escape(struct edn *edn)
{
    int32_t point = scan_escaped_point(&edn->at, edn->end);

    if (point < 0)
        return fail(edn, "a \\u escape is broken");
    scan_add_point(&edn->text, (uint32_t)point);
    return true;
}

static bool escape(struct edn *edn)
{
    static const char from[] = "\"\\/bfnrt'", to[] = "\"\\/\b\f\n\r\t'";
    char c = edn->end - edn->at > 1 ? edn->at[1] : '\0';
    const char *found = c ? strchr(from, c) : NULL;

    if (c == 'u')
        return unicode_escape(edn);
    if (!found)
        return fail(edn, "an escape in a string is none that EDN knows");
    buf_add(&edn->text, &to[found - from], 1);
    edn->at += 2;
    return true;
}

/* A string's meaning into edn->text. */
static bool read_text(struct edn *edn)
{
    buf_clear(&edn->text);
    buf_puts(&edn->text, "");
    for (edn->at++; edn->at < edn->end && *edn->at != '"';) {
        const char *run = edn->at;
        while (edn->at < edn->end && *edn->at != '"' && *edn->at != '\\')
            edn->at++;
        buf_add(&edn->text, run, (size_t)(edn->at - run));
        if (edn->at < edn->end && *edn->at == '\\' && !escape(edn))
            return false;
    }
    if (edn->at >= edn->end)
        return fail(edn, "a string has no end");
    edn->at++;
    return edn->text.failed ? fail(edn, OUT_OF_MEMORY) : true;
}

bool edn_name(struct edn *edn, struct str *out)
{
    char c = edn_peek(edn);

    if (c == '"') {
        if (!read_text(edn))
            return false;
        *out = buf_str(&edn->text);
        return true;
    }
    bool keyword = c == ':';
    bool symbol = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '*';
    if (!keyword && !symbol)
        return false;
    edn->at += keyword;
    *out = take_atom(edn);
    return true;
}

/* Whether `text` is a number as JSON writes it. */
static bool is_json_number(struct str text)
{
    size_t i = 0, digits = 0;

    i += text.len && text.ptr[0] == '-';
    size_t start = i;
    for (; i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9'; i++)
        digits++;
    if (digits == 0 || (digits > 1 && text.ptr[start] == '0'))
        return false;
    if (i < text.len && text.ptr[i] == '.') {
        size_t point = i++;
        while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
            i++;
        if (i == point + 1)
            return false;
    }
    if (i < text.len && (text.ptr[i] == 'e' || text.ptr[i] == 'E')) {
        i++;
        i += i < text.len && (text.ptr[i] == '-' || text.ptr[i] == '+');
        size_t exponent = i;
        while (i < text.len && text.ptr[i] >= '0' && text.ptr[i] <= '9')
            i++;
        if (i == exponent)
            return false;
    }
    return i == text.len;
}

static bool is_number(char first, char second)
{
    bool sign = first == '-' || first == '+';
    char digit = sign ? second : first;
    return digit >= '0' && digit <= '9';
}

/* A number, which may end in N or M for arbitrary precision. */
static value_id number(struct edn *edn, struct str text)
{
    struct str plain = text;
    char last = plain.ptr[plain.len - 1];

    if (last == 'N' || last == 'M')
        plain.len--;
    if (plain.ptr[0] == '+')
        plain = (struct str){plain.ptr + 1, plain.len - 1};
    return is_json_number(plain) ? values_json(edn->values, plain)
                                 : values_string(edn->values, text);
}

/* nil, true, false, a number, a keyword, a symbol. */
static bool read_atom(struct edn *edn, value_id *out)
{
    struct str text = take_atom(edn);

    if (text.len == 0)
        return fail(edn, "a value is expected");
    if (str_eq(text, STR("nil")))
        *out = VALUE_NIL;
    else if (str_eq(text, STR("true")) || str_eq(text, STR("false")))
        *out = values_json(edn->values, text);
    else if (is_number(text.ptr[0], text.len > 1 ? text.ptr[1] : '\0'))
        *out = number(edn, text);
    else if (text.ptr[0] == ':')
        *out = values_string(edn->values, (struct str){text.ptr + 1, text.len - 1});
    else
        *out = values_string(edn->values, text);
    return true;
}

/* \a, \newline, \u0041: the character's name as it stands. */
static bool read_character(struct edn *edn, value_id *out)
{
    const char *start = ++edn->at;

    if (edn->at == edn->end)
        return fail(edn, NO_END);
    edn->at++;
    while (edn->at < edn->end && !class_of(*edn->at))
        edn->at++;
    *out = values_string(edn->values, (struct str){start, (size_t)(edn->at - start)});
    return true;
}

/* -- collections ------------------------------------------------------------------------------ */

static bool push_id(struct edn *edn, value_id id)
{
    if (edn->id_count == edn->id_capacity) {
        size_t capacity = edn->id_capacity ? edn->id_capacity * 2 : 64;
        value_id *grown =
            budget_realloc(edn->values->budget, edn->ids, capacity * sizeof *edn->ids);
        if (!grown)
            return fail(edn, OUT_OF_MEMORY);
        edn->ids = grown;
        edn->id_capacity = capacity;
    }
    edn->ids[edn->id_count++] = id;
    return true;
}

/* The elements up to `close`, pushed. */
static bool read_elements(struct edn *edn, char close, int depth)
{
    value_id element;

    if (depth >= EDN_DEPTH_MAX)
        return fail(edn, TOO_DEEP);
    for (;;) {
        char c = peek(edn, depth);
        if (c == close) {
            edn->at++;
            return true;
        }
        if (edn->at >= edn->end)
            return fail(edn, NO_END);
        if (!read_value(edn, &element, depth + 1) || !push_id(edn, element))
            return false;
    }
}

static int by_id(const void *left, const void *right)
{
    const value_id *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

static bool read_list(struct edn *edn, char close, bool is_set, value_id *out, int depth)
{
    size_t first = edn->id_count;

    if (!read_elements(edn, close, depth))
        return false;
    size_t count = edn->id_count - first;
    if (is_set && count)
        qsort(edn->ids + first, count, sizeof *edn->ids, by_id);
    *out = values_list(edn->values, edn->ids ? edn->ids + first : NULL, count);
    edn->id_count = first;
    return true;
}

static void print_key(const struct edn *edn, value_id id, struct buf *out)
{
    struct buf text;

    buf_init(&text, 0);
    values_print(edn->values, id, &text);
    if (text.len && text.ptr[0] == '"')
        buf_add(out, text.ptr, text.len);
    else
        buf_json_string(out, buf_str(&text));
    buf_release(&text);
}

/* The pairs as an object; `members` has room for as many. */
static void print_map(const struct edn *edn, const value_id *pairs, size_t count,
                      struct object_member *members, struct buf *json)
{
    buf_puts(json, "{");
    for (size_t i = 0; i < count; i++) {
        buf_add(json, ",", i > 0);
        members[i].at = json->len;
        print_key(edn, pairs[2 * i], json);
        members[i].name_len = json->len - members[i].at;
        buf_puts(json, ":");
        values_print(edn->values, pairs[2 * i + 1], json);
        members[i].len = json->len - members[i].at;
    }
    canonical_members(json, members, count);
    buf_puts(json, "}");
}

static bool read_map(struct edn *edn, value_id *out, int depth)
{
    size_t first = edn->id_count;
    struct buf json;

    if (!read_elements(edn, '}', depth))
        return false;
    size_t count = (edn->id_count - first) / 2;
    if ((edn->id_count - first) % 2)
        return fail(edn, "a map has a key without a value");
    if (!count) {
        *out = values_json(edn->values, STR("{}"));
        return true;
    }
    struct object_member *members = budget_alloc(edn->values->budget, count * sizeof *members);
    if (!members)
        return fail(edn, OUT_OF_MEMORY);
    buf_init(&json, 0);
    print_map(edn, edn->ids + first, count, members, &json);
    *out = json.failed ? VALUE_FAILED : values_json(edn->values, buf_str(&json));
    buf_release(&json);
    budget_free(edn->values->budget, members);
    edn->id_count = first;
    return true;
}

/* What begins with #: a set, a symbolic number, a namespaced map, a tagged element. */
static bool read_dispatch(struct edn *edn, value_id *out, int depth)
{
    if (starts_with(edn, "#{")) {
        edn->at += 2;
        return read_list(edn, '}', true, out, depth);
    }
    if (starts_with(edn, "##"))
        return read_atom(edn, out);
    return tag(edn, NULL, depth) && read_value(edn, out, depth + 1);
}

static bool read_value(struct edn *edn, value_id *out, int depth)
{
    bool good;

    *out = VALUE_NIL;
    if (depth >= EDN_DEPTH_MAX)
        return fail(edn, TOO_DEEP);
    switch (peek(edn, depth)) {
    case '"':
        good = read_text(edn);
        *out = good ? values_string(edn->values, buf_str(&edn->text)) : VALUE_FAILED;
        break;
    case '[':
    case '(':
        good = read_list(edn, *edn->at++ == '[' ? ']' : ')', false, out, depth);
        break;
    case '{':
        edn->at++;
        good = read_map(edn, out, depth);
        break;
    case '\\':
        good = read_character(edn, out);
        break;
    case '#':
        good = read_dispatch(edn, out, depth);
        break;
    default:
        good = read_atom(edn, out);
    }
    if (!good || edn->problem || *out == VALUE_FAILED)
        return fail(edn, OUT_OF_MEMORY); /* unless something else was found wrong first */
    return true;
}

bool edn_value(struct edn *edn, value_id *out)
{
    return read_value(edn, out, 0);
}

/* -- extent ----------------------------------------------------------------------------------- */

/* One byte outside strings and comments; true if the form ends behind it. */
static bool step_plain(struct edn_extent *state, char c)
{
    bool was_atom = state->in_atom;

    if (c == ';' || class_of(c) == BLANK) {
        state->in_comment = c == ';';
        state->in_atom = false;
        return was_atom && state->depth == 0;
    }
    state->started = true;
    if (c == '"') {
        state->in_string = true;
        state->in_atom = false;
    } else if (class_of(c) == OPEN) {
        state->depth++;
        state->in_atom = false;
    } else if (class_of(c) == CLOSE) {
        state->depth--;
        state->in_atom = false;
        return state->depth <= 0;
    } else {
        state->in_atom = true;
    }
    return false;
}

size_t edn_form_end(struct edn_extent *state, struct str text)
{
    while (state->at < text.len) {
        char c = text.ptr[state->at++];
        if (state->in_comment) {
            state->in_comment = c != '\n';
        } else if (c == '\\') {
            if (state->at == text.len) {
                state->at--;
                return 0; /* what it escapes is still to come */
            }
            state->at++;
            state->in_atom = !state->in_string;
            state->started = true;
        } else if (state->in_string) {
            state->in_string = c != '"';
            if (!state->in_string && state->depth == 0)
                return state->at;
        } else if (step_plain(state, c)) {
            return state->at;
        }
    }
    return 0;
}
