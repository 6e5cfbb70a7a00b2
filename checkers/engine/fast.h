/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* fast.h - objects that can be judged without a search, if no value is written twice. */
#ifndef ORDEAL_ENGINE_FAST_H
#define ORDEAL_ENGINE_FAST_H

#include "object.h"
#include "verify.h"

enum fast {
    FAST_VALID,
    FAST_INVALID, /* with a witness */
    FAST_NOT,     /* a value was written twice, or something else that is not for this method */
    FAST_SPENT,   /* the budget is used up */
};

/* Judge by the method that fits the model: zones (registers), ranks (lists and sets that only
 * grow), or decreasing (queues, stacks, priority queues). FAST_INVALID: *witness, unless NULL, is
 * filled; its arrays are the caller's in any case but FAST_NOT. That operations of one process at
 * equal times have an order is not looked at: what is valid may be invalid for it.
 */
enum fast fast_check(const struct object_source *source, struct budget *budget,
                     struct excerpt *witness);

/* A part of the source with nothing in it yet, and room for all of it. */
bool fast_begin_witness(const struct object_source *source, struct budget *budget,
                        struct excerpt *witness);

#endif
