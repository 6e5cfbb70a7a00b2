/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pause.c - all processes of a node stop (SIGSTOP) and later go on (SIGCONT).
 *
 * A paused leader is the cheapest way to a stale read: it wakes up believing that its lease still
 * holds. What its peers sent meanwhile waits in the kernel and is answered all at once, as after a
 * partition it would not be.
 */
#include "../harness/process_fault.h"

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    return process_fault_declare(fault, situation, PROCESS_PAUSED, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    uint64_t processes = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (mine->processes[i] == PROCESS_PAUSED)
            processes += after->nodes[i].paused - before->nodes[i].paused;
    }
    return processes;
}

const struct nemesis nemesis_pause = {
    .name = "pause",
    .about = "all processes of a node stop (SIGSTOP) and later go on (SIGCONT)",
    .kinds = process_fault_kinds,
    .draw = process_fault_draw,
    .declare = declare,
    .affected = affected,
};
