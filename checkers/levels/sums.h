/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* sums.h - sequential consistency of counters, where it is easily told without a search.
 *
 * In general it is as hard as finding a part of some numbers with a given sum. But where nothing
 * negative is added, a counter only grows, and what a process read bounds the value at which its
 * additions before and after were made. An order exists only if the additions fit into these
 * bounds; of ones alone, on one counter, exactly then. What fits is put in an order greedily, which
 * may fail where another order exists: then nothing is said.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_SUMS_H
#define ORDEAL_CHECKERS_LEVELS_SUMS_H

#include "../engine/fast.h"
#include "../engine/keys.h"

enum { SUMS_WHY = 128 };

/* Judge all keys of `source` (its history, model and initial value) together. FAST_VALID: an order
 * was found, and checked operation by operation. FAST_INVALID: *witness has the operations of one
 * key that show it, `why` says how, and the naive routine agrees. FAST_NOT: neither, or it is no
 * counter. The witness's arrays are the caller's. */
enum fast sums_check(const struct object_source *source, const struct keys *keys,
                     struct budget *budget, struct excerpt *witness, char why[SUMS_WHY]);

#endif
