/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "core.h"

void core_init(struct core *core, struct budget *budget)
{
    *core = (struct core){.budget = budget};
}

void core_release(struct core *core)
{
    budget_free(core->budget, core->steps);
    core_init(core, core->budget);
}

void core_add(struct core *core, uint32_t step)
{
    if (core->count == core->capacity) {
        size_t capacity = core->capacity ? core->capacity * 2 : 64;
        uint32_t *grown = budget_realloc(core->budget, core->steps, capacity * sizeof *grown);
        if (!grown) {
            core->failed = true;
            return;
        }
        core->steps = grown;
        core->capacity = capacity;
    }
    core->steps[core->count++] = step;
}

/* A stretch of a session that is searched backwards from `step`, because `reader`, in the stretch
 * `parent`, read from it. */
struct stretch {
    uint32_t step, reader, parent;
};

struct path_search {
    const struct steps *steps;
    const uint32_t *previous;
    struct stretch *queue;
    bool *met;
    uint32_t begin, end;
};

static uint32_t step_before(const struct path_search *search, uint32_t step)
{
    if (search->previous)
        return search->previous[step];
    return step > search->steps->first[search->steps->session[step]] ? step - 1 : STEP_NONE;
}

/* Breadth first, so that the way has as few hops between sessions as possible. */
static uint32_t find_stretch(struct path_search *search, uint32_t from, uint32_t to)
{
    const struct steps *steps = search->steps;

    search->queue[search->end++] = (struct stretch){to, STEP_NONE, 0};
    while (search->begin < search->end) {
        uint32_t current = search->begin++;
        uint32_t step = search->queue[current].step;
        for (; step != STEP_NONE && !search->met[step]; step = step_before(search, step)) {
            search->met[step] = true;
            if (step == from)
                return current;
            uint32_t writer = steps->at[step].from;
            if (writer < FROM_INITIAL && !search->met[writer])
                search->queue[search->end++] = (struct stretch){writer, step, current};
        }
    }
    return STEP_NONE;
}

void core_add_path(struct core *core, const struct steps *steps, const uint32_t *previous,
                   uint32_t from, uint32_t to)
{
    struct budget *budget = core->budget;
    struct path_search search = {.steps = steps, .previous = previous};

    core_add(core, from);
    core_add(core, to);
    search.met = budget_calloc(budget, steps->count, 1);
    search.queue = budget_alloc(budget, ((size_t)steps->count + 1) * sizeof *search.queue);
    if (search.met && search.queue) {
        uint32_t at = find_stretch(&search, from, to);
        while (at != STEP_NONE && search.queue[at].reader != STEP_NONE) {
            core_add(core, search.queue[at].step);
            core_add(core, search.queue[at].reader);
            at = search.queue[at].parent;
        }
    } else {
        core->failed = true;
    }
    budget_free(budget, search.met);
    budget_free(budget, search.queue);
}
