/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restart_loop.c - the database is killed again and again, as soon as it has lived for a while.
 *
 * What a supervisor makes of a service that cannot stay up: a node that joins, takes part a little,
 * and is gone, perhaps before it has recovered from the last time.
 */
#include "../harness/process_fault.h"
#include "../harness/base/clock.h"

static const struct param params[] = {
    {"life_ms", 10, 60000, "how long it lives each time"},
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(50 + rng_below(rng, 951));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct limits limits = {.life_ns = (int64_t)(fault->params[0] * (double)NS_PER_MS)};

    return process_fault_limit(fault, situation, &limits, node_names, mine, value, err);
}

const struct nemesis nemesis_restart_loop = {
    .name = "restart-loop",
    .about = "the database alone is killed and started again, over and over",
    .kinds = process_fault_kinds,
    .params = params,
    .draw = draw,
    .declare = declare,
    .affected = process_fault_throttles,
};
