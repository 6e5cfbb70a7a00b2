/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk_fault.h"

#include <errno.h>
#include <string.h>

int disk_fault_declare(const struct fault *fault, const struct situation *situation,
                       const struct disk_fault *what, const char *const *node_names,
                       struct world *mine, struct buf *value, struct err *err)
{
    struct rng rng;

    rng_init(&rng, fault->seed, 0);
    node_set chosen = selector_resolve(fault->selector, fault->nodes, situation, &rng);
    if (chosen == 0)
        return err_set(err, EINVAL, "no node was selected");
    if (part_is_healthy(disk_members, what))
        return err_set(err, EINVAL, "its parameters leave the disk as it is");
    buf_puts(value, "[");
    for (int i = 0; i < situation->node_count; i++) {
        uint64_t seed = rng_next(&rng) >> 1;
        if (!(chosen & NODE(i)))
            continue;
        mine->disks[i] = *what;
        memcpy(mine->disks[i].files, fault->files, sizeof fault->files);
        mine->disks[i].seed = (int64_t)seed;
        buf_json_str(value, NULL, str_of(node_names[i]));
    }
    buf_puts(value, "]");
    return 0;
}

uint64_t disk_fault_affected(const struct world *mine, const struct effects *before,
                             const struct effects *after)
{
    uint64_t count = 0;

    for (int i = 0; i < mine->node_count; i++) {
        const struct receipt *now = &after->nodes[i], *then = &before->nodes[i];
        if (!part_is_healthy(disk_members, &mine->disks[i]))
            count +=
                now->syncs_delayed - then->syncs_delayed + now->calls_failed - then->calls_failed;
    }
    return count;
}

void disk_damage_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    do
        process_fault_draw(rng, node_count, leader_known, fault);
    while (fault->selector == SELECT_MAJORITY || fault->selector == SELECT_ALL);
}

int disk_damage_declare(const struct fault *fault, const struct situation *situation,
                        const struct disk_fault *what, const char *const *node_names,
                        struct world *mine, struct buf *value, struct err *err)
{
    if (disk_fault_declare(fault, situation, what, node_names, mine, value, err))
        return -1;
    for (int i = 0; i < situation->node_count; i++) {
        if (disk_fault_damages(&mine->disks[i]))
            mine->processes[i] = PROCESS_KILLED;
    }
    return 0;
}

uint64_t disk_damage_affected(const struct world *mine, const struct effects *before,
                              const struct effects *after)
{
    uint64_t count = 0;

    for (int i = 0; i < mine->node_count; i++) {
        const struct receipt *now = &after->nodes[i], *then = &before->nodes[i];
        if (disk_fault_damages(&mine->disks[i]))
            count += now->bits_flipped - then->bits_flipped + now->bytes_cut - then->bytes_cut +
                     now->bytes_staled - then->bytes_staled;
    }
    return count;
}
