/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* dense.h - numbers 0, 1, 2, ... for ids in the order in which they are first met. */
#ifndef ORDEAL_CHECKERS_LEVELS_DENSE_H
#define ORDEAL_CHECKERS_LEVELS_DENSE_H

#include "../../harness/base/budget.h"

#define DENSE_FAILED UINT32_MAX /* the budget is used up */

struct dense {
    struct dense_slot {
        uint32_t id, number; /* number + 1; 0: empty */
    } * slots;
    uint32_t mask, count;
    struct budget *budget;
};

static inline void dense_init(struct dense *dense, struct budget *budget)
{
    *dense = (struct dense){.budget = budget};
}

static inline void dense_release(struct dense *dense)
{
    budget_free(dense->budget, dense->slots);
    dense->slots = NULL;
}

/* The number of `id`, a new one if it was not met before; or DENSE_FAILED. */
uint32_t dense_number(struct dense *dense, uint32_t id);

#endif
