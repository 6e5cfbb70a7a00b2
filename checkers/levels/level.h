/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* level.h - the levels below linearizability, asked of one history.
 *
 * Registers, one or many: read, write, cas. A cas counts as a read of the old value and, next in
 * its process, a write of the new one; sequential consistency keeps the two together, the levels
 * below, which let processes disagree on order, do not.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_LEVEL_H
#define ORDEAL_CHECKERS_LEVELS_LEVEL_H

#include "../../harness/checker.h"
#include "steps.h"

enum weak_level {
    WEAK_SEQUENTIAL,
    WEAK_CAUSAL,
    WEAK_CCV,
    WEAK_CC,
    WEAK_PRAM,
    WEAK_READ_YOUR_WRITES,
    WEAK_MONOTONIC_READS,
    WEAK_MONOTONIC_WRITES,
    WEAK_WRITES_FOLLOW_READS,
    WEAK_LEVELS
};

extern const char *const weak_level_names[WEAK_LEVELS]; /* "sequential", "causal", ... */

/* A history made ready once, for any number of levels. */
struct level_case {
    const struct history *history;
    struct budget *budget;
    value_id initial;
    struct steps steps;
    enum steps_state state;
};

void level_open(struct level_case *level_case, const struct history *history,
                const struct check_options *options, struct budget *budget);
void level_close(struct level_case *level_case);

/* Judge one level and set the finding's verdict and reason; a violation adds an anomaly, its
 * witness small and confirmed by naive_opinion. -1 only if the finding itself has no memory. */
int level_judge(const struct level_case *level_case, enum weak_level level, struct finding *finding,
                struct err *err) MUST_CHECK;

/* What was looked at, and what seems odd, as details. */
void level_describe(const struct level_case *level_case, struct finding *finding);

/* All of the above: what a level's own checker does. */
int level_check(enum weak_level level, const struct history *history,
                const struct check_options *options, struct budget *budget, struct finding *finding,
                struct err *err) MUST_CHECK;

#endif
