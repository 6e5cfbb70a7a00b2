/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* naive.h - the second opinion: does a handful of operations violate a level? By exhaustive search
 * from the level's definition.
 *
 * It is asked about every witness before that is shown, and shares nothing with the engines, not
 * even the pairing of reads with writes. It also makes sure that what holds of the handful holds of
 * the history it was taken from: see "sound" below. It is slow, and gives up early.
 *
 * Sound. Call H the history and W the operations taken from it. If H satisfies a level then so does
 * W, provided that for every read in W, and for every expected value of a compare-and-set in W, all
 * operations of H that may have written that value are in W. For then take the order or orders that
 * explain H, and strike out what is not in W: a read in W still comes after the write that it took
 * its value from, which is in W, and no write came between. What orders W must respect (program
 * order, reads-from, and what follows from them) it had to respect in H. And an operation of
 * unknown outcome is free to have happened or not in W as in H. So a violation by W is one by H.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_NAIVE_H
#define ORDEAL_CHECKERS_LEVELS_NAIVE_H

#include "../../harness/history/history.h"
#include "level.h"

enum opinion {
    OPINION_VIOLATES,
    OPINION_HOLDS,
    OPINION_UNSOUND, /* the operations alone prove nothing about the history */
    OPINION_NONE,    /* too many operations, or the search took too long */
};

enum { NAIVE_EVENTS_MAX = 64 }; /* a compare-and-set counts twice */

enum opinion naive_opinion(enum weak_level level, const struct history *history,
                           const uint32_t *places, size_t count, value_id initial,
                           struct budget *budget);

#endif
