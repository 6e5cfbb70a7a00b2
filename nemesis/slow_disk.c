/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slow_disk.c - every sync to disk takes longer, as on a disk that is worn or shared.
 *
 * Writes and reads go on at their pace: what waits is who promised to have it on disk. */
#include "../harness/disk_fault.h"

static const struct param params[] = {{"delay_ms", 0.001, 60000, "how much longer"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(1 + rng_below(rng, 1000));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.sync_delay_ns = (int64_t)(fault->params[0] * 1e6)};

    return disk_fault_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_slow_disk = {
    .name = "slow-disk",
    .about = "every sync to disk takes longer",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_fault_affected,
};
