/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* jsonl_line.c - one line of history.jsonl as numbers.
 *
 * Lines as our writer makes them are taken byte by byte, members in their order; at the first thing
 * that is different the general parser takes over, which knows all of JSON.
 */
#include "jsonl_line.h"

#define INDEX_MAX (INDEX_NONE - 1)

static const char OUT_OF_MEMORY[] = "out of memory";

void jsonl_parser_init(struct jsonl_parser *parser, struct budget *budget)
{
    *parser = (struct jsonl_parser){.budget = budget};
    values_init(&parser->values, budget);
    scan_scratch_init(&parser->scratch, budget);
}

static void release_names(struct jsonl_parser *parser, struct jsonl_names *names)
{
    for (int i = 0; i < names->count; i++)
        budget_free(parser->budget, (char *)(uintptr_t)names->names[i].ptr);
    names->count = 0;
}

void jsonl_parser_release(struct jsonl_parser *parser)
{
    values_release(&parser->values);
    scan_scratch_release(&parser->scratch);
    release_names(parser, &parser->fs);
    release_names(parser, &parser->nodes);
}

static bool fail(struct jsonl_parser *parser, const char *problem)
{
    if (!parser->problem)
        parser->problem = problem;
    return false;
}

/* -- names ------------------------------------------------------------------------------------ */

/* The number of a name, made if new; -1 with a problem. */
static int name_number(struct jsonl_parser *parser, struct jsonl_names *names, int max,
                       struct str name)
{
    for (int i = 0; i < names->count; i++) {
        if (str_eq(names->names[i], name))
            return i;
    }
    const char *problem = names->count == max ? "too many different names"
                          : name.len && memchr(name.ptr, '\0', name.len) ? "a name holds a NUL"
                                                                         : OUT_OF_MEMORY;
    char *copy = problem == OUT_OF_MEMORY ? budget_alloc(parser->budget, name.len + 1) : NULL;
    if (!copy) {
        (void)fail(parser, problem);
        return -1;
    }
    memcpy(copy, name.ptr, name.len);
    names->names[names->count] = (struct str){copy, name.len};
    return names->count++;
}

static bool set_f(struct jsonl_parser *parser, struct jsonl_line *out, struct str name)
{
    for (int i = 0; i < OP_F_KNOWN; i++) {
        const char *known = op_f_names[i];
        if (known[0] == name.ptr[0] && strlen(known) == name.len &&
            memcmp(known, name.ptr, name.len) == 0) {
            out->f = (uint8_t)i;
            return true;
        }
    }
    int number = name_number(parser, &parser->fs, 255 - OP_F_KNOWN, name);
    out->f = (uint8_t)(OP_F_KNOWN + number);
    return number >= 0;
}

static bool set_node(struct jsonl_parser *parser, struct jsonl_line *out, struct str name)
{
    int number = name_number(parser, &parser->nodes, NODE_NONE, name);
    out->node = (uint8_t)number;
    return number >= 0;
}

/* -- any line --------------------------------------------------------------------------------- */

enum member {
    MEMBER_INDEX = 1 << 0,
    MEMBER_TIME = 1 << 1,
    MEMBER_TYPE = 1 << 2,
    MEMBER_PROCESS = 1 << 3,
    MEMBER_F = 1 << 4,
    MEMBER_KEY = 1 << 5,
    MEMBER_VALUE = 1 << 6,
    MEMBER_NODE = 1 << 7,
    MEMBER_CLOCK = 1 << 8,
};

static bool read_index(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    int64_t number;

    if (!scan_int(scan, &number) || number < 0 || number > INDEX_MAX)
        return fail(parser, "'index' is not a whole number below 4294967295");
    out->index = (uint32_t)number;
    out->flags |= JSONL_INDEX;
    return true;
}

static bool read_time(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    if (!scan_int(scan, &out->time_ns) || out->time_ns == TIME_NEVER)
        return fail(parser, "'time' is not a whole number of nanoseconds");
    out->flags |= JSONL_TIME;
    return true;
}

