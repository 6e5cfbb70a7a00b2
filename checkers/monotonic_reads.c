/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* monotonic_reads.c - for each process p there is a legal sequence of all writes and p's reads in
 * which p's reads stand in p's order.
 *
 * (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994, alone, without
 * the other three.) No order between the writes is asked for, so a violation is a read of a value
 * that p read before and then read another. A process is a session. A cas counts as a read and a
 * write. The engine is levels/sessions.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_MONOTONIC_READS, history, options, budget, finding, err);
}

const struct checker checker_monotonic_reads = {
    .name = "monotonic-reads",
    .about = "what a process has read past does not come back",
    .is_level = true,
    .check = check,
};
