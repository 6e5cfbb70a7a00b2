/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* clocks.h - vector clocks that a workload recorded, used and verified.
 *
 * The clock of an operation is that of the system when it completed: by each node's name how many
 * writes of it are in the past, the operation's own included. It says more about causes than
 * program order and reads-from do: a write whose clock is contained in another operation's is in
 * its past.
 *
 * Verified: of two operations of a process, and of a write and a read of it, the clock of the first
 * is contained in that of the second. Where it is not, clocks and history contradict each other,
 * and one of them is wrong: the level is undecided if it would hold otherwise. Used where they do
 * agree: a read that returned a value which the clocks say another write in its past had
 * overwritten is a violation at the levels that respect causes. Operations without a clock take no
 * part.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_CLOCKS_H
#define ORDEAL_CHECKERS_LEVELS_CLOCKS_H

#include "level.h"

/* Add to the finding of `level` what the recorded clocks say. Nothing happens where there are none,
 * where the level is not about causes, or where a value was written twice. -1 only if the finding
 * has no memory. */
int clocks_judge(const struct level_case *level_case, enum weak_level level,
                 struct finding *finding, struct err *err) MUST_CHECK;

#endif
