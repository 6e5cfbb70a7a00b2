/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stale_snapshot.c - a node comes back with its files as they were some time before it went down,
 * as from a snapshot of its disk that somebody has put back.
 *
 * Everything on them is whole and was true once, so that no checksum tells: the node has forgotten
 * votes, promises and acknowledged writes, and does not know. The files are kept when the fault is
 * declared; the node dies age_ms later. */
#include "../harness/disk_fault.h"

static const struct param params[] = {{"age_ms", 1, 2500, "how long before the node died"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    disk_damage_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(100 + rng_below(rng, 1901));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.stale = 1, .cut_after_ns = (int64_t)(fault->params[0] * 1e6)};

    return disk_damage_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_stale_snapshot = {
    .name = "stale-snapshot",
    .about = "nodes die, and come back with their files as they were a while before",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .by_name = true,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_damage_affected,
};
