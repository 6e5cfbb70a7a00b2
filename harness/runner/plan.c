/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan.c - see plan.h. Drawing and writing; plan_read.c reads. */
#include "plan.h"

#include "../base/clock.h"
#include "../nemesis.h"
#include "../target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct nemesis *nemesis_find(const char *name, struct err *err)
{
    const char *names[64];
    size_t count = 0;

    for (; nemeses[count]; count++) {
        if (strcmp(nemeses[count]->name, name) == 0)
            return nemeses[count];
        names[count] = nemeses[count]->name;
    }
    names[count] = NULL;
    const char *near = str_nearest(name, names);
    (void)err_set(err, EINVAL, "no nemesis named '%s'%s%s%s; `ordeal list nemeses` shows them",
                  name, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    return NULL;
}

unsigned plan_needs(const struct plan *plan)
{
    unsigned needs = 0;

    for (int i = 0; i < plan->fault_count; i++)
        needs |= plan->faults[i].nemesis->needs;
    return needs;
}

void plan_release(struct plan *plan)
{
    free(plan->faults);
    *plan = (struct plan){0};
}

/* Between `low` and `high` of `whole`, uniformly. */
static int64_t draw_part(struct rng *rng, int64_t whole, double low, double high)
{
    return (int64_t)((double)whole * (low + (high - low) * rng_unit(rng)));
}

/* The next family: a shuffled round through all before any comes again. */
static const struct nemesis *next_family(struct rng *rng, const struct nemesis **round, int count,
                                         int number)
{
    int at = number % count;

    if (at == 0) {
        for (int i = count - 1; i > 0; i--) {
            int j = (int)rng_below(rng, (uint64_t)i + 1);
            const struct nemesis *kept = round[i];
            round[i] = round[j];
            round[j] = kept;
        }
    }
    return round[at];
}

int plan_draw(struct test *test, struct err *err)
{
    const struct nemesis *round[16];
    struct rng rng;
    int families = 0;

    for (; test->nemeses[families]; families++)
        round[families] = test->nemeses[families];
    if (families == 0)
        return 0;
    test->plan.faults = calloc(FAULTS_MAX, sizeof *test->plan.faults);
    if (!test->plan.faults)
        return err_set(err, ENOMEM, "out of memory for the plan");

    int64_t interval = test->interval_ns;
    if (interval > test->time_limit_ns / families)
        interval = test->time_limit_ns / families;
    rng_init(&rng, test->seed, RNG_STREAM_PLAN);
    for (int64_t turn = 0; turn + interval <= test->time_limit_ns; turn += interval) {
        if (test->plan.fault_count == FAULTS_MAX)
            return err_set(err, EINVAL, "more than %d faults; give a longer --interval",
                           FAULTS_MAX);
        struct fault *fault = &test->plan.faults[test->plan.fault_count];
        *fault = (struct fault){.number = test->plan.fault_count++};
        fault->nemesis = next_family(&rng, round, families, fault->number);
        fault->begin_ns = turn + draw_part(&rng, interval, 0.15, 0.35);
        fault->end_ns = turn + draw_part(&rng, interval, 0.75, 0.95);
        fault->seed = rng_next(&rng) >> 1; /* fits a JSON integer */
        fault->nemesis->draw(&rng, test->node_count, test->target->leaders != NULL, fault);
    }
    return 0;
}

static void print_fault(const struct test *test, const struct fault *fault, struct buf *json)
{
    buf_json_next(json, NULL);
    buf_puts(json, "{");
    buf_json_int(json, "number", fault->number);
    buf_json_str(json, "nemesis", str_of(fault->nemesis->name));
    buf_json_str(json, "kind", str_of(fault->kind));
    buf_json_str(json, "select", str_of(selector_names[fault->selector]));
    if (fault->selector == SELECT_NODES) {
        buf_json_next(json, "nodes");
        buf_puts(json, "[");
        for (int i = 0; i < test->node_count; i++) {
            if (fault->nodes & NODE(i))
                buf_json_str(json, NULL, str_of(test->node_names[i]));
        }
        buf_puts(json, "]");
    }
    const struct param *params = fault->nemesis->params;
    if (params) {
        buf_json_next(json, "params");
        buf_puts(json, "{");
        for (int i = 0; params[i].name; i++) {
            buf_json_next(json, params[i].name);
            buf_printf(json, "%.9g", fault->params[i]);
        }
        buf_puts(json, "}");
    }
    buf_json_int(json, "begin_ns", fault->begin_ns);
    buf_json_int(json, "end_ns", fault->end_ns);
    buf_json_int(json, "seed", (int64_t)fault->seed);
    buf_puts(json, "}");
}

void plan_print(const struct test *test, struct buf *json)
{
    buf_puts(json, "{\"faults\":[");
    for (int i = 0; i < test->plan.fault_count; i++)
        print_fault(test, &test->plan.faults[i], json);
    buf_puts(json, "]}");
}
