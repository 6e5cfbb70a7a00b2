/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Breadth-first search for a linearization: all configurations at one event, then at the next
 * (just-in-time linearization: Lowe 2017, section 5). Its memory does not depend on the history's
 * length.
 *
 * There may be too many. Then only the most promising are kept, which may lose the way: where they
 * come to nothing, it goes back to a copy made before and tries the stretch again with more of
 * them, in the end with all from where they still were complete. Only what comes to nothing
 * complete is invalid; what gets through is valid however many were kept.
 */
#include "configs.h"

#include <string.h>

/* Up to what width, in first widths, prices are compared instead of counts. */
enum { LOOSE_FACTOR = 64 };

enum { WIDTH_GROWTH = 8, COPIES = 32, WORK_FACTOR = 8 };

/* More would not fit into the counts of configurations, nor into memory. */
enum { WIDTH_MAX = 1 << 28 };

/* The configurations at an event. */
struct copy {
    size_t at;
    uint32_t count;
    bool complete;
    char *configs;
};

struct levels {
    struct sweep sweep;
    struct budget *budget;
    struct configs now, next;
    struct configs work;   /* at a return: what must move */
    struct config *config; /* one to work on */
    uint32_t width, first_width;
    uint64_t steps;
    bool complete;              /* nothing was left out so far */
    struct copy copies[COPIES]; /* by event; far ones are far apart */
    int copy_count;
    struct search_result *result;
};

/* Let operation x return in `config`, and keep it. */
static bool arrive(struct levels *levels, const struct config *config, const struct item *x)
{
    memcpy(levels->config, config, config_size(&levels->sweep));
    levels->config->flags = 0;
    config_close(&levels->sweep, levels->config, x->slot);
    return configs_add(&levels->next, levels->config);
}

/* All moves from the i-th configuration at work. */
static bool expand(struct levels *levels, uint32_t i, const struct item *x, struct config *moved)
{
    uint32_t moves = move_count(&levels->sweep);

    for (uint32_t z = 0; z < moves; z++) {
        enum move move = move_make(&levels->sweep, configs_at(&levels->work, i), x, z, moved);
        if ((move == MOVE_DONE || move == MOVE_GOOD) && !arrive(levels, moved, x))
            return false;
        if (move == MOVE_GOOD)
            moved->flags |= MOVE_MUST;
        if ((move == MOVE_MADE || move == MOVE_GOOD) && !configs_add(&levels->work, moved))
            return false;
    }
    return true;
}

/* Those that may return go on, the others to work. */
static bool sort_out(struct levels *levels, const struct item *x)
{
    for (uint32_t i = 0; i < levels->now.count; i++) {
        struct config *config = configs_at(&levels->now, i);
        bool is_done = !config_todo(config, x->slot);
        if (is_done && !arrive(levels, config, x))
            return false;
        if (!move_needed(&levels->sweep, config, x))
            continue;
        if (is_done)
            config->flags = MOVE_MUST;
        if (!configs_add(&levels->work, config))
            return false;
    }
    return true;
}

/* Pass the return of `x`. False when the budget is used up. */
static bool pass_return(struct levels *levels, const struct item *x, struct config *moved)
{
    configs_clear(&levels->next);
    configs_clear(&levels->work);
    levels->next.loose = levels->work.loose = levels->width / LOOSE_FACTOR <= levels->first_width &&
                                              levels->width < WIDTH_MAX && !levels->sweep.unlimited;
    if (!sort_out(levels, x))
        return false;
    for (uint32_t i = 0; i < levels->work.count; i++) {
        if (i > levels->width * WORK_FACTOR) {
            levels->complete = false;
            break;
        }
        if (!expand(levels, i, x, moved))
            return false;
        uint64_t steps = levels->result->configurations++;
        if ((levels->steps && steps >= levels->steps) ||
            (steps % 256 == 0 && budget_spent(levels->budget)))
            return false;
    }
    if (levels->next.lost || levels->work.lost)
        levels->complete = levels->next.lost = levels->work.lost = false;
    if (levels->next.count > levels->width) {
        levels->complete = false;
        if (!configs_narrow(&levels->next, levels->width))
            return false;
    }
    struct configs swap = levels->now;
    levels->now = levels->next;
    levels->next = swap;
    return !levels->sweep.object->states.failed;
}

static void open_all(struct levels *levels, uint32_t slot)
{
    for (uint32_t i = 0; i < levels->now.count; i++)
        config_open(&levels->sweep, configs_at(&levels->now, i), slot);
}

/* -- copies
 * ----------------------------------------------------------------------------------------- */

static void forget_copy(struct levels *levels, int i)
{
    budget_free(levels->budget, levels->copies[i].configs);
    memmove(&levels->copies[i], &levels->copies[i + 1],
            (size_t)(levels->copy_count - i - 1) * sizeof levels->copies[i]);
    levels->copy_count--;
}

/* Make room by giving up the copy that is least far, in proportion, from its neighbour: but never
 * the last complete one. */
static void thin_copies(struct levels *levels)
{
    int worst = 1;
    double least = 1e300;

    for (int i = 1; i + 1 < levels->copy_count; i++) {
        double gap = (double)(levels->copies[i + 1].at - levels->copies[i - 1].at);
        double age = (double)(levels->sweep.at - levels->copies[i].at) + 1;
        bool last_complete = levels->copies[i].complete && !levels->copies[i + 1].complete;
        if (!last_complete && gap / age < least) {
            least = gap / age;
            worst = i;
        }
    }
    forget_copy(levels, worst);
}

