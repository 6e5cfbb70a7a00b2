/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* monotonic_writes.c - for each process p there is a legal sequence of all writes and p's reads in
 * which p's reads stand in p's order, and each process's writes in that process's order.
 *
 * (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994, alone: p's own
 * writes and its reads are not held in order to each other.) A process is a session. A cas counts
 * as a read and a write. The engine is levels/views.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_MONOTONIC_WRITES, history, options, budget, finding, err);
}

const struct checker checker_monotonic_writes = {
    .name = "monotonic-writes",
    .about = "every process sees a process's writes in that process's order",
    .is_level = true,
    .check = check,
};
