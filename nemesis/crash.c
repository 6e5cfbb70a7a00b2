/* SPDX-License-Identifier: GPL-2.0-or-later */
/* crash.c - the database alone dies (SIGKILL); healing starts it again.
 *
 * Unlike a kill this is not the crash of a node: what the database had forked lives on, /run and
 * /tmp stay, and so do its locks and sockets there. That is what a supervisor meets that restarts a
 * dead service.
 */
#include "../harness/process_fault.h"

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    return process_fault_declare(fault, situation, PROCESS_CRASHED, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return process_fault_killed(mine, PROCESS_CRASHED, before, after);
}

const struct nemesis nemesis_crash = {
    .name = "crash",
    .about = "the database alone dies (SIGKILL), the rest of its node lives on; healing starts it",
    .kinds = process_fault_kinds,
    .draw = process_fault_draw,
    .declare = declare,
    .affected = affected,
};
