/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* ranks.h - lists and sets that only grow, with distinct elements: whoever reads the whole fixes
 * the order of what was read.
 *
 * The values that reads returned must each contain the one before. Then every operation has a rank:
 * a read its place among them, an addition comes before the first read that has it and after the
 * last one that does not (in a list, also after the elements before it). An order exists if and
 * only if no operation of higher rank precedes one of lower rank, since a cycle would have to go
 * down somewhere.
 */
#ifndef ORDEAL_ENGINE_RANKS_H
#define ORDEAL_ENGINE_RANKS_H

#include "fast.h"

#define RANK_NONE UINT32_MAX

/* Whether it is for lists or sets. */
bool ranks_know(const struct model *model);

/* As fast_check, for models append-list and set; FAST_NOT also for sets with remove or contains. */
enum fast ranks_check(const struct object_source *source, struct budget *budget,
                      struct excerpt *witness);

/* The rank of each operation of the source, by its place in history->ops, below *count. RANK_NONE:
 * it constrains nothing (a read of unknown outcome, or an addition of unknown outcome that nobody
 * saw). FAST_INVALID: what reads returned contradicts itself in any order, whatever time says. */
enum fast ranks_assign(const struct object_source *source, struct budget *budget, uint32_t *rank,
                       uint32_t *count);

#endif
