/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.c - a node's processes may hold only so many files and connections open.
 *
 * Whoever is at the limit can accept no client, open no file for its log, and reach no peer, while
 * all that is open goes on. Affected counts how often a process was seen at its limit.
 */
#include "../harness/process_fault.h"

static const struct param params[] = {
    {"open_files", 4, 1 << 20, "of each process"},
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(8 + rng_below(rng, 41));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct limits limits = {.open_files = (int64_t)fault->params[0]};

    return process_fault_limit(fault, situation, &limits, node_names, mine, value, err);
}

const struct nemesis nemesis_files = {
    .name = "files",
    .about = "processes can open no more files and connections than this",
    .kinds = process_fault_kinds,
    .params = params,
    .draw = draw,
    .declare = declare,
    .affected = process_fault_throttles,
};