static bool make_copy(struct levels *levels)
{
    size_t size = levels->now.count * config_size(&levels->sweep);
    char *configs = budget_alloc(levels->budget, size + 1);

    if (!configs)
        return false;
    if (levels->copy_count == COPIES)
        thin_copies(levels);
    memcpy(configs, levels->now.bytes, size);
    levels->copies[levels->copy_count++] = (struct copy){.at = levels->sweep.at,
                                                         .count = levels->now.count,
                                                         .complete = levels->complete,
                                                         .configs = configs};
    return true;
}

/* Go back to the last copy that lies `distance` events before, or to the last complete one. False
 * when the budget is used up. */
static bool go_back(struct levels *levels, size_t distance)
{
    int i = levels->copy_count - 1;

    while (i > 0 && !levels->copies[i].complete &&
           levels->copies[i].at + distance > levels->sweep.at)
        i--;
    while (levels->copy_count > i + 1)
        forget_copy(levels, levels->copy_count - 1);
    const struct copy *copy = &levels->copies[i];
    sweep_seek(&levels->sweep, copy->at);
    levels->complete = copy->complete;
    return configs_set(&levels->now, copy->configs, copy->count);
}

/* -- the search
 * ------------------------------------------------------------------------------------- */

enum { COPY_EVERY = 64 };

/* From the sweep's place until there are no configurations left, or the end. False when the budget
 * is used up. */
static bool run(struct levels *levels, size_t *widen_until, struct config *moved)
{
    struct sweep *sweep = &levels->sweep;
    const struct object *object = sweep->object;

    while (sweep->at < object->event_count && levels->now.count &&
           (levels->complete || !sweep->unlimited)) {
        uint32_t event = object->events[sweep->at];
        const struct item *item = &object->items[EVENT_ITEM(event)];
        if (sweep->at > *widen_until) {
            levels->width = levels->first_width;
            *widen_until = SIZE_MAX;
        }
        if (sweep->at >= levels->copies[levels->copy_count - 1].at + COPY_EVERY &&
            !make_copy(levels))
            return false;
        if (EVENT_IS_RETURN(event)) {
            if (!pass_return(levels, item, moved))
                return false;
            if (levels->now.count == 0)
                return true;
        }
        sweep_forward(sweep);
        if (item->due && !EVENT_IS_RETURN(event))
            open_all(levels, item->slot);
        if (sweep->at > levels->result->furthest)
            levels->result->furthest = sweep->at;
    }
    return true;
}

static void note_state(struct search_result *result, uint32_t state)
{
    for (uint32_t i = 0; i < result->state_count && i < SEARCH_STATES; i++) {
        if (result->states[i] == state)
            return;
    }
    if (result->state_count < SEARCH_STATES)
        result->states[result->state_count] = state;
    if (result->state_count <= SEARCH_STATES)
        result->state_count++;
}

/* The states of all configurations that came to nothing at the return just tried. */
static void note_states(const struct levels *levels)
{
    for (uint32_t i = 0; i < levels->work.count; i++)
        note_state(levels->result, configs_at(&levels->work, i)->state);
}

/* Keep more configurations, and go further back. False if both are as far as they can be. */
static bool widen(struct levels *levels, size_t *distance)
{
    const struct copy *first = &levels->copies[0];

    if (levels->width == WIDTH_MAX && *distance > levels->sweep.at - first->at)
        return false;
    levels->width =
        levels->width > WIDTH_MAX / WIDTH_GROWTH ? WIDTH_MAX : levels->width * WIDTH_GROWTH;
    if (*distance <= levels->sweep.object->event_count)
        *distance *= WIDTH_GROWTH;
    return true;
}

static void search(struct levels *levels, struct config *moved)
{
    struct search_result *result = levels->result;
    size_t widen_until = SIZE_MAX, distance = COPY_EVERY, stuck = 0;

    while (run(levels, &widen_until, moved)) {
        if (levels->sweep.unlimited && !levels->complete)
            return;
        if (levels->now.count) {
            result->outcome = SEARCH_VALID;
            return;
        }
        if (levels->complete) {
            result->outcome = SEARCH_INVALID;
            result->furthest = levels->sweep.at;
            note_states(levels);
            return;
        }
        if (levels->sweep.at > stuck) {
            stuck = levels->sweep.at;
            distance = COPY_EVERY;
            levels->width = levels->first_width;
        }
        if (!widen(levels, &distance))
            return;
        widen_until = stuck + distance;
        if (!go_back(levels, distance))
            return;
    }
}

void search_levels(struct object *object, const struct levels_options *options,
                   struct search_result *result)
{
    uint32_t width = options->width < WIDTH_MAX ? options->width : WIDTH_MAX;
    struct levels levels = {
        .budget = object->budget, .width = width, .first_width = width, .complete = true};
    struct config *moved = NULL;

    *result = (struct search_result){.outcome = SEARCH_SPENT};
    levels.result = result;
    bool ready = sweep_init(&levels.sweep, object) == 0;
    levels.sweep.unlimited = options->unlimited;
    levels.steps = options->steps;
    configs_init(&levels.now, &levels.sweep, true);
    configs_init(&levels.next, &levels.sweep, true);
    configs_init(&levels.work, &levels.sweep, false);
    if (ready) {
        levels.config = budget_calloc(levels.budget, 1, config_size(&levels.sweep));
        moved = budget_calloc(levels.budget, 1, config_size(&levels.sweep));
    }
    if (levels.config && moved) {
        config_begin(&levels.sweep, moved);
        if (configs_add(&levels.now, moved) && make_copy(&levels))
            search(&levels, moved);
    }
    while (levels.copy_count)
        forget_copy(&levels, levels.copy_count - 1);
    budget_free(levels.budget, levels.config);
    budget_free(levels.budget, moved);
    configs_release(&levels.now);
    configs_release(&levels.next);
    configs_release(&levels.work);
    sweep_release(&levels.sweep);
}
