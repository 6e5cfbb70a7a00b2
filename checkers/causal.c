/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* causal.c - causal memory (CM): for each process p there is a legal sequence of all writes and p's
 * reads that respects the causal order.
 *
 *     co = (program order and reads-from)+ is acyclic;
 *     for every p exists <p total on writes and p's reads: co in <p, p's reads legal in <p
 *
 * (Ahamad, Neiger, Burns, Kohli and Hutto 1995; CM of Bouajjani, Enea, Guerraoui and Hamza, "On
 * Verifying Causal Consistency", POPL 2017.) Processes may disagree on the order of concurrent
 * writes, for good. A cas counts as a read and a write. The engine is levels/views.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_CAUSAL, history, options, budget, finding, err);
}

const struct checker checker_causal = {
    .name = "causal",
    .about = "causal memory (CM): what each process reads has an order that respects causality",
    .is_level = true,
    .check = check,
};
