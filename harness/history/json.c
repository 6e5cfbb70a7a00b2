/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "json.h"

void json_scratch_init(struct json_scratch *scratch, struct budget *budget)
{
    *scratch = (struct json_scratch){.budget = budget};
    buf_init(&scratch->text, 0);
    buf_init(&scratch->whole, 0);
}

void json_scratch_release(struct json_scratch *scratch)
{
    buf_release(&scratch->text);
    buf_release(&scratch->whole);
    budget_free(scratch->budget, scratch->ids);
    scratch->ids = NULL;
    scratch->id_count = scratch->id_capacity = 0;
}

static bool fail(struct json *json, const char *problem)
{
    if (!json->problem)
        json->problem = problem;
    return false;
}

char json_peek(struct json *json)
{
    while (json->at < json->end &&
           (*json->at == ' ' || *json->at == '\t' || *json->at == '\r' || *json->at == '\n'))
        json->at++;
    return json->at < json->end ? *json->at : '\0';
}

bool json_take(struct json *json, char c)
{
    if (json_peek(json) != c || json->at == json->end)
        return false;
    json->at++;
    return true;
}

bool json_more(struct json *json, char close)
{
    if (json_take(json, ','))
        return true;
    if (!json_take(json, close))
        return fail(json, close == '}' ? "a comma or } is missing" : "a comma or ] is missing");
    return false;
}

/* -- strings ---------------------------------------------------------------------------------- */

