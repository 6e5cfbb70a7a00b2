/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* zones.h - linearizability of a register in time O(n log n), if no value is written twice.
 *
 * Gibbons and Korach, Testing shared memories, SIAM J. Comput. 26(4), 1997, section 4: what writes
 * and reads one value forms a cluster. With f the earliest return in it and s the latest
 * invocation, a cluster takes effect without another one in between, so that one must come before
 * another if its f < the other's s. Two clusters for which this holds both ways refute the history,
 * and if there are no such two, and no read returned before its write was invoked, it is
 * linearizable.
 *
 * Extended here to compare-and-set: a cas continues the cluster of the value that it found, so that
 * a chain of them is one cluster, whose parts have to keep their order; and to unknown outcomes: an
 * operation whose value nobody saw is left out, one whose value was seen did happen, at any time
 * after its invocation.
 */
#ifndef ORDEAL_ENGINE_ZONES_H
#define ORDEAL_ENGINE_ZONES_H

#include "fast.h"

/* As fast_check, for models that leave out what is unseen. FAST_NOT also where there are deletes or
 * appends. */
enum fast zones_check(const struct object_source *source, struct budget *budget,
                      struct excerpt *witness);

#endif
