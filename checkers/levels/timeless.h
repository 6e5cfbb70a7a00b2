/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* timeless.h - sequential consistency of objects of any model, asked as linearizability.
 *
 * A history is sequentially consistent exactly if it would be linearizable had all its operations
 * been going on at the same moment, those of one process one after another within it. So it is told
 * again with every operation at time 0, and the search for a linearization of all keys together,
 * which orders operations of one process at equal times as they stand in the file, answers. Without
 * time that is good for hundreds of operations rather than millions; a history that is linearizable
 * as it stands needs no such search, nor do lists and sets that only grow (growing.h) and most
 * counters (sums.h): these are asked first.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_TIMELESS_H
#define ORDEAL_CHECKERS_LEVELS_TIMELESS_H

#include "level.h"

/* Judge `sequential`, registers with the engine for distinct values as far as that goes. As
 * level_judge; `options` are the checker's. */
int sequential_judge(const struct level_case *level_case, const struct check_options *options,
                     struct finding *finding, struct err *err) MUST_CHECK;

/* The same for other objects than registers, without any search: unknown where that is needed. */
int sequential_judge_quickly(const struct level_case *level_case,
                             const struct check_options *options, struct finding *finding,
                             struct err *err);

#endif
