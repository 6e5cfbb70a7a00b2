/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "fast.h"

#include "elements.h"
#include "ranks.h"
#include "zones.h"

#include <string.h>

bool fast_begin_witness(const struct object_source *source, struct budget *budget,
                        struct excerpt *witness)
{
    const struct excerpt like = {.history = source->history,
                                 .model = source->model,
                                 .initial = source->initial,
                                 .from_ns = INT64_MIN,
                                 .whole = source->places,
                                 .whole_count = source->count};

    return excerpt_init(witness, &like, source->count * 2, budget);
}

enum fast fast_check(const struct object_source *source, struct budget *budget,
                     struct excerpt *witness)
{
    const char *name = source->model->name;

    if (source->parts || source->relaxed || source->begin_place != PLACE_NONE)
        return FAST_NOT;
    if (source->model->omit == OMIT_UNSEEN)
        return zones_check(source, budget, witness);
    if (ranks_know(source->model))
        return ranks_check(source, budget, witness);
    if (strcmp(name, "queue") == 0 || strcmp(name, "stack") == 0 ||
        strcmp(name, "priority-queue") == 0)
        return elements_check(source, budget, witness);
    return FAST_NOT;
}
