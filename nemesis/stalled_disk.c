/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stalled_disk.c - no sync to disk comes to an end until the fault is healed.
 *
 * A process that waits for one cannot even be killed, as on a real machine, but by cutting the
 * power. */
#include "../harness/disk_fault.h"

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.sync_delay_ns = INT64_MAX};

    return disk_fault_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_stalled_disk = {
    .name = "stalled-disk",
    .about = "no sync to disk comes to an end until it is healed",
    .kinds = process_fault_kinds,
    .needs = NEED_DISK,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_fault_affected,
};
