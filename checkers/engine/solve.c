/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "solve.h"

#include "search.h"

#include <pthread.h>
#include <stdio.h>

/* The memory of a racing depth-first search: it remembers everything that it tried. */
enum { WGL_LIMIT_MIB = 1024 };

enum { FRONTIER_WIDTH = 8, UNLIMITED_WIDTH = 512 };

static void note(const struct object *object, enum solver solver,
                 const struct search_result *result, struct solution *solution)
{
    uint32_t placed = 0;

    solution->configurations += result->configurations;
    if (result->outcome == SEARCH_SPENT) {
        for (size_t i = 0; i < result->furthest; i++)
            placed += EVENT_IS_RETURN(object->events[i]);
        solution->placed = placed > solution->placed ? placed : solution->placed;
        return;
    }
    solution->solver = solver;
    solution->outcome = result->outcome == SEARCH_VALID ? SOLVED_VALID : SOLVED_INVALID;
    if (result->outcome == SEARCH_INVALID)
        solution->end_ns =
            object_op(object, EVENT_ITEM(object->events[result->furthest]))->complete_ns;
}

/* Breadth-first: first, where it may help, for what no supply of optional operations would allow.
 */
static void run_frontier(struct object *object, uint64_t steps, struct solution *solution)
{
    struct levels_options options = {
        .steps = steps ? steps : 1 << 22, .width = UNLIMITED_WIDTH, .unlimited = true};
    struct search_result result;

    if (object->kind_count && object->model->omit == OMIT_UNSEEN) {
        search_levels(object, &options, &result);
        solution->configurations += result.configurations;
        result.configurations = 0;
        if (result.outcome == SEARCH_INVALID) {
            note(object, SOLVER_FRONTIER, &result, solution);
            return;
        }
    }
    options = (struct levels_options){.steps = steps, .width = FRONTIER_WIDTH};
    search_levels(object, &options, &result);
    note(object, SOLVER_FRONTIER, &result, solution);
}

/* -- racing ----------------------------------------------------------------------------------- */

struct racer {
    const struct object_source *source;
    struct budget budget;
    struct budget *other; /* to stop when there is an answer */
    struct solution solution;
};

static void *race_wgl(void *ctx)
{
    struct racer *racer = ctx;
    struct search_result result;
    struct object object;
    struct err err;

    if (object_init(&object, racer->source, &racer->budget, &err) == 1) {
        search_wgl(&object, 0, &result);
        note(&object, SOLVER_WGL, &result, &racer->solution);
    }
    object_release(&object);
    if (racer->solution.outcome != SOLVED_NOT)
        budget_stop(racer->other);
    return NULL;
}

/* Both engines at once; the first answer counts. */
static void race(const struct object_source *source, struct budget *budget,
                 struct solution *solution)
{
    struct racer wgl = {.source = source, .solution = {.outcome = SOLVED_NOT}};
    size_t limit = (size_t)WGL_LIMIT_MIB << 20;
    struct budget own;
    struct object object;
    struct err err;
    pthread_t thread;

    if (budget->limit_bytes && budget->limit_bytes / 3 < limit)
        limit = budget->limit_bytes / 3;
    budget_init_part(&wgl.budget, budget, limit);
    budget_init_part(&own, budget, 0);
    wgl.other = &own;
    bool racing = pthread_create(&thread, NULL, race_wgl, &wgl) == 0;
    if (object_init(&object, source, &own, &err) == 1)
        run_frontier(&object, 0, solution);
    object_release(&object);
    if (!racing)
        return;
    if (solution->outcome != SOLVED_NOT)
        budget_stop(&wgl.budget);
    (void)pthread_join(thread, NULL);
    wgl.solution.configurations += solution->configurations;
    if (solution->outcome != SOLVED_NOT)
        solution->configurations = wgl.solution.configurations;
    else
        *solution = wgl.solution;
}

/* Depth-first as long as that is cheap: where there are many orders it finds one at once. */
static void solve_cheaply(struct object *object, uint64_t steps, struct solution *solution)
{
    uint64_t few = 4 * (uint64_t)object->event_count + 20000;
    struct search_result result;

    search_wgl(object, steps && steps < few ? steps : few, &result);
    note(object, SOLVER_WGL, &result, solution);
}

void solve(const struct object_source *source, const struct solve_effort *effort,
           struct budget *budget, struct solution *solution)
{
    struct object object;
    struct err err;

    *solution = (struct solution){.outcome = SOLVED_NOT};
    int made = object_init(&object, source, budget, &err);
    if (made == 1)
        solve_cheaply(&object, effort->steps, solution);
    bool racing = effort->threads > 1 && effort->steps == 0;
    if (made == 1 && solution->outcome == SOLVED_NOT && !racing && !budget_spent(budget))
        run_frontier(&object, effort->steps, solution);
    object_release(&object);
    if (made == 1 && solution->outcome == SOLVED_NOT && racing && !budget_spent(budget))
        race(source, budget, solution);
    solution->cut_short =
        made == 1 && solution->outcome == SOLVED_NOT && effort->steps > 0 && !budget_spent(budget);
    if (solution->outcome == SOLVED_NOT)
        (void)snprintf(solution->reason, sizeof solution->reason, "%.127s",
                       made < 0               ? err.msg
                       : budget_spent(budget) ? budget_reason(budget)
                                              : "too many possibilities");
}
