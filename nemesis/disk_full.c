/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_full.c - writes find no space (ENOSPC), all of them or some, as on a disk that others fill
 * and empty. */
#include "../harness/disk_fault.h"

static const struct param params[] = {{"full_ppm", 1, 1e6, "of the writes"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = rng_below(rng, 3) ? 1e6 : (double)(1 + rng_below(rng, 500000));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.no_space_ppm = (int64_t)fault->params[0]};

    return disk_fault_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_disk_full = {
    .name = "disk-full",
    .about = "writes find no space on the disk (ENOSPC)",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_fault_affected,
};
