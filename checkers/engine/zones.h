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

#include "object.h"
#include "verify.h"

enum zones_outcome {
    ZONES_VALID,
    ZONES_INVALID,
    ZONES_NOT_DISTINCT, /* a value was written twice, or the initial value written: not for zones */
    ZONES_SPENT,        /* the budget is used up */
};

/* Whether the operations of `source` are reads, writes and cas only: of such a model, and without
 * deletes and appends. */
bool zones_apply(const struct object_source *source);

/* Judge. ZONES_INVALID: *witness, unless NULL, is filled; its arrays are the caller's. That
 * operations of one process at equal times have an order is not looked at: what is valid may be
 * invalid for it. */
enum zones_outcome zones_check(const struct object_source *source, struct budget *budget,
                               struct excerpt *witness);

#endif
