/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_error.c - reads, writes and syncs fail with EIO.
 *
 * What the kernel has in its cache is read without error, as from any disk. */
#include "../harness/disk_fault.h"

static const struct param params[] = {{"error_ppm", 1, 1e6, "of the calls"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[0] = rng_below(rng, 3) ? (double)(1 + rng_below(rng, 200000)) : 1e6;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.io_error_ppm = (int64_t)fault->params[0]};

    return disk_fault_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_disk_error = {
    .name = "disk-error",
    .about = "reads, writes and syncs of the disk fail (EIO)",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_fault_affected,
};
