/* SPDX-License-Identifier: GPL-2.0-or-later */
/* restart.c - the database is asked to end, and started again at once; also on one node after
 * another.
 *
 * A rolling restart is how every change of version and configuration is made, so it has to be
 * harmless: at no time is more than one node away.
 */
#include "../harness/process_fault.h"
#include "../harness/base/clock.h"

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

const struct nemesis nemesis_restart = {
    .name = "restart",
    .about = "the database is asked to end and started again at once; rolling: node after node",
    .kinds = process_fault_rolling_kinds,
    .hold_ns = 100 * NS_PER_MS,
    .draw = process_fault_draw_rolling,
    .declare = declare,
    .affected = affected,
};
