/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bit_flip.c - bits of files are flipped while the node is down, as on a disk that rots; it comes
 * back with them.
 *
 * What checksums are for: a store without them cannot tell, and serves what it reads. */
#include "../harness/disk_fault.h"

static const struct param params[] = {
    {"bytes", 1, 65536, "of all that was written to the files: a bit of each"}, {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    disk_damage_draw(rng, node_count, leader_known, fault);
    fault->params[0] = (double)(1 + rng_below(rng, 64));
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct disk_fault what = {.flip_bytes = (int64_t)fault->params[0]};

    return disk_damage_declare(fault, situation, &what, node_names, mine, value, err);
}

const struct nemesis nemesis_bit_flip = {
    .name = "bit-flip",
    .about = "nodes die, and come back with bits of their files flipped",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .by_name = true,
    .takes_files = true,
    .draw = draw,
    .declare = declare,
    .affected = disk_damage_affected,
};
