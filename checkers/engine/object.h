/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* object.h - one object's operations made ready for a search: calls instead of values, and the
 * events of invocation and return in the order of time.
 */
#ifndef ORDEAL_ENGINE_OBJECT_H
#define ORDEAL_ENGINE_OBJECT_H

#include "../../harness/model.h"

/* Where the operations come from. */
#define PLACE_NONE UINT32_MAX

struct object_source {
    const struct history *history;
    const struct model *model;
    value_id initial;
    const uint32_t *places; /* in history->ops, ascending; no failed operation among them */
    size_t count;
    const uint8_t
        *relaxed; /* by position in places: may have happened, with its result; NULL: none */
    uint32_t begin_place; /* begin in the state that this operation needs; PLACE_NONE: as the model
                           * says */
    uint32_t begin_back;  /* so many updates earlier: model->before */
    bool by_line;         /* ordered as the lines of the file are: see keys.h */

    /* Several objects judged together, where precedence is no order of intervals: the number of
     * each operation's object, by position in places. NULL: one object. */
    const uint32_t *parts;
    uint32_t part_count;
};

/* When an operation of the source begins and ends, for ordering. */
static inline int64_t source_start(const struct object_source *source, const struct op *op)
{
    return source->by_line ? op->index : op->invoke_ns;
}

static inline int64_t source_end(const struct object_source *source, const struct op *op)
{
    if (op->type == OP_INFO)
        return TIME_NEVER;
    return source->by_line ? op->complete_index : op->complete_ns;
}

struct item {
    struct call call;
    uint32_t place; /* in history->ops */
    uint32_t kind;  /* of optional calls that do the same; KIND_NONE (due only): none do */
    uint32_t after; /* the item of the same process that completed at the time when this one was
                     * invoked and so comes before it; ITEM_NONE */
    uint32_t part;  /* number of its object; 0 if there is one */
    uint16_t slot;  /* due: its bit while it is open */
    bool due;       /* happened, and returned; else it is optional: at any time or never */
    bool tied;      /* some item's `after`, or has one */
};

#define ITEM_NONE UINT32_MAX
#define KIND_NONE UINT32_MAX

/* An event: item << 1, plus 1 for its return. */
#define EVENT_ITEM(event) ((event) >> 1)
#define EVENT_IS_RETURN(event) ((event)&1)

struct object {
    const struct history *history;
    const struct model *model;
    struct model_env env;
    struct states states;
    uint32_t begin;
    struct item *items; /* by invocation */
    size_t count;
    uint32_t *events; /* at equal times invocations first; what is optional never returns */
    size_t event_count;
    uint32_t slot_count; /* the most due operations open at once */
    uint32_t *kinds;     /* an item of each kind of optional calls */
    uint32_t kind_count;
    bool tied;           /* some item is */
    uint32_t part_count; /* 1: one object, or a state is a list of as many objects' states */
    struct budget *budget;
};

/* Prepare. 1: done; 0: the budget is used up; -1 with *err: the operations make no sense for the
 * model. object_release may be called in any case. */
int object_init(struct object *object, const struct object_source *source, struct budget *budget,
                struct err *err) MUST_CHECK;
void object_release(struct object *object);

/* The state after the item's call took effect; STATE_NO if it cannot. */
uint32_t object_step(struct object *object, uint32_t state, const struct item *item);

static inline const struct op *object_op(const struct object *object, uint32_t item)
{
    return &object->history->ops[object->items[item].place];
}

#endif