static bool read_type(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    struct str text;

    if (scan_peek(scan) == '"' && scan_string(scan, &parser->scratch, &text)) {
        for (int i = OP_INVOKE; i <= OP_INFO; i++) {
            if (str_eq(text, str_of(op_type_names[i]))) {
                out->type = (uint8_t)i;
                return true;
            }
        }
    }
    return fail(parser, "'type' is not \"invoke\", \"ok\", \"fail\" or \"info\"");
}

static bool read_process(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    int64_t number;

    if (scan_peek(scan) == '"') {
        out->flags |= JSONL_HARNESS;
        return scan_skip(scan);
    }
    if (!scan_int(scan, &number) || number != (int32_t)number)
        return fail(parser, "'process' is neither a number of 32 bits nor a name");
    out->process = (int32_t)number;
    return true;
}

static bool read_f(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    struct str text;

    if (scan_peek(scan) != '"')
        return fail(parser, "'f' is not a string");
    return scan_string(scan, &parser->scratch, &text) && set_f(parser, out, text);
}

static bool read_node(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    struct str text;

    if (scan_peek(scan) == 'n') /* null */
        return scan_skip(scan);
    if (scan_peek(scan) != '"')
        return fail(parser, "'node' is not a string");
    return scan_string(scan, &parser->scratch, &text) && set_node(parser, out, text);
}

/* What is no object is a member like any other. */
static bool read_clock(struct jsonl_parser *parser, struct scan *scan, struct jsonl_line *out)
{
    if (scan_peek(scan) != '{')
        return scan_skip(scan);
    return scan_value(scan, &parser->scratch, &parser->values, &out->clock);
}

static enum member member_of(struct str key)
{
    static const struct {
        struct str name;
        enum member member;
    } members[] = {
        {{"index", 5}, MEMBER_INDEX},     {{"time", 4}, MEMBER_TIME}, {{"type", 4}, MEMBER_TYPE},
        {{"process", 7}, MEMBER_PROCESS}, {{"f", 1}, MEMBER_F},       {{"key", 3}, MEMBER_KEY},
        {{"value", 5}, MEMBER_VALUE},     {{"node", 4}, MEMBER_NODE}, {{"clock", 5}, MEMBER_CLOCK},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        if (str_eq(key, members[i].name))
            return members[i].member;
    }
    return 0;
}

static bool read_member(struct jsonl_parser *parser, struct scan *scan, enum member member,
                        struct jsonl_line *out)
{
    switch (member) {
    case MEMBER_INDEX:
        return read_index(parser, scan, out);
    case MEMBER_TIME:
        return read_time(parser, scan, out);
    case MEMBER_TYPE:
        return read_type(parser, scan, out);
    case MEMBER_PROCESS:
        return read_process(parser, scan, out);
    case MEMBER_F:
        return read_f(parser, scan, out);
    case MEMBER_KEY:
        return scan_value(scan, &parser->scratch, &parser->values, &out->key);
    case MEMBER_VALUE:
        return scan_value(scan, &parser->scratch, &parser->values, &out->value);
    case MEMBER_NODE:
        return read_node(parser, scan, out);
    case MEMBER_CLOCK:
        return read_clock(parser, scan, out);
    }
    return scan_skip(scan);
}

/* The members from here to the end of the object. */
static bool read_members(struct jsonl_parser *parser, struct scan *scan, unsigned *seen,
                         struct jsonl_line *out)
{
    do {
        struct str key;
        if (!scan_key(scan, &parser->scratch, &key))
            return false;
        enum member member = member_of(key);
        if (*seen & member)
            return fail(parser, "a member stands twice in it");
        *seen |= member;
        if (!read_member(parser, scan, member, out))
            return false;
    } while (scan_more(scan, '}'));
    return scan->problem == NULL;
}

