/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read_only.c - the disk can only be read (EROFS), as after an error that made the kernel distrust
 * it. */
#include "../harness/disk_fault.h"

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.read_only = 1};

    return disk_fault_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_read_only = {
    .name = "read-only",
    .about = "the disk can only be read (EROFS)",
    .kinds = process_fault_kinds,
    .needs = NEED_DISK,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_fault_affected,
};
