/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* elements.h - queues, stacks and priority queues with distinct elements, in time O(n log n).
 *
 * Each element has an insertion and, maybe, a removal. An insertion of unknown outcome whose
 * element nobody took is left out; one whose element was taken did happen. A removal of unknown
 * outcome may have taken anything: that is not for this method.
 */
#ifndef ORDEAL_ENGINE_ELEMENTS_H
#define ORDEAL_ENGINE_ELEMENTS_H

#include "fast.h"

#define ELEMENT_NONE UINT32_MAX

/* Times are real ones, or places between them (elements_place). */
struct element {
    int64_t in_start, in_end;   /* of the insertion */
    int64_t out_start, out_end; /* of the removal; TIME_NEVER: none */
    uint32_t in, out;           /* places in history->ops; PLACE_NONE */
    value_id value;
};

/* A removal that found nothing. */
struct empty {
    int64_t start, end;
    uint32_t place;
};

struct elements {
    const struct object_source *source;
    struct budget *budget;
    struct element *at;
    uint32_t count;
    struct empty *empties;
    uint32_t empty_count;
};

/* What refutes: elements whose operations have no order, and maybe a removal that found nothing. */
struct refuted {
    uint32_t *elements;
    uint32_t count, capacity;
    uint32_t place; /* PLACE_NONE */
    value_id value; /* VALUE_NIL; everything that concerns it refutes by itself */
};

/* Add an element that is not there yet; false when the budget is used up. */
bool refuted_add(struct refuted *refuted, uint32_t element, struct budget *budget);

/* Each judges elements, by in_start, whose insertion does not come after their removal.
 * FAST_INVALID: *refuted is filled. */
enum fast queue_check(const struct elements *elements, struct refuted *refuted);
enum fast stack_check(const struct elements *elements, struct refuted *refuted);
enum fast priority_check(const struct elements *elements, struct refuted *refuted);

/* Whether some removal found nothing although at each of its moments something must have been
 * there: for queues and stacks. Abdulla, Haziza, Holik, Jonsson and Rezine, TACAS 2013; Henzinger,
 * Sezgin and Vafeiadis, CONCUR 2013, section 4. */
enum fast empties_check(const struct elements *elements, struct refuted *refuted);

/* As fast_check, for models queue, stack and priority-queue. */
enum fast elements_check(const struct object_source *source, struct budget *budget,
                         struct excerpt *witness);

/* -- sorting ------------------------------------------------------------------------------------
 */

struct keyed {
    int64_t key;
    uint32_t at;
};

/* By key; equal keys stay as they were. False when the budget is used up. */
bool keyed_sort(struct keyed *keyed, size_t count, struct budget *budget);

#endif
