/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* guess.h - when each write took effect, as far as the clock tells. A guess, to search in a good
 * order; no verdict rests on it.
 *
 * A value was there when the first of its write and its reads completed, and still there when the
 * last of its reads was invoked: f and s. If f < s it filled that interval, its zone. If not, the
 * value may have come and gone at any moment between s and f, but not within another value's zone
 * (Gibbons and Korach, "Testing Shared Memories", SIAM J. Computing 26(4), 1997). So the guess is
 * f, or else just before the zone that f lies in. In a linearizable history the guesses, key by
 * key, are moments at which all writes can have taken effect, and a schedule that follows them
 * meets no dead end. A successful compare-and-set leaves no moment between its value and the one
 * before: they share a zone.
 */
#ifndef ORDEAL_CHECKERS_LEVELS_GUESS_H
#define ORDEAL_CHECKERS_LEVELS_GUESS_H

#include "steps.h"

/* By step; for writes only. NULL when the budget is used up; freed by the caller. */
int64_t *guess_times(const struct steps *steps);

#endif
