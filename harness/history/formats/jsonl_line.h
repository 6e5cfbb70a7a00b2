/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* jsonl_line.h - one line of history.jsonl as numbers: what each thread of the reader does.
 *
 * A parser has tables of its own for values and names, so that threads share nothing; whoever
 * merges their events translates the numbers.
 */
#ifndef ORDEAL_HISTORY_FORMATS_JSONL_LINE_H
#define ORDEAL_HISTORY_FORMATS_JSONL_LINE_H

#include "../history.h"
#include "../scan.h"

enum jsonl_flags {
    JSONL_HARNESS = 1 << 0, /* an event of the harness: jsonl_parse_event reads the rest */
    JSONL_INDEX = 1 << 1,   /* it has an index */
    JSONL_TIME = 1 << 2,    /* it has a time */
    JSONL_PAIR = 1 << 3,    /* value and value2 are a cas's two values */
};

struct jsonl_line {
    int64_t time_ns;
    uint32_t index;
    int32_t process;
    value_id key, value, value2; /* of the parser's values */
    value_id clock;              /* its vector clock: an object's text; VALUE_NIL: none */
    uint32_t offset;             /* in its block */
    uint8_t type;
    uint8_t f;    /* enum op_f; from OP_F_KNOWN on one of the parser's names */
    uint8_t node; /* one of the parser's names, or NODE_NONE */
    uint8_t flags;
};

/* Names in the order in which they were met. */
struct jsonl_names {
    struct str names[NODE_NONE]; /* owned */
    int count;
};

struct jsonl_parser {
    struct values values;
    struct jsonl_names fs, nodes;
    struct scan_scratch scratch;
    struct budget *budget;
    const char *problem; /* what is wrong with the last line; static text */
};

void jsonl_parser_init(struct jsonl_parser *parser, struct budget *budget);
void jsonl_parser_release(struct jsonl_parser *parser);

/* Parse the line at `at`, which ends with a line feed before `end`; PUT_PADDING readable bytes
 * follow `end`. Returns where the next line begins; NULL with parser->problem if the line cannot be
 * understood. *empty: there is nothing on it. */
const char *jsonl_parse_line(struct jsonl_parser *parser, const char *at, const char *end,
                             struct jsonl_line *out, bool *empty);

enum { JSONL_PADDING = 64 };

/* Read a line of the harness again, whole this time, and add it to the history. */
int jsonl_parse_event(struct jsonl_parser *parser, struct str line, const struct jsonl_line *known,
                      struct history *history, struct err *err) MUST_CHECK;

#endif
