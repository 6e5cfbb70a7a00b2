/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delay.c - packets arrive later, each by a time of its own.
 *
 * Leases, election time-outs and pings are tuned for a network that is fast; a slow one makes
 * leaders be deposed who do not know it. Packets with different delays overtake each other.
 */
#include "../harness/link_fault.h"

#include <stddef.h>
#include <math.h>

enum { DELAY, JITTER, DISTRIBUTION, PORT };

static const struct param params[] = {
    [DELAY] = {"delay_ms", 0.01, 60000, "mean delay of a packet"},
    [JITTER] = {"jitter_ms", 0, 60000,
                "its standard deviation, or half the width; at most the mean"},
    [DISTRIBUTION] = {"distribution", LINK_UNIFORM, LINK_PARETO,
                      "0 uniform, 1 normal, 2 exponential, 3 Pareto"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[DELAY] = link_fault_draw_number(rng, 5, 500);
    fault->params[JITTER] = round(fault->params[DELAY] * rng_unit(rng) * 50) / 100;
    fault->params[DISTRIBUTION] = (double)rng_below(rng, LINK_PARETO + 1);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    double delay = fault->params[DELAY];
    const struct link_shape shape = {
        .delay_ns = llround(delay * 1e6),
        .jitter_ns = llround(fmin(fault->params[JITTER], delay) * 1e6),
        .distribution = (int64_t)fault->params[DISTRIBUTION],
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, delayed));
}

const struct nemesis nemesis_delay = {
    .name = "delay",
    .about = "packets arrive later: by a mean, a jitter and a distribution",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