/* A cas's value is its two values. */
static void split_pair(struct jsonl_parser *parser, struct jsonl_line *out)
{
    const value_id *elements;
    size_t count;

    if (out->f != OP_F_CAS || (out->flags & JSONL_PAIR) ||
        !values_get_list(&parser->values, out->value, &elements, &count) || count != 2)
        return;
    out->flags |= JSONL_PAIR;
    out->value = elements[0];
    out->value2 = elements[1];
}

static bool check_members(struct jsonl_parser *parser, unsigned seen)
{
    if (!(seen & MEMBER_TYPE))
        return fail(parser, "there is no 'type'");
    if (!(seen & MEMBER_PROCESS))
        return fail(parser, "there is no 'process'");
    if (!(seen & MEMBER_F))
        return fail(parser, "there is no 'f'");
    return true;
}

/* From the members that `json` stands at to the end of the line. */
static bool read_rest(struct jsonl_parser *parser, struct scan *scan, unsigned seen,
                      struct jsonl_line *out)
{
    bool good = read_members(parser, scan, &seen, out) && check_members(parser, seen);

    if (good && (scan_peek(scan) != '\0' || scan->at != scan->end))
        good = fail(parser, "something follows the object");
    if (!good)
        return fail(parser, scan->problem ? scan->problem : OUT_OF_MEMORY);
    split_pair(parser, out);
    return true;
}

static bool parse_any(struct jsonl_parser *parser, struct str line, struct jsonl_line *out)
{
    struct scan scan = scan_of(line);

    if (!scan_take(&scan, '{'))
        return fail(parser, "it is not a JSON object");
    if (scan_peek(&scan) == '}')
        return check_members(parser, 0);
    return read_rest(parser, &scan, 0, out);
}

/* -- lines as we write them ------------------------------------------------------------------- */

#define TAKE(at, literal)                                                                          \
    (memcmp((at), (literal), sizeof(literal) - 1) == 0 ? ((at) += sizeof(literal) - 1, true)       \
                                                       : false)

/* Digits that surely fit, without a superfluous zero in front. */
static bool take_uint(const char **at_ptr, uint64_t *out)
{
    enum { DIGITS_MAX = 18 };
    const char *at = *at_ptr;
    uint64_t value = 0;

    while ((unsigned char)(*at - '0') <= 9)
        value = value * 10 + (uint64_t)(*at++ - '0');
    ptrdiff_t digits = at - *at_ptr;
    if (digits == 0 || digits > DIGITS_MAX || (digits > 1 && **at_ptr == '0'))
        return false;
    *out = value;
    *at_ptr = at;
    return true;
}

static bool is_small(uint64_t value)
{
    return value < (uint64_t)VALUE_SMALL_BIAS - 1;
}

static value_id small_id(uint64_t value)
{
    return VALUE_SMALL_BIT | (value_id)(value + (uint64_t)VALUE_SMALL_BIAS);
}

/* null, a small number, or anything else that ends on this line. */
static bool take_value(struct jsonl_parser *parser, const char **at_ptr, const char *end,
                       value_id *out)
{
    const char *at = *at_ptr;
    uint64_t number;

    if (take_uint(&at, &number) && is_small(number) && (*at == ',' || *at == '}')) {
        *out = small_id(number);
    } else if (TAKE(at, "null")) {
        *out = VALUE_NIL;
    } else {
        const char *line_end = memchr(*at_ptr, '\n', (size_t)(end - *at_ptr));
        struct scan scan = {.at = *at_ptr, .end = line_end};
        if (!scan_value(&scan, &parser->scratch, &parser->values, out))
            return false;
        at = scan.at;
    }
    *at_ptr = at;
    return true;
}

static bool take_pair(const char **at_ptr, struct jsonl_line *out)
{
    const char *at = *at_ptr;
    uint64_t old, new;

    if (*at++ != '[' || !take_uint(&at, &old) || *at++ != ',' || !take_uint(&at, &new) ||
        *at++ != ']' || !is_small(old) || !is_small(new))
        return false;
    out->value = small_id(old);
    out->value2 = small_id(new);
    out->flags |= JSONL_PAIR;
    *at_ptr = at;
    return true;
}

