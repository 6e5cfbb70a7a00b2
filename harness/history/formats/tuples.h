/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* tuples.h - telling keys from values where Jepsen writes both as one vector.
 *
 * jepsen.independent makes many keys of one workload by putting the key in front: the value 3 of
 * key 7 is [7 3], and in most files nothing marks such a tuple. A history is then taken to consist
 * of tuples if every operation's value is a vector of two, its first no vector, and one was asked
 * for as [key nil] (a read, a dequeue) or, if a cas, as [key [old new]]. Transactions never are.
 */
#ifndef ORDEAL_HISTORY_FORMATS_TUPLES_H
#define ORDEAL_HISTORY_FORMATS_TUPLES_H

#include "../history.h"

#define TUPLE_TAG "jepsen.independent/tuple" /* marks one */

/* Split the tuples of a history whose cas values are still whole lists, then those. `marked`: the
 * file said that there are tuples. -1 if an operation completed with another key, or has none
 * though others are marked. */
int tuples_split(struct history *history, bool marked, struct err *err) MUST_CHECK;

/* Whether keys in front of values would not be found there again if they are not marked. */
bool tuples_need_marks(const struct history *history);

#endif
