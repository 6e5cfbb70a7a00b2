/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* pram.c - pipelined RAM: for each process p there is a legal sequence of all writes and p's reads
 * that respects everyone's program order.
 *
 *     for every p exists <p total on writes and p's reads: program order in <p, reads legal in <p
 *
 * (Lipton and Sandberg 1988.) A cas counts as a read and a write. The engine is levels/views.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_PRAM, history, options, budget, finding, err);
}

const struct checker checker_pram = {
    .name = "pram",
    .about = "each process sees the writes of every process in that process's order",
    .is_level = true,
    .check = check,
};
