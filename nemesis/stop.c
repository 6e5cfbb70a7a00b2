/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c - the database is asked to end (SIGTERM), and started again when healed.
 *
 * What an orderly end does that a kill does not: hand over leadership, write a snapshot, close
 * connections, remove a lock. Who does not end within two seconds is killed.
 */
#include "../harness/process_fault.h"

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    return process_fault_declare(fault, situation, PROCESS_STOPPED, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return process_fault_killed(mine, PROCESS_STOPPED, before, after);
}

const struct nemesis nemesis_stop = {
    .name = "stop",
    .about = "the database is asked to end (SIGTERM); healing starts it again",
    .kinds = process_fault_kinds,
    .draw = process_fault_draw,
    .declare = declare,
    .affected = affected,
};
