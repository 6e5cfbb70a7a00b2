/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "scan.h"

void scan_scratch_init(struct scan_scratch *scratch, struct budget *budget)
{
    *scratch = (struct scan_scratch){.budget = budget};
    buf_init(&scratch->text, 0);
    buf_init(&scratch->whole, 0);
}

void scan_scratch_release(struct scan_scratch *scratch)
{
    buf_release(&scratch->text);
    buf_release(&scratch->whole);
    budget_free(scratch->budget, scratch->ids);
    scratch->ids = NULL;
    scratch->id_count = scratch->id_capacity = 0;
    budget_free(scratch->budget, scratch->members);
    scratch->members = NULL;
    scratch->member_count = scratch->member_capacity = 0;
}

static bool fail(struct scan *scan, const char *problem)
{
    if (!scan->problem)
        scan->problem = problem;
    return false;
}

char scan_peek(struct scan *scan)
{
    while (scan->at < scan->end &&
           (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r' || *scan->at == '\n'))
        scan->at++;
    return scan->at < scan->end ? *scan->at : '\0';
}

bool scan_take(struct scan *scan, char c)
{
    if (scan_peek(scan) != c || scan->at == scan->end)
        return false;
    scan->at++;
    return true;
}

bool scan_more(struct scan *scan, char close)
{
    if (scan_take(scan, ','))
        return true;
    if (!scan_take(scan, close))
        return fail(scan, close == '}' ? "a comma or } is missing" : "a comma or ] is missing");
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

int32_t scan_escaped_point(const char **at, const char *end)
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

void scan_add_point(struct buf *out, uint32_t point)
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
static bool step_escape(struct scan *scan, struct buf *out)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = scan->end - scan->at > 1 ? scan->at[1] : '\0';

    if (c == 'u') {
        int32_t point = scan_escaped_point(&scan->at, scan->end);
        if (point < 0)
            return fail(scan, "a \\u escape is broken");
        if (out)
            scan_add_point(out, (uint32_t)point);
        return true;
    }
    const char *found = c ? strchr(from, c) : NULL;
    if (!found)
        return fail(scan, "an escape in a string is none that JSON knows");
    if (out)
        buf_add(out, &to[found - from], 1);
    scan->at += 2;
    return true;
}

/* Step over a string. *raw is what stands between its quotes; *plain, whether that is also what the
 * string says and how we would write it. The meaning goes to `out` unless that is NULL. */
static bool step_string(struct scan *scan, struct str *raw, bool *plain, struct buf *out)
{
    if (!scan_take(scan, '"'))
        return fail(scan, "a string is expected");
    const char *start = scan->at;
    *plain = true;
    for (;;) {
        const char *run = scan->at;
        while (scan->at < scan->end && (unsigned char)*scan->at >= ' ' && *scan->at != '"' &&
               *scan->at != '\\' && (unsigned char)*scan->at < 0x7f)
            scan->at++;
        if (out)
            buf_add(out, run, (size_t)(scan->at - run));
        if (scan->at == scan->end)
            return fail(scan, "a string has no end");
        unsigned char c = (unsigned char)*scan->at;
        if (c == '"')
            break;
        if (c == '\\') {
            *plain = false;
            if (!step_escape(scan, out))
                return false;
            continue;
        }
        if (c < ' ')
            return fail(scan, "a control character stands in a string");
        size_t len = str_utf8_len((struct str){scan->at, (size_t)(scan->end - scan->at)}, 0);
        if (len == 0)
            return fail(scan, "a string is not UTF-8");
        if (c == 0x7f)
            *plain = false;
        if (out)
            buf_add(out, scan->at, len);
        scan->at += len;
    }
    *raw = (struct str){start, (size_t)(scan->at - start)};
    scan->at++;
    return true;
}

bool scan_string(struct scan *scan, struct scan_scratch *scratch, struct str *out)
{
    bool plain;
    struct scan start = *scan;

    if (!step_string(scan, out, &plain, NULL))
        return false;
    if (plain)
        return true;
    buf_clear(&scratch->text);
    (void)step_string(&start, out, &plain, &scratch->text);
    *out = buf_str(&scratch->text);
    return scratch->text.failed ? fail(scan, "out of memory") : true;
}

bool scan_key(struct scan *scan, struct scan_scratch *scratch, struct str *out)
{
    if (scan_peek(scan) != '"')
        return fail(scan, "a member's name in quotes is expected");
    if (!scan_string(scan, scratch, out))
        return false;
    return scan_take(scan, ':') ? true : fail(scan, "a colon is missing");
}

/* -- numbers and words ------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Step over a number; *integral: it has neither fraction nor exponent. */
static bool step_number(struct scan *scan, struct str *text, bool *integral)
{
    const char *at = scan->at;

    *integral = true;
    at += *at == '-';
    if (!is_digit(*at))
        return fail(scan, "a value is expected");
    if (*at == '0')
        at++;
    else
        while (is_digit(*at))
            at++;
    if (*at == '.') {
        *integral = false;
        if (!is_digit(*++at))
            return fail(scan, "a number has no digit after its point");
        while (is_digit(*at))
            at++;
    }
    if (*at == 'e' || *at == 'E') {
        *integral = false;
        at++;
        at += *at == '+' || *at == '-';
        if (!is_digit(*at))
            return fail(scan, "a number has no digit in its exponent");
        while (is_digit(*at))
            at++;
    }
    *text = (struct str){scan->at, (size_t)(at - scan->at)};
    if (at > scan->end)
        return fail(scan, "a value is expected");
    scan->at = at;
    if (is_digit(*at))
        return fail(scan, "a number begins with 0");
    return true;
}

bool scan_int(struct scan *scan, int64_t *out)
{
    struct str text;
    bool integral;

    (void)scan_peek(scan);
    if (scan->at == scan->end || !step_number(scan, &text, &integral))
        return fail(scan, "an integer is expected");
    if (!integral || !str_to_int(text, out))
        return fail(scan, "an integer of 64 bits is expected");
    return true;
}

/* null, true or false. */
static bool step_word(struct scan *scan, struct str *text)
{
    static const struct {
        const char *text;
        size_t len;
    } words[] = {{"null", 4}, {"true", 4}, {"false", 5}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if ((size_t)(scan->end - scan->at) >= words[i].len &&
            memcmp(scan->at, words[i].text, words[i].len) == 0) {
            *text = (struct str){scan->at, words[i].len};
            scan->at += words[i].len;
            return true;
        }
    }
    return fail(scan, "a value is expected");
}

/* -- values ----------------------------------------------------------------------------------- */

static bool skip_value(struct scan *scan, int depth);

static bool skip_inside(struct scan *scan, char close, int depth)
{
    struct str raw;
    bool plain;

    if (depth == SCAN_DEPTH_MAX)
        return fail(scan, "values are nested too deep");
    if (scan_take(scan, close))
        return true;
    do {
        if (close == '}' && (scan_peek(scan) != '"' || !step_string(scan, &raw, &plain, NULL)))
            return fail(scan, "a member's name in quotes is expected");
        if (close == '}' && !scan_take(scan, ':'))
            return fail(scan, "a colon is missing");
        if (!skip_value(scan, depth + 1))
            return false;
    } while (scan_more(scan, close));
    return scan->problem == NULL;
}

static bool skip_value(struct scan *scan, int depth)
{
    struct str text;
    bool flag;
    char c = scan_peek(scan);

    if (c == '"')
        return step_string(scan, &text, &flag, NULL);
    if (c == '[' || c == '{') {
        scan->at++;
        return skip_inside(scan, c == '[' ? ']' : '}', depth);
    }
    if (c == '-' || is_digit(c))
        return step_number(scan, &text, &flag);
    return step_word(scan, &text);
}

bool scan_skip(struct scan *scan)
{
    return skip_value(scan, 0);
}

/* Where compact text goes. */
struct compact {
    struct scan *scan;
    struct scan_scratch *scratch;
    struct buf *out;
    bool canonical; /* numbers and members too */
};

static bool compact_value(const struct compact *compact, int depth);

static bool compact_string(const struct compact *compact)
{
    struct str text = {0};

    if (!scan_string(compact->scan, compact->scratch, &text))
        return false;
    buf_json_string(compact->out, text);
    return true;
}

static bool push_member(struct scan_scratch *scratch, struct object_member member)
{
    if (scratch->member_count == scratch->member_capacity) {
        size_t capacity = scratch->member_capacity ? scratch->member_capacity * 2 : 16;
        struct object_member *grown =
            budget_realloc(scratch->budget, scratch->members, capacity * sizeof *grown);
        if (!grown)
            return false;
        scratch->members = grown;
        scratch->member_capacity = capacity;
    }
    scratch->members[scratch->member_count++] = member;
    return true;
}

static bool compact_member(const struct compact *compact, int depth)
{
    struct scan *scan = compact->scan;
    struct object_member member = {.at = compact->out->len};

    if (scan_peek(scan) != '"')
        return fail(scan, "a member's name in quotes is expected");
    if (!compact_string(compact))
        return false;
    member.name_len = compact->out->len - member.at;
    if (!scan_take(scan, ':'))
        return fail(scan, "a colon is missing");
    buf_add(compact->out, ":", 1);
    if (!compact_value(compact, depth))
        return false;
    member.len = compact->out->len - member.at;
    if (compact->canonical && !push_member(compact->scratch, member))
        return fail(scan, "out of memory");
    return true;
}

static bool compact_inside(const struct compact *compact, char close, int depth)
{
    struct scan *scan = compact->scan;

    if (depth == SCAN_DEPTH_MAX)
        return fail(scan, "values are nested too deep");
    if (scan_take(scan, close))
        return true;
    for (bool first = true, more = true; more; first = false, more = scan_more(scan, close)) {
        buf_add(compact->out, ",", !first);
        if (!(close == '}' ? compact_member : compact_value)(compact, depth + 1))
            return false;
    }
    return scan->problem == NULL;
}

static bool compact_whole(const struct compact *compact, char open, int depth)
{
    struct scan_scratch *scratch = compact->scratch;
    size_t outer = scratch->member_count;
    char close = open == '[' ? ']' : '}';

    compact->scan->at++;
    buf_add(compact->out, &open, 1);
    bool good = compact_inside(compact, close, depth);
    if (good && scratch->member_count > outer)
        canonical_members(compact->out, scratch->members + outer, scratch->member_count - outer);
    scratch->member_count = outer;
    buf_add(compact->out, &close, 1);
    return good;
}

static bool compact_value(const struct compact *compact, int depth)
{
    struct scan *scan = compact->scan;
    struct str text = {0};
    bool flag = false;
    char c = scan_peek(scan);
    bool is_number = c == '-' || is_digit(c);

    if (c == '"')
        return compact_string(compact);
    if (c == '[' || c == '{')
        return compact_whole(compact, c, depth);
    if (!(is_number ? step_number(scan, &text, &flag) : step_word(scan, &text)))
        return false;
    if (is_number && compact->canonical)
        canonical_number(text, compact->out);
    else
        buf_add(compact->out, text.ptr, text.len);
    return true;
}

bool scan_compact(struct scan *scan, struct scan_scratch *scratch, struct buf *out)
{
    const struct compact compact = {.scan = scan, .scratch = scratch, .out = out};

    if (!compact_value(&compact, 0))
        return false;
    return out->failed ? fail(scan, "out of memory") : true;
}

static bool push_id(struct scan_scratch *scratch, value_id id)
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

static bool read_value(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                       value_id *out, int depth);

static bool read_list(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                      value_id *out, int depth)
{
    size_t first = scratch->id_count;
    value_id element = VALUE_NIL;

    if (depth == SCAN_DEPTH_MAX)
        return fail(scan, "values are nested too deep");
    if (!scan_take(scan, ']')) {
        do {
            if (!read_value(scan, scratch, values, &element, depth + 1))
                return false;
            if (!push_id(scratch, element))
                return fail(scan, "out of memory");
        } while (scan_more(scan, ']'));
        if (scan->problem)
            return false;
    }
    *out =
        values_list(values, scratch->ids ? scratch->ids + first : NULL, scratch->id_count - first);
    scratch->id_count = first;
    return true;
}

static bool read_string(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                        value_id *out)
{
    struct str raw = {0};
    bool plain = false;
    struct scan start = *scan;

    if (!step_string(scan, &raw, &plain, NULL))
        return false;
    if (plain) {
        *out = values_json(values, (struct str){raw.ptr - 1, raw.len + 2});
        return true;
    }
    struct str text;
    if (!scan_string(&start, scratch, &text))
        return fail(scan, start.problem);
    *out = values_string(values, text);
    return true;
}

static bool read_value(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                       value_id *out, int depth)
{
    struct str text;
    bool integral, good;
    int64_t number;
    char c = scan_peek(scan);

    if (c == '[') {
        scan->at++;
        good = read_list(scan, scratch, values, out, depth);
    } else if (c == '"') {
        good = read_string(scan, scratch, values, out);
    } else if (c == '{') {
        const struct compact compact = {scan, scratch, &scratch->whole, .canonical = true};
        buf_clear(&scratch->whole);
        good = compact_value(&compact, depth) && !scratch->whole.failed;
        *out = good ? values_json(values, buf_str(&scratch->whole)) : VALUE_FAILED;
    } else if (c == '-' || is_digit(c)) {
        good = step_number(scan, &text, &integral);
        if (good)
            *out = integral && str_to_int(text, &number) ? values_int(values, number)
                                                         : values_json(values, text);
    } else {
        good = step_word(scan, &text);
        if (good)
            *out = values_json(values, text);
    }
    if (!good)
        return fail(scan, "out of memory"); /* unless something else was found wrong first */
    return *out == VALUE_FAILED ? fail(scan, "out of memory") : true;
}

bool scan_value(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                value_id *out)
{
    scratch->id_count = 0;
    return read_value(scan, scratch, values, out, 0);
}
