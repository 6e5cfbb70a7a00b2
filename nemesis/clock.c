/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.c - what some nodes' clocks say is no longer the time; healing puts the wall clock right.
 *
 * Steps are what a mended or mistaken time service does, to and fro or once; drift and standing
 * still what clocks themselves do. Apart gives every node a time of its own. Wall clocks may jump
 * either way; monotonic ones only run at a wrong rate, and keep what they gained when healed.
 */
#include "../harness/nemesis.h"
#include "../harness/process_fault.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

enum clock_param { OFFSET_MS, RATE_PPM, PERIOD_MS };

static const struct param params[] = {
    [OFFSET_MS] = {"offset_ms", -31536e6, 31536e6,
                   "how far the wall clock jumps (step, strobe), or at most (apart); of drifting "
                   "clocks at the beginning"},
    [RATE_PPM] = {"rate_ppm", -1e6, 1e9, "how much too fast a clock runs (drift, monotonic)"},
    [PERIOD_MS] = {"period_ms", 0.001, 3600e3, "how long a strobe stays on each side"},
    {0}};

static const char *const kinds[] = {"step",   "apart",     "drift", "strobe",
                                    "freeze", "monotonic", NULL};

/* From 2^from to 2^to, every order of magnitude alike. */
static double draw_size(struct rng *rng, double from, double to)
{
    return round(exp2(from + (to - from) * rng_unit(rng)));
}

static double draw_signed(struct rng *rng, double from, double to)
{
    double size = draw_size(rng, from, to);

    return rng_below(rng, 2) ? size : -size;
}

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->kind = kinds[rng_below(rng, sizeof kinds / sizeof *kinds - 1)];
    fault->params[OFFSET_MS] = draw_signed(rng, 3, 22);   /* 8 ms to 70 minutes */
    fault->params[RATE_PPM] = draw_signed(rng, 13, 19.9); /* 0.8% to 98% */
    fault->params[PERIOD_MS] = draw_size(rng, 0, 10);
    if (strcmp(fault->kind, "drift") == 0 || strcmp(fault->kind, "monotonic") == 0)
        fault->params[OFFSET_MS] = 0;
    if (strcmp(fault->kind, "apart") == 0 && fault->selector == SELECT_ONE)
        fault->selector = SELECT_ALL;
}

static int64_t ns_of(double ms)
{
    return (int64_t)(ms * 1e6);
}

static struct clock_fault fault_of(const struct fault *fault, struct rng *rng)
{
    const char *kind = fault->kind;
    int64_t offset_ns = ns_of(fault->params[OFFSET_MS]);
    int64_t rate_ppm = (int64_t)fault->params[RATE_PPM];

    if (strcmp(kind, "apart") == 0)
        return (struct clock_fault){.wall_offset_ns =
                                        (int64_t)((2 * rng_unit(rng) - 1) * (double)offset_ns)};
    if (strcmp(kind, "drift") == 0)
        return (struct clock_fault){.wall_offset_ns = offset_ns, .wall_rate_ppm = rate_ppm};
    if (strcmp(kind, "strobe") == 0)
        return (struct clock_fault){.strobe_offset_ns = offset_ns,
                                    .strobe_period_ns = ns_of(fault->params[PERIOD_MS])};
    if (strcmp(kind, "freeze") == 0)
        return (struct clock_fault){.wall_rate_ppm = -1000000};
    if (strcmp(kind, "monotonic") == 0)
        return (struct clock_fault){.monotonic_offset_ns = offset_ns > 0 ? offset_ns : 0,
                                    .monotonic_rate_ppm = rate_ppm};
    return (struct clock_fault){.wall_offset_ns = offset_ns};
}

/* For people: "wall +3600.000 s, 1.5 times as fast". */
static void describe(const struct clock_fault *clock, struct buf *out)
{
    bool wall = clock->wall_offset_ns || clock->wall_rate_ppm || clock->strobe_period_ns;
    int64_t offset_ns = wall ? clock->wall_offset_ns : clock->monotonic_offset_ns;
    int64_t rate_ppm = wall ? clock->wall_rate_ppm : clock->monotonic_rate_ppm;

    buf_puts(out, wall ? "wall" : "monotonic");
    if (offset_ns)
        buf_printf(out, " %+.3f s", (double)offset_ns / 1e9);
    if (rate_ppm == -1000000)
        buf_puts(out, " stands still");
    else if (rate_ppm)
        buf_printf(out, " runs %.9g times as fast", 1 + (double)rate_ppm / 1e6);
    if (clock->strobe_period_ns)
        buf_printf(out, " %+.3f s and back every %.9g ms", (double)clock->strobe_offset_ns / 1e9,
                   (double)clock->strobe_period_ns / 1e6);
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct rng rng;

    rng_init(&rng, fault->seed, 0);
    node_set chosen = selector_resolve(fault->selector, fault->nodes, situation, &rng);
    if (chosen == 0)
        return err_set(err, EINVAL, "no node was selected");
    buf_puts(value, "{");
    for (int i = 0; i < situation->node_count; i++) {
        struct buf text;
        if (!(chosen & NODE(i)))
            continue;
        mine->clocks[i] = fault_of(fault, &rng);
        if (part_is_healthy(clock_members, &mine->clocks[i]))
            return err_set(err, EINVAL, "its parameters leave the clock as it is");
        buf_init(&text, 0);
        describe(&mine->clocks[i], &text);
        buf_json_str(value, node_names[i], buf_str(&text));
        buf_release(&text);
    }
    buf_puts(value, "}");
    return 0;
}

/* What processes were told instead of the time. */
static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    uint64_t reads = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (!part_is_healthy(clock_members, &mine->clocks[i]))
            reads += after->nodes[i].clock_reads - before->nodes[i].clock_reads;
    }
    return reads;
}

const struct nemesis nemesis_clock = {
    .name = "clock",
    .about = "clocks jump, drift, stand still or differ; healing puts them right",
    .kinds = kinds,
    .params = params,
    .needs = NEED_CLOCK,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
