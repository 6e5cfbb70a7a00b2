/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* scan.h - reading JSON text into values, without a tree in between.
 *
 * A history has millions of small JSON texts, most of them integers: they go straight to value ids.
 * Strict (RFC 8259), with one limit of its own: SCAN_DEPTH_MAX. What jansson refuses and this
 * accepts: integers beyond 64 bits and reals beyond a double (kept as text), and \u0000 in strings.
 *
 * The byte behind the text must be readable and no part of a number (a line end, a NUL), so that
 * scanning digits needs no look at the end.
 */
#ifndef ORDEAL_HISTORY_SCAN_H
#define ORDEAL_HISTORY_SCAN_H

#include "canonical.h"
#include "values.h"

enum { SCAN_DEPTH_MAX = 100 };

struct scan {
    const char *at, *end;
    const char *problem; /* static text; what is wrong at `at`, once a function has failed */
};

/* What reading needs for a while; one per thread. */
struct scan_scratch {
    struct buf text, whole;
    value_id *ids; /* elements of the lists being read */
    size_t id_count, id_capacity;
    struct object_member *members; /* of the objects being read */
    size_t member_count, member_capacity;
    struct budget *budget;
};

void scan_scratch_init(struct scan_scratch *scratch, struct budget *budget);
void scan_scratch_release(struct scan_scratch *scratch);

static inline struct scan scan_of(struct str text)
{
    return (struct scan){.at = text.ptr, .end = text.ptr + text.len};
}

/* Skip blanks; then the next byte, 0 at the end. */
char scan_peek(struct scan *scan);

/* Skip blanks and the byte `c`; false, without a problem, if something else comes. */
bool scan_take(struct scan *scan, char c);

/* A value as an id: integers, null, lists and the canonical text (canonical.h) of all else: equal
 * values get the same. False with a problem, which is "out of memory" when the budget is used up.
 */
bool scan_value(struct scan *scan, struct scan_scratch *scratch, struct values *values,
                value_id *out);

/* Any value as compact text behind what `out` holds: no blanks, strings escaped only where they
 * must be, numbers and members as they stand. */
bool scan_compact(struct scan *scan, struct scan_scratch *scratch, struct buf *out);

/* Any value, checked and thrown away. */
bool scan_skip(struct scan *scan);

/* A string as plain text, which lives until `scratch` is used again. */
bool scan_string(struct scan *scan, struct scan_scratch *scratch, struct str *out);

/* The code point of the \\uXXXX at *at (of a pair of them beyond the first plane), which is stepped
 * over; -1 if it is none. */
int32_t scan_escaped_point(const char **at, const char *end);

/* Append a code point as UTF-8. */
void scan_add_point(struct buf *out, uint32_t point);

/* An integer; false with a problem if it is none or does not fit. */
bool scan_int(struct scan *scan, int64_t *out);

/* A member's name and its colon. Call after { or a comma. */
bool scan_key(struct scan *scan, struct scan_scratch *scratch, struct str *out);

/* After a member or an element: true if a comma came and there is one more; false at `close`, or
 * with a problem. */
bool scan_more(struct scan *scan, char close);

#endif
