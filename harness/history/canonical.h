/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* canonical.h - one spelling for JSON values that are equal, since values are compared by their
 * text: a system that gives back {"b":2,"a":1.0} gave back {"a":1,"b":2}.
 */
#ifndef ORDEAL_HISTORY_CANONICAL_H
#define ORDEAL_HISTORY_CANONICAL_H

#include "../base/buf.h"

/* Append a JSON number as all of its value are spelled: 1.0, 10e-1 and 1 are "1", 1.50 is "1.5",
 * -0 is "0". Exact, whatever its size; only beyond exponents of nine digits it stays as it is. */
void canonical_number(struct str json, struct buf *out);

/* Where a member of an object stands in a text: its name in quotes first, at `at`. */
struct object_member {
    size_t at, name_len, len;
};

/* The text from the first of the members to its end, which is theirs with commas between them,
 * anew in the order of their names. Members of the same name stay in their order. */
void canonical_members(struct buf *text, struct object_member *members, size_t count);

#endif
