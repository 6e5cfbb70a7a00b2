/* SPDX-License-Identifier: GPL-2.0-or-later */
/* power_cut.c - nodes lose power: their processes die, and with them what was not synced to disk.
 *
 * What a kill alone never shows, since the kernel writes back what a dead process had written.
 * Names of files are kept when the file was synced, as ext4, XFS and btrfs do, unless strict_names
 * says otherwise. Nodes lose power together, or within spread_ms of each other.
 */
#include "../harness/process_fault.h"

#include <errno.h>

enum power_param { TORN_PPM, STRICT_NAMES, SPREAD_MS };

static const struct param params[] = {
    [TORN_PPM] = {"torn_ppm", 0, 1e6, "of the pages that were not synced: on disk all the same"},
    [STRICT_NAMES] = {"strict_names", 0, 1,
                      "1: a new file is gone unless its folder was synced, as POSIX allows"},
    [SPREAD_MS] = {"spread_ms", 0, 2000, "the nodes lose power apart, within that time"},
    {0}};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    process_fault_draw(rng, node_count, leader_known, fault);
    fault->params[TORN_PPM] = rng_below(rng, 2) ? 0 : (double)rng_below(rng, 1000001);
    fault->params[STRICT_NAMES] = 0;
    fault->params[SPREAD_MS] = rng_below(rng, 2) ? 0 : (double)rng_below(rng, 301);
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct rng rng;

    if (process_fault_declare(fault, situation, PROCESS_KILLED, node_names, mine, value, err))
        return -1;
    rng_init(&rng, fault->seed, 1);
    for (int i = 0; i < situation->node_count; i++) {
        uint64_t seed = rng_next(&rng) >> 1;
        double after_ms = fault->params[SPREAD_MS] * rng_unit(&rng);
        if (mine->processes[i] == PROCESS_KILLED)
            mine->disks[i] = (struct disk_fault){.lose_unsynced = 1,
                                                 .torn_ppm = (int64_t)fault->params[TORN_PPM],
                                                 .strict_names = fault->params[STRICT_NAMES] > 0,
                                                 .cut_after_ns = (int64_t)(after_ms * 1e6),
                                                 .seed = (int64_t)seed};
    }
    return 0;
}

/* Processes that died, and bytes and names that their disks lost. */
static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    uint64_t count = 0;

    for (int i = 0; i < mine->node_count; i++) {
        const struct receipt *now = &after->nodes[i], *then = &before->nodes[i];
        if (mine->disks[i].lose_unsynced)
            count += now->killed - then->killed + now->bytes_lost - then->bytes_lost +
                     now->names_lost - then->names_lost;
    }
    return count;
}

const struct nemesis nemesis_power_cut = {
    .name = "power-cut",
    .about = "nodes lose power: processes die, and what was not synced to disk is lost",
    .kinds = process_fault_kinds,
    .params = params,
    .needs = NEED_DISK,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
