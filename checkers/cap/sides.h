/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* sides.h - the sides of a clean cut: groups of nodes that hear each other and nobody else. */
#ifndef ORDEAL_CHECKERS_CAP_SIDES_H
#define ORDEAL_CHECKERS_CAP_SIDES_H

#include "../../harness/history/history.h"

enum { SIDES_MAX = 64 };

struct sides {
    int count;             /* at least 2 */
    int total;             /* nodes on all sides */
    int sizes[SIDES_MAX];  /* nodes on each */
    uint8_t of[NODE_NONE]; /* a node of the history -> its side */
};

/* The sides that a partition's value, {"n1":["n2"]}: n1 no longer hears n2, makes of the history's
 * nodes and those that it names. False if there are none: some hear both sides, or in one direction
 * only; or clients were cut off, too; or the text is no such value. */
bool sides_read(const struct history *history, const char *value, struct budget *budget,
                struct sides *sides);

#endif
