/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* cc.c - weak causal consistency (CC): every read is explained by some order of what is causally
 * before it; another read, even of the same process, may need another order.
 *
 *     co = (program order and reads-from)+ is acyclic;
 *     for every read r exists < total on the writes before r in co: co in <, r legal
 *
 * (Bouajjani, Enea, Guerraoui and Hamza, POPL 2017. What the transactional literature calls causal
 * consistency is, for single operations, CCv: see ccv.c.) A cas counts as a read and a write. The
 * engine is levels/overwrites.c.
 */
#include "levels/level.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    return level_check(WEAK_CC, history, options, budget, finding, err);
}

const struct checker checker_cc = {
    .name = "cc",
    .about = "weak causal consistency: each read is explained by some order of its causal past",
    .is_level = true,
    .check = check,
};
