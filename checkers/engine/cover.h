/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* cover.h - places in a row, how often each is covered, and which are covered no more. */
#ifndef ORDEAL_ENGINE_COVER_H
#define ORDEAL_ENGINE_COVER_H

#include "../../harness/base/budget.h"

#define COVER_NONE UINT32_MAX

/* A tree over the places: each node the least count below it, without what was added to nodes
 * above. */
struct cover {
    int32_t *least, *added;
    uint32_t places, leaves; /* leaves: a power of two */
    struct budget *budget;
};

/* counts: by place. Those not covered now are taken as known. False when the budget is used up;
 * cover_release may be called in any case. */
bool cover_init(struct cover *cover, const int32_t *counts, uint32_t places, struct budget *budget);
void cover_release(struct cover *cover);

/* One stay less over the places from `first` to `last`. */
void cover_remove(struct cover *cover, uint32_t first, uint32_t last);

/* A place from `first` to `last` that is covered no more, the lowest one: from now on it is known.
 * COVER_NONE if there is none. */
uint32_t cover_find(struct cover *cover, uint32_t first, uint32_t last);

#endif