static bool take_name(const char **at_ptr, struct str *out)
{
    const char *at = *at_ptr;

    while ((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f && *at != '"' && *at != '\\')
        at++;
    if (*at != '"')
        return false;
    *out = (struct str){*at_ptr, (size_t)(at - *at_ptr)};
    *at_ptr = at + 1;
    return true;
}

/* From the brace to the process. */
static bool take_head(const char **at_ptr, struct jsonl_line *out)
{
    const char *at = *at_ptr;
    uint64_t index, time_ns, process;

    if (!TAKE(at, "{\"index\":") || !take_uint(&at, &index) || index > INDEX_MAX ||
        !TAKE(at, ",\"time\":") || !take_uint(&at, &time_ns) || !TAKE(at, ",\"type\":\""))
        return false;
    if (TAKE(at, "invoke\""))
        out->type = OP_INVOKE;
    else if (TAKE(at, "ok\""))
        out->type = OP_OK;
    else if (TAKE(at, "fail\""))
        out->type = OP_FAIL;
    else if (TAKE(at, "info\""))
        out->type = OP_INFO;
    else
        return false;
    if (!TAKE(at, ",\"process\":") || !take_uint(&at, &process) || process > INT32_MAX)
        return false;
    out->index = (uint32_t)index;
    out->time_ns = (int64_t)time_ns;
    out->process = (int32_t)process;
    out->flags = JSONL_INDEX | JSONL_TIME;
    *at_ptr = at;
    return true;
}

/* Parse a line as we write it; where the next one begins. NULL if it looks otherwise (or is wrong):
 * the general parser says. */
static const char *parse_ours(struct jsonl_parser *parser, const char *at, const char *end,
                              struct jsonl_line *out)
{
    unsigned seen = MEMBER_INDEX | MEMBER_TIME | MEMBER_TYPE | MEMBER_PROCESS | MEMBER_F;
    struct str name;

    if (!take_head(&at, out) || !TAKE(at, ",\"f\":\"") || !take_name(&at, &name) ||
        !set_f(parser, out, name))
        return NULL;
    if (TAKE(at, ",\"key\":")) {
        seen |= MEMBER_KEY;
        if (!take_value(parser, &at, end, &out->key))
            return NULL;
    }
    if (TAKE(at, ",\"value\":")) {
        seen |= MEMBER_VALUE;
        if (!(out->f == OP_F_CAS && take_pair(&at, out)) &&
            !take_value(parser, &at, end, &out->value))
            return NULL;
    }
    if (TAKE(at, ",\"node\":\"")) {
        seen |= MEMBER_NODE;
        if (!take_name(&at, &name) || !set_node(parser, out, name))
            return NULL;
    }
    split_pair(parser, out);
    if (TAKE(at, "}\n") || TAKE(at, "}\r\n"))
        return at;
    if (*at != ',')
        return NULL;
    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    struct scan scan = {.at = at + 1, .end = line_end};
    return read_rest(parser, &scan, seen, out) ? line_end + 1 : NULL;
}

const char *jsonl_parse_line(struct jsonl_parser *parser, const char *at, const char *end,
                             struct jsonl_line *out, bool *empty)
{
    *empty = false;
    *out = (struct jsonl_line){.node = NODE_NONE};
    const char *next = parse_ours(parser, at, end, out);
    if (next)
        return next;

    const char *line_end = memchr(at, '\n', (size_t)(end - at));
    struct scan scan = {.at = at, .end = line_end};
    *out = (struct jsonl_line){.node = NODE_NONE};
    parser->problem = NULL;
    if (scan_peek(&scan) == '\0' && scan.at == line_end) {
        *empty = true;
        return line_end + 1;
    }
    return parse_any(parser, (struct str){at, (size_t)(line_end - at)}, out) ? line_end + 1 : NULL;
}
