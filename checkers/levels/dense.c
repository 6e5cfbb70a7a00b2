/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "dense.h"

static struct dense_slot *slot_of(const struct dense *dense, uint32_t id)
{
    uint32_t at = (id * 0x9e3779b1u) >> 7 & dense->mask;

    while (dense->slots[at].number && dense->slots[at].id != id)
        at = (at + 1) & dense->mask;
    return &dense->slots[at];
}

static bool grow(struct dense *dense)
{
    struct dense grown = *dense;
    uint32_t size = dense->slots ? (dense->mask + 1) * 2 : 64;

    grown.mask = size - 1;
    grown.slots = budget_calloc(dense->budget, size, sizeof *grown.slots);
    if (!grown.slots)
        return false;
    for (uint32_t i = 0; dense->slots && i <= dense->mask; i++) {
        if (dense->slots[i].number)
            *slot_of(&grown, dense->slots[i].id) = dense->slots[i];
    }
    budget_free(dense->budget, dense->slots);
    *dense = grown;
    return true;
}

uint32_t dense_number(struct dense *dense, uint32_t id)
{
    if ((!dense->slots || dense->count * 2 > dense->mask) && !grow(dense))
        return DENSE_FAILED;
    struct dense_slot *slot = slot_of(dense, id);
    if (!slot->number)
        *slot = (struct dense_slot){id, ++dense->count};
    return slot->number - 1;
}
