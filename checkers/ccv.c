/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* ccv.c - causal convergence (CCv): there is one order of all writes, containing the causal order,
 * and every read returns the write of its key that is last in it among those causally before the
 * read.
 *
 *     co = (program order and reads-from)+;
 *     exists arb total on writes: co in arb, every read r returns max arb {w : w co r, key of r}
 *
 * (Bouajjani, Enea, Guerraoui and Hamza, POPL 2017.) A cas counts as a read and a write. The engine
 * is levels/conflicts.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_CCV, history, options, budget, finding, err);
}

const struct checker checker_ccv = {
    .name = "ccv",
    .about = "causal convergence: one order of writes for all, and causality respected",
    .is_level = true,
    .check = check,
};
