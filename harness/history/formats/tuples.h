/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* tuples.h - telling keys from values where Jepsen writes both as one vector.
 *
 * jepsen.independent makes many keys of one workload by putting the key in front: the value 3 of
 * key 7 is [7 3], and in a file nothing marks such a tuple. A history is taken to consist of tuples
 * if every operation's value is a vector of two and a read was asked for as [key nil], or a cas as
 * [key [old new]]. Transactions never are.
 */
#ifndef ORDEAL_HISTORY_FORMATS_TUPLES_H
#define ORDEAL_HISTORY_FORMATS_TUPLES_H

#include "../history.h"

/* Split the tuples of a history whose cas values are still whole lists, then those. `marked`: the
 * file said that there are tuples. -1 if an operation completed with another key. */
int tuples_split(struct history *history, bool marked, struct err *err) MUST_CHECK;

#endif
