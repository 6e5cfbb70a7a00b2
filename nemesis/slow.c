/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slow.c - a node gets a part of the processor's time: stopped and let go on in turns.
 *
 * A slow node is worse than a dead one: it keeps its leadership and its locks, answers late, and
 * makes others wait. The cycle is 50 ms, so that time-outs of some hundred milliseconds are not
 * passed in one stop.
 */
#include "../harness/process_fault.h"

static const struct param params[] = {
    {"cpu_percent", 1, 99, "of the time that the node's processes run"},
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(2 + rng_below(rng, 39));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct limits limits = {.cpu_percent = (int64_t)fault->params[0]};

    return process_fault_limit(fault, situation, &limits, node_names, mine, value, err);
}

const struct nemesis nemesis_slow = {
    .name = "slow",
    .about = "processes run only a part of the time (stopped and let go on every 50 ms)",
    .kinds = process_fault_kinds,
    .params = params,
    .draw = draw,
    .declare = declare,
    .affected = process_fault_throttles,
};
