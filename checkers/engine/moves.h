/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* moves.h - what may take effect when a return demands it: the choices of the search.
 *
 * At the return of operation x, an engine goes on from each configuration in which x may return.
 * Where it may not, and where x is an overwrite that can still be used and has its last chance now,
 * other operations take effect first, one move at a time, until x may.
 */
#ifndef ORDEAL_ENGINE_MOVES_H
#define ORDEAL_ENGINE_MOVES_H

#include "search.h"

/* In config->flags: what is asked of the next moves, beside x's duty. */
enum move_flag {
    MOVE_MUST =
        1, /* x has to be used itself: an overwrite whose duty is done returns for nothing */
    MOVE_IDLE = 2, /* the last move changed the state and nothing has come of it: only what needs
                    * that state can follow, or the move was for nothing */
};

enum move {
    MOVE_NONE, /* cannot be, or need not be tried */
    MOVE_MADE, /* x's duty is still to do */
    MOVE_GOOD, /* it is done, yet x, an overwrite, can still be used */
    MOVE_DONE, /* x may return */
};

/* Whether something has to be decided when `x`, open, returns. */
bool move_needed(const struct sweep *sweep, const struct config *config, const struct item *x);

/* How many moves there are to try: the slots, and behind them the kinds. */
uint32_t move_count(const struct sweep *sweep);

/* Make move `z` at the return of `x`: *to becomes what `from` is after it, unless MOVE_NONE. */
enum move move_make(const struct sweep *sweep, const struct config *from, const struct item *x,
                    uint32_t z, struct config *to);

#endif
