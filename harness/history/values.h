/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* values.h - values by number: equal values have equal ids.
 *
 * An id is nil, a small integer held in the id itself, or a place in the table of everything else:
 * scalars as their JSON text (strings with their quotes), and lists as the ids of their elements.
 */
#ifndef ORDEAL_HISTORY_VALUES_H
#define ORDEAL_HISTORY_VALUES_H

#include "../base/budget.h"
#include "../base/buf.h"
#include "../base/err.h"

typedef uint32_t value_id;

#define VALUE_NIL ((value_id)0)
#define VALUE_FAILED ((value_id)0xffffffffu) /* the budget is used up; no value has this id */
#define VALUE_SMALL_BIAS INT64_C(0x40000000)
#define VALUE_SMALL_BIT ((value_id)0x80000000u)

struct values {
    struct value_entry *entries; /* [0] is nil */
    uint32_t count, capacity;
    uint32_t *slots; /* open addressing by hash; 0 is empty */
    uint32_t slot_count;
    char *text;
    size_t text_len, text_capacity;
    value_id *elements;
    size_t element_count, element_capacity;
    struct budget *budget;
};

void values_init(struct values *values, struct budget *budget);
void values_release(struct values *values);

/* Ids for values; VALUE_FAILED when the budget is used up. */
value_id values_int(struct values *values, int64_t value);
value_id values_string(struct values *values, struct str text); /* plain text, without quotes */
value_id values_json(struct values *values, struct str json);   /* a scalar or object's JSON text,
                                                                 * compact, members in order
                                                                 * (canonical.h); integers that fit
                                                                 * become such, null becomes nil */
value_id values_list(struct values *values, const value_id *elements, size_t count);

/* What an id stands for. The pointers live until the next value is made. */
bool values_get_int(const struct values *values, value_id id, int64_t *out);
bool values_get_list(const struct values *values, value_id id, const value_id **elements,
                     size_t *count);
bool values_get_text(const struct values *values, value_id id, struct str *json);

/* Forget all values, but keep the memory. */
void values_clear(struct values *values);

/* Make all values of `from` in `to`. map[id], for ids below from->count, becomes the id in `to`;
 * small integers are the same everywhere. False when the budget is used up. */
bool values_merge(struct values *to, const struct values *from, value_id *map) MUST_CHECK;

/* *copy becomes the same values under the same ids, in memory of its own from `budget`. False, with
 * nothing to release, when that is used up. */
bool values_copy(struct values *copy, const struct values *values,
                 struct budget *budget) MUST_CHECK;

/* Append as JSON. */
void values_print(const struct values *values, value_id id, struct buf *buf);

#endif
