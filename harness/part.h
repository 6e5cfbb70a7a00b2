/* SPDX-License-Identifier: GPL-2.0-or-later */
/* part.h - the parts of a declared world that are plain numbers: a node's clock, disk and limits,
 * a link's shape.
 *
 * A part is a struct of int64_t members in which zero is healthy, with a table of its members; and
 * of texts, which say what the numbers are about and by themselves leave it healthy. From the table
 * it is merged, printed as a JSON object (only what is not zero) and read back, so that a
 * new way of going wrong is one member and one row.
 */
#ifndef ORDEAL_PART_H
#define ORDEAL_PART_H

#include "base/buf.h"
#include "base/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part_member {
    const char *name; /* with its unit: "wall_offset_ns" */
    size_t offset;
    int64_t least, most;
    size_t text_bytes; /* it is a text, in so many bytes with its end; 0: a number */
};

/* `members` ends with a NULL name. */
bool part_is_healthy(const struct part_member *members, const void *part);

/* What `from` declares, `into` takes over; of two that declare the same member the greater wins
 * (the planner allows no two faults of a family on one node), of two texts the one that was there.
 */
void part_merge(const struct part_member *members, void *into, const void *from);

/* Append the member "name":{...}; nothing if the part is healthy. */
void part_print(const struct part_member *members, const void *part, const char *name,
                struct buf *json);

/* Members that the table does not have, or out of their range, are refused by name. */
int part_read(const struct part_member *members, const json_t *from, void *part,
              struct err *err) MUST_CHECK;

#endif