static int hex4(const char *at, const char *end)
{
    int value = 0;

    if (end - at < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The code point of \uXXXX (a pair of them beyond the first plane) at *at; -1 if it is none. */
static int32_t escaped_point(const char **at, const char *end)
{
    int first = hex4(*at + 2, end);

    if (first < 0 || (first & 0xfc00) == 0xdc00)
        return -1;
    *at += 6;
    if ((first & 0xfc00) != 0xd800)
        return first;
    if (end - *at < 6 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return -1;
    int second = hex4(*at + 2, end);
    if (second < 0 || (second & 0xfc00) != 0xdc00)
        return -1;
    *at += 6;
    return 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
}

static void add_point(struct buf *out, uint32_t point)
{
    unsigned char utf8[4];
    size_t len = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len; i-- > 1; point >>= 6)
        utf8[i] = (unsigned char)(0x80 | (point & 0x3f));
    utf8[0] = (unsigned char)(lead[len] | point);
    buf_add(out, utf8, len);
}

/* Step over one escape sequence; its meaning goes to `out` unless that is NULL. */
static bool scan_escape(struct json *json, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = json->end - json->at > 1 ? json->at[1] : '\0';

    if (c == 'u') {
        int32_t point = escaped_point(&json->at, json->end);
        if (point < 0)
            return fail(json, "a \\u escape is broken");
        if (out)
            add_point(out, (uint32_t)point);
        return true;
    }
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return fail(json, "an escape in a string is none that JSON knows");
    if (out)
        buf_add(out, &to[found - from], 1);
    json->at += 2;
    return true;
}

/* Step over a string. *raw is what stands between its quotes; *plain, whether that is also what the
 * string says and how we would write it. The meaning goes to `out` unless that is NULL. */
static bool scan_string(struct json *json, struct str *raw, bool *plain, struct buf *out)
{
    if (!json_take(json, '"'))
        return fail(json, "a string is expected");
    const char *start = json->at;
    *plain = true;
    for (;;) {
        const char *run = json->at;
        while (json->at < json->end && (unsigned char)*json->at >= ' ' && *json->at != '"' &&
               *json->at != '\\' && (unsigned char)*json->at < 0x7f)
            json->at++;
        if (out)
            buf_add(out, run, (size_t)(json->at - run));
        if (json->at == json->end)
            return fail(json, "a string has no end");
        unsigned char c = (unsigned char)*json->at;
        if (c == '"')
            break;
        if (c == '\\') {
            *plain = false;
            if (!scan_escape(json, out))
                return false;
            continue;
        }
        if (c < ' ')
            return fail(json, "a control character stands in a string");
        size_t len = str_utf8_len((struct str){json->at, (size_t)(json->end - json->at)}, 0);
        if (len == 0)
            return fail(json, "a string is not UTF-8");
        if (c == 0x7f)
            *plain = false;
        if (out)
            buf_add(out, json->at, len);
        json->at += len;
    }
    *raw = (struct str){start, (size_t)(json->at - start)};
    json->at++;
    return true;
}

bool json_string(struct json *json, struct json_scratch *scratch, struct str *out)
{
    bool plain;
    struct json start = *json;

    if (!scan_string(json, out, &plain, NULL))
        return false;
    if (plain)
        return true;
    buf_clear(&scratch->text);
    (void)scan_string(&start, out, &plain, &scratch->text);
    *out = buf_str(&scratch->text);
    return scratch->text.failed ? fail(json, "out of memory") : true;
}

bool json_key(struct json *json, struct json_scratch *scratch, struct str *out)
{
    if (json_peek(json) != '"')
        return fail(json, "a member's name in quotes is expected");
    if (!json_string(json, scratch, out))
        return false;
    return json_take(json, ':') ? true : fail(json, "a colon is missing");
}

/* -- numbers and words ------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Step over a number; *integral: it has neither fraction nor exponent. */
static bool scan_number(struct json *json, struct str *text, bool *integral)
{
    const char *at = json->at;

    *integral = true;
    at += *at == '-';
    if (!is_digit(*at))
        return fail(json, "a value is expected");
    if (*at == '0')
        at++;
    else
        while (is_digit(*at))
            at++;
    if (*at == '.') {
        *integral = false;
        if (!is_digit(*++at))
            return fail(json, "a number has no digit after its point");
        while (is_digit(*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        *integral = false;
        at++;
        at += *at == '+' || *at == '-';
        if (!is_digit(*at))
            return fail(json, "a number has no digit in its exponent");
        while (is_digit(*at))
            at++;
    }
    *text = (struct str){json->at, (size_t)(at - json->at)};
    if (at > json->end)
        return fail(json, "a value is expected");
    json->at = at;
    if (is_digit(*at))
        return fail(json, "a number begins with 0");
    return true;
}

bool json_int(struct json *json, int64_t *out)
{
    struct str text;
    bool integral;

    (void)json_peek(json);
    if (json->at == json->end || !scan_number(json, &text, &integral))
        return fail(json, "an integer is expected");
    if (!integral || !str_to_int(text, out))
        return fail(json, "an integer of 64 bits is expected");
    return true;
}

/* null, true or false. */
static bool scan_word(struct json *json, struct str *text)
{
    static const struct {
        const char *text;
        size_t len;
    } words[] = {{"null", 4}, {"true", 4}, {"false", 5}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((size_t)(json->end - json->at) >= words[i].len &&
            memcmp(json->at, words[i].text, words[i].len) == 0) {
            *text = (struct str){json->at, words[i].len};
            json->at += words[i].len;
            return true;
        }
    }
    return fail(json, "a value is expected");
}

/* -- values ----------------------------------------------------------------------------------- */

static bool skip_value(struct json *json, int depth);

static bool skip_inside(struct json *json, char close, int depth)
{
    struct str raw;
    bool plain;

    if (depth == JSON_DEPTH_MAX)
        return fail(json, "values are nested too deep");
    if (json_take(json, close))
        return true;
    do {
        if (close == '}' && (json_peek(json) != '"' || !scan_string(json, &raw, &plain, NULL)))
            return fail(json, "a member's name in quotes is expected");
        if (close == '}' && !json_take(json, ':'))
            return fail(json, "a colon is missing");
        if (!skip_value(json, depth + 1))
            return false;
    } while (json_more(json, close));
    return json->problem == NULL;
}

static bool skip_value(struct json *json, int depth)
{
    struct str text;
    bool flag;
    char c = json_peek(json);

    if (c == '"')
        return scan_string(json, &text, &flag, NULL);
    if (c == '[' || c == '{') {
        json->at++;
        return skip_inside(json, c == '[' ? ']' : '}', depth);
    }
    if (c == '-' || is_digit(c))
        return scan_number(json, &text, &flag);
    return scan_word(json, &text);
}

bool json_skip(struct json *json)
{
    return skip_value(json, 0);
}

static bool compact_value(struct json *json, struct json_scratch *scratch, struct buf *out,
                          int depth);

static bool compact_string(struct json *json, struct json_scratch *scratch, struct buf *out)
{
    struct str text;

    if (!json_string(json, scratch, &text))
        return false;
    buf_json_string(out, text);
    return true;
}

static bool compact_inside(struct json *json, struct json_scratch *scratch, struct buf *out,
                           char close, int depth)
{
    if (depth == JSON_DEPTH_MAX)
        return fail(json, "values are nested too deep");
    if (json_take(json, close))
        return true;
    for (bool more = true; more; more = json_more(json, close)) {
        if (out->len && out->ptr[out->len - 1] != '{' && out->ptr[out->len - 1] != '[')
            buf_add(out, ",", 1);
        if (close == '}') {
            if (json_peek(json) != '"')
                return fail(json, "a member's name in quotes is expected");
            if (!compact_string(json, scratch, out))
                return false;
            if (!json_take(json, ':'))
                return fail(json, "a colon is missing");
            buf_add(out, ":", 1);
        }
        if (!compact_value(json, scratch, out, depth + 1))
            return false;
    }
    return json->problem == NULL;
}

static bool compact_value(struct json *json, struct json_scratch *scratch, struct buf *out,
                          int depth)
{
    struct str text;
    bool flag;
    char c = json_peek(json);

    if (c == '"')
        return compact_string(json, scratch, out);
    if (c == '[' || c == '{') {
        char close = c == '[' ? ']' : '}';
        json->at++;
        buf_add(out, &c, 1);
        if (!compact_inside(json, scratch, out, close, depth))
            return false;
        buf_add(out, &close, 1);
        return true;
    }
    if (!(c == '-' || is_digit(c) ? scan_number(json, &text, &flag) : scan_word(json, &text)))
        return false;
    buf_add(out, text.ptr, text.len);
    return true;
}

bool json_compact(struct json *json, struct json_scratch *scratch, struct buf *out)
{
    if (!compact_value(json, scratch, out, 0))
        return false;
    return out->failed ? fail(json, "out of memory") : true;
}

static bool push_id(struct json_scratch *scratch, value_id id)
{
    if (scratch->id_count == scratch->id_capacity) {
        size_t capacity = scratch->id_capacity ? scratch->id_capacity * 2 : 64;
        value_id *grown =
            budget_realloc(scratch->budget, scratch->ids, capacity * sizeof *scratch->ids);
        if (!grown)
            return false;
        scratch->ids = grown;
        scratch->id_capacity = capacity;
    }
    scratch->ids[scratch->id_count++] = id;
    return true;
}

static bool read_value(struct json *json, struct json_scratch *scratch, struct values *values,
                       value_id *out, int depth);

static bool read_list(struct json *json, struct json_scratch *scratch, struct values *values,
                      value_id *out, int depth)
{
    size_t first = scratch->id_count;
    value_id element;

    if (depth == JSON_DEPTH_MAX)
        return fail(json, "values are nested too deep");
    if (!json_take(json, ']')) {
        do {
            if (!read_value(json, scratch, values, &element, depth + 1))
                return false;
            if (!push_id(scratch, element))
                return fail(json, "out of memory");
        } while (json_more(json, ']'));
        if (json->problem)
            return false;
    }
    *out = values_list(values, scratch->ids + first, scratch->id_count - first);
    scratch->id_count = first;
    return true;
}

static bool read_string(struct json *json, struct json_scratch *scratch, struct values *values,
                        value_id *out)
{
    struct str raw;
    bool plain;
    struct json start = *json;

    if (!scan_string(json, &raw, &plain, NULL))
        return false;
    if (plain) {
        *out = values_json(values, (struct str){raw.ptr - 1, raw.len + 2});
        return true;
    }
    struct str text;
    if (!json_string(&start, scratch, &text))
        return fail(json, start.problem);
    *out = values_string(values, text);
    return true;
}

static bool read_value(struct json *json, struct json_scratch *scratch, struct values *values,
                       value_id *out, int depth)
{
    struct str text;
    bool integral, good;
    int64_t number;
    char c = json_peek(json);

    if (c == '[') {
        json->at++;
        good = read_list(json, scratch, values, out, depth);
    } else if (c == '"') {
        good = read_string(json, scratch, values, out);
    } else if (c == '{') {
        buf_clear(&scratch->whole);
        good = compact_value(json, scratch, &scratch->whole, depth) && !scratch->whole.failed;
        *out = good ? values_json(values, buf_str(&scratch->whole)) : VALUE_FAILED;
    } else if (c == '-' || is_digit(c)) {
        good = scan_number(json, &text, &integral);
        if (good)
            *out = integral && str_to_int(text, &number) ? values_int(values, number)
                                                         : values_json(values, text);
    } else {
        good = scan_word(json, &text);
        if (good)
            *out = values_json(values, text);
    }
    if (!good)
        return fail(json, "out of memory"); /* unless something else was found wrong first */
    return *out == VALUE_FAILED ? fail(json, "out of memory") : true;
}

bool json_value(struct json *json, struct json_scratch *scratch, struct values *values,
                value_id *out)
{
    scratch->id_count = 0;
    return read_value(json, scratch, values, out, 0);
}
