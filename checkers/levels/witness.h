/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* witness.h - from a violation to a few operations that show it. */
#ifndef ORDEAL_CHECKERS_LEVELS_WITNESS_H
#define ORDEAL_CHECKERS_LEVELS_WITNESS_H

#include "core.h"
#include "level.h"

extern judge *const weak_level_judges[WEAK_LEVELS];

/* Ways to pair reads with writers that are tried at most. */
enum { ASSIGNMENTS_MAX = 1 << 16 };

/* Whether some operations of a history (places: ascending; NULL: all) satisfy a level, under any
 * pairing of reads and writers. */
enum judgement level_ask(const struct level_case *level_case, enum weak_level level,
                         const uint32_t *places, size_t place_count);

struct witness {
    uint32_t *places; /* in history->ops, ascending */
    size_t count;
    struct budget *budget;
};

/* A part of the history that violates the level, such that no operation, or group of them, can be
 * left out any more: reads can be, and a write together with all that read or expect its value
 * (naive.h says why not alone). `core`: steps to begin with; NULL: begin with everything. False
 * when the budget is used up. The caller releases the witness either way. */
bool witness_find(struct witness *witness, const struct level_case *level_case,
                  enum weak_level level, const struct core *core);
void witness_release(struct witness *witness);

/* Why the witness is a violation, in sentences. Sets *type to the anomaly's static name. */
void witness_explain(const struct witness *witness, const struct level_case *level_case,
                     enum weak_level level, const char **type, struct buf *text);

#endif
