/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "moves.h"

#include <string.h>

bool move_needed(const struct sweep *sweep, const struct config *config, const struct item *x)
{
    return config_todo(config, x->slot) ||
           (x->call.kind == CALL_OVERWRITE && config_ready(sweep, config, x->slot));
}

uint32_t move_count(const struct sweep *sweep)
{
    return sweep->object->slot_count + sweep->object->kind_count;
}

static const struct item *item_of(const struct sweep *sweep, uint32_t z)
{
    const struct object *object = sweep->object;
    uint32_t slots = object->slot_count;

    return &object->items[z < slots ? sweep->items[z] : object->kinds[z - slots]];
}

enum move move_make(const struct sweep *sweep, const struct config *from, const struct item *x,
                    uint32_t z, struct config *to)
{
    uint32_t state;

    if (!config_can(sweep, from, z, &state))
        return MOVE_NONE;
    const struct item *self = item_of(sweep, z);
    bool overwrites = self->call.kind == CALL_OVERWRITE;
    if (overwrites && (from->flags & MOVE_IDLE))
        return MOVE_NONE;
    memcpy(to, from, config_size(sweep));
    config_do(sweep, to, z, state);
    if (z == x->slot)
        return MOVE_DONE;
    bool is_idle = (overwrites || !self->due) && !sweep->object->tied &&
                   sweep_reads(sweep, to) == sweep_reads(sweep, from);
    to->flags = is_idle ? from->flags | MOVE_IDLE : from->flags & ~(uint32_t)MOVE_IDLE;
    bool is_done = !config_todo(to, x->slot);
    if (x->call.kind != CALL_OVERWRITE)
        return is_done ? MOVE_DONE : MOVE_MADE;
    /* An overwrite thought before another gains nothing by that other taking effect now: only using
     * it itself can demand what came before. */
    if (overwrites)
        to->flags |= MOVE_MUST;
    return is_done && !(to->flags & MOVE_MUST) ? MOVE_GOOD : MOVE_MADE;
}
