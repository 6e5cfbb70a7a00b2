/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kill.c - all processes of a node die at once (SIGKILL); healing starts them again.
 *
 * A kill takes everything that the system holds in memory, and nothing that it wrote: the file
 * system stays, synced or not (losing what was not synced is the disk's nemesis's work).
 */
#include "../harness/process_fault.h"

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    return process_fault_declare(fault, situation, PROCESS_KILLED, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return process_fault_killed(mine, PROCESS_KILLED, before, after);
}

const struct nemesis nemesis_kill = {
    .name = "kill",
    .about = "all processes of a node die at once (SIGKILL); healing starts them again",
    .kinds = process_fault_kinds,
    .draw = process_fault_draw,
    .declare = declare,
    .affected = affected,
};
