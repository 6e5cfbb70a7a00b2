/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* proof.h - a checker held against the brute force, one history at a time.
 *
 * What counts as a flaw: a verdict other than by definition; unknown where a verdict is owed; a
 * witness that is no violation by itself, or that makes a read look like one of thin air; an
 * unverified anomaly; another verdict for the same history told otherwise; memory not given back.
 * A flaw is printed with the smallest history that shows it, in lib/hist.h's notation.
 */
#ifndef ORDEAL_TESTS_LIB_PROOF_H
#define ORDEAL_TESTS_LIB_PROOF_H

#include "../../harness/base/rng.h"
#include "../../harness/checker.h"

enum { PROOF_SHOWN = 3 }; /* flaws printed in full */

struct proof {
    const char *level, *model;
    int initial;                   /* of each object; 0: nil */
    const struct checker *checker; /* of `level` */
    int64_t limit_ns;              /* for one judgement; 0: none */
    int64_t began_ns;
    bool lenient; /* proof_demand counts unknown instead of taking it for a flaw */
    uint64_t compared, valid, invalid, undecided;
    uint64_t flaws;
};

/* False if there is no checker for the level, or the brute force does not know the model. */
bool proof_begin(struct proof *proof, const char *level, const char *model, int initial);

/* Compare the checker with the brute force on one history; at most 12 operations that happened. */
void proof_compare(struct proof *proof, const struct history *history);

/* The checker's verdict alone. A failure to judge ends the program. */
enum verdict proof_verdict(const struct proof *proof, const struct history *history);

/* Demand a verdict on a history of any size. */
void proof_demand(struct proof *proof, const struct history *history, enum verdict expected,
                  const char *why);

/* Demand the same verdict when the history is told otherwise, in each way of lib/gen.h. */
void proof_retell(struct proof *proof, struct rng *rng, const struct history *history);

/* Whether the checker of sequential consistency must decide for this model. */
bool proof_owes_sequential(const char *model);

/* One line: counts, and the seconds since proof_begin. */
void proof_print(const struct proof *proof, const char *what);

#endif
