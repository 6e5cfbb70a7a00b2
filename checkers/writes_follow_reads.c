/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* writes_follow_reads.c - for each process p there is a legal sequence of all writes and p's reads
 * in which p's reads stand in p's order, and write w before write w' whenever some process read w
 * and then wrote w'.
 *
 * (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994, alone, without
 * the other three.) A process is a session. A cas counts as a read and a write. The engine is
 * levels/views.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_WRITES_FOLLOW_READS, history, options, budget, finding, err);
}

const struct checker checker_writes_follow_reads = {
    .name = "writes-follow-reads",
    .about = "a write comes after what its process read before it",
    .is_level = true,
    .check = check,
};
