/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* growing.h - sequential consistency of lists and sets that only grow, with distinct elements, in
 * time O(n log n) and without a search.
 *
 * What reads returned fixes the rank of every operation on a key (engine/ranks.h). A history is
 * sequentially consistent exactly if all operations can be done, each process's in its order and
 * each key's by rank: an operation whose turn it is on its key may come at once, since nothing that
 * could come is ever kept from it by what came. So whatever is possible is done until nothing is.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_GROWING_H
#define ORDEAL_CHECKERS_LEVELS_GROWING_H

#include "../engine/fast.h"
#include "../engine/keys.h"

/* Judge all keys of `source` (its history, model and initial value) together. FAST_NOT: they are
 * not of such a kind. FAST_INVALID: *witness, unless NULL, has the operations that show it, as the
 * naive routine confirmed; none where it could not, and then nobody need believe it. Its arrays are
 * the caller's. */
enum fast growing_check(const struct object_source *source, const struct keys *keys,
                        struct budget *budget, struct excerpt *witness);

#endif
