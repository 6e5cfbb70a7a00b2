/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* read_your_writes.c - for each process p there is a legal sequence of all writes and p's reads in
 * which p's writes stand in p's order, and before those of p's reads that came after them.
 *
 * (Terry et al., "Session Guarantees for Weakly Consistent Replicated Data", 1994, alone, without
 * the other three.) A process is a session. A cas counts as a read and a write. The engine is
 * levels/sessions.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_READ_YOUR_WRITES, history, options, budget, finding, err);
}

const struct checker checker_read_your_writes = {
    .name = "read-your-writes",
    .about = "a process reads its own writes, or something later",
    .is_level = true,
    .check = check,
};
