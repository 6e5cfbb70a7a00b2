/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - the greatest process of a node is killed when they hold more memory than allowed.
 *
 * As the kernel would, when a machine runs out. Whoever was killed comes back when the fault is
 * healed. What is drawn, 2 to 64 MiB, suits small stores; for a database give what it has under
 * load.
 */
#include "../harness/process_fault.h"

static const struct param params[] = {
    {"memory_mib", 1, 1 << 20, "of all the node's processes together"},
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(1 << (1 + rng_below(rng, 6)));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct limits limits = {.memory_bytes = (int64_t)(fault->params[0] * (1 << 20))};

    return process_fault_limit(fault, situation, &limits, node_names, mine, value, err);
}

const struct nemesis nemesis_memory = {
    .name = "memory",
    .about =
        "over a limit of resident memory the node's greatest process is killed; healing starts it",
    .kinds = process_fault_kinds,
    .params = params,
    .draw = draw,
    .declare = declare,
    .affected = process_fault_throttles,
};
