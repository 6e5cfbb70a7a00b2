/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* implication.h - which levels imply which, as seen in many histories: none that should is refuted,
 * and for each other pair a small history separates the two. */
#ifndef ORDEAL_TESTS_LIB_IMPLICATION_H
#define ORDEAL_TESTS_LIB_IMPLICATION_H

#include "levels.h"
#include "proof.h"

struct implications {
    struct proof proofs[LEVELS];
    bool by_checker[LEVELS]; /* else by brute force: there is no checker of that level */
    uint64_t count, flaws;
    char *separating[LEVELS][LEVELS]; /* the smallest history of level a, not of level b */
    size_t sizes[LEVELS][LEVELS];
};

void implications_init(struct implications *implications);

/* Take the verdicts at all levels on a history of reads and writes into account. */
void implications_note(struct implications *implications, const struct history *history);

/* Print the separating histories and a count, and release. Returns the number of flaws. */
uint64_t implications_finish(struct implications *implications);

#endif
