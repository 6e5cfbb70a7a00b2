/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* levels.h - the levels of histories of reads and writes, and which imply which.
 *
 * With distinct values: what design.md lists, and what follows from the definitions besides:
 * cc => read-your-writes (the own write that is not read is WriteCOInitRead or WriteCORead);
 * ccv => monotonic-reads (old, new, old is CyclicCF); monotonic-writes and writes-follow-reads
 * contain monotonic-reads. Each other pair is separated by a history.
 */
#ifndef ORDEAL_TESTS_LIB_LEVELS_H
#define ORDEAL_TESTS_LIB_LEVELS_H

#include <stdbool.h>

enum level {
    LEVEL_LINEARIZABLE,
    LEVEL_SEQUENTIAL,
    LEVEL_CAUSAL,
    LEVEL_CCV,
    LEVEL_CC,
    LEVEL_PRAM,
    LEVEL_READ_YOUR_WRITES,
    LEVEL_MONOTONIC_READS,
    LEVEL_MONOTONIC_WRITES,
    LEVEL_WRITES_FOLLOW_READS,
    LEVELS
};

extern const char *const level_names[LEVELS];

/* Whether every history of level a is of level b; a level implies itself. */
bool level_implies(enum level a, enum level b);

#endif
