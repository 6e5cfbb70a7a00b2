/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* edn_value.h - EDN, the notation of Clojure's data, as values.
 *
 * Vectors, lists and sets become lists (sets in an order of their own, so that equal ones are
 * equal), maps become JSON objects, keywords, symbols and characters strings without their marks,
 * tagged elements what they tag. What JSON has no number for (ratios, ##NaN) is kept as a string.
 */
#ifndef ORDEAL_HISTORY_FORMATS_EDN_VALUE_H
#define ORDEAL_HISTORY_FORMATS_EDN_VALUE_H

#include "../values.h"

enum { EDN_DEPTH_MAX = 100 };

/* Reading one form of text. */
struct edn {
    const char *at, *end;
    const char *problem; /* static text, once a function has failed */
    struct values *values;
    value_id *ids; /* elements of what is being read */
    size_t id_count, id_capacity;
    struct buf text; /* of a string or an object */
};

void edn_init(struct edn *edn, struct values *values);
void edn_release(struct edn *edn);

/* Start on another text. */
void edn_start(struct edn *edn, struct str text);

/* Skip blanks, commas, comments and discarded forms; then the next byte, 0 at the end. */
char edn_peek(struct edn *edn);

/* Skip a tag, if there is one: "#jepsen.history.Op" before {. *tag may be NULL. */
bool edn_tag(struct edn *edn, struct str *tag);

/* Any value. False with a problem, which is "out of memory" when the budget is used up. */
bool edn_value(struct edn *edn, value_id *out);

/* A keyword, symbol or string as text, which lives until the next call; false, without a problem
 * and nothing read, if it is something else. */
bool edn_name(struct edn *edn, struct str *out);

/* Where the first whole form of `text` ends, after blanks and comments; 0 if it is not whole yet,
 * or there is none. `state` carries on from one call to the next while `text` only grows; zeroed at
 * first. */
struct edn_extent {
    size_t at;
    int depth;
    bool started, in_string, in_atom, in_comment;
};

size_t edn_form_end(struct edn_extent *state, struct str text);

#endif
