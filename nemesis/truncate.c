/* SPDX-License-Identifier: GPL-2.0-or-later */
/* truncate.c - the ends of files are gone when the node comes back, as after a file system's repair
 * of itself.
 *
 * A log that was cut looks like one that a crash has torn, but what is missing was synced and
 * perhaps acknowledged: a node that takes the one for the other forgets what it has promised. */
#include "../harness/disk_fault.h"

static const struct param params[] = {{"bytes", 1, 1e9, "off the end of each file"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    disk_damage_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(1 + rng_below(rng, 4096));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.cut_bytes = (int64_t)fault->params[0]};

    return disk_damage_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_truncate = {
    .name = "truncate",
    .about = "nodes die, and come back with the ends of their files cut off",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .by_name = true,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_damage_affected,
};
