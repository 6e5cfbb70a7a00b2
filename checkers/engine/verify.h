/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* verify.h - the naive routine: is there a linearization? Asked again of every witness before it is
 * shown, by plain exhaustive search from the definition. It shares the models with the engines, and
 * nothing else.
 */
#ifndef ORDEAL_ENGINE_VERIFY_H
#define ORDEAL_ENGINE_VERIFY_H

#include "../../harness/model.h"

/* What an operation of an excerpt is relieved of. */
enum relax {
    RELAX_DUTY = 1,     /* it may not have happened; but if so, with its result */
    RELAX_NEED = 2,     /* a cas may have found any value: it is a write */
    RELAX_PRESENCE = 4, /* it is not there at all, and mentioned only for what it wrote */
    RELAX_LATER = 8,    /* with RELAX_DUTY: it did happen, which turned out not to matter */
};

enum { EXCERPT_ELEMENTS = 8 };

/* A part of a history. */
struct excerpt {
    const struct history *history;
    const struct model *model;
    value_id initial;
    uint32_t *places; /* in history->ops, ascending */
    uint8_t *relaxed; /* by position: enum relax */
    size_t count;
    int64_t from_ns; /* only what is open at this time or later is in it, and the object may have
                      * been in any state then; INT64_MIN: from the beginning */
    value_id only[EXCERPT_ELEMENTS]; /* only these elements are looked at, in it and in what reads
                                      * of the whole returned */
    size_t only_count;               /* 0: all elements */
    const uint32_t *whole;           /* places of all operations that it was taken from; borrowed */
    size_t whole_count;
};

/* An excerpt without operations yet, with room for all of `room`. False when the budget is used
 * up. excerpt_release may be called in any case, and on a zeroed excerpt. */
bool excerpt_init(struct excerpt *excerpt, const struct excerpt *like, size_t room,
                  struct budget *budget);
void excerpt_release(struct excerpt *excerpt, struct budget *budget);

/* Add an operation. One that is there already stays, relieved only of what both say. */
void excerpt_add(struct excerpt *excerpt, uint32_t place, uint8_t relaxed);

enum verified { VERIFIED_ILLEGAL, VERIFIED_LEGAL, VERIFIED_UNFINISHED };

enum { VERIFY_OPS_MAX = 8000, VERIFY_STEPS_MAX = 20 * 1000 * 1000 };

/* Whether no order of the excerpt's operations is legal, and nothing was left out or relaxed that
 * could have made one legal. Gives up when the budget is used up, on values that the model refuses,
 * after `steps_max` steps, and on more operations than the limit above. */
enum verified verify_illegal(const struct excerpt *excerpt, uint64_t steps_max,
                             struct budget *budget);

#endif
