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

/* As fast_check, for models append-list and set; FAST_NOT also for sets with remove or contains. */
enum fast ranks_check(const struct object_source *source, struct budget *budget,
                      struct excerpt *witness);

#endif
