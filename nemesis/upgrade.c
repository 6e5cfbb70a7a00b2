/* SPDX-License-Identifier: GPL-2.0-or-later */
/* upgrade.c - nodes are restarted with the other version that the target names (roll-to), one after
 * another, with the data that they have.
 *
 * For as long as a roll takes, and longer where it is halted, two versions make up one cluster, and
 * each has to understand what the other says and has written. Where a node does not come up, no
 * other is restarted: whoever rolls by hand would halt, too. "rolling" is the whole change: every
 * node in turn, and for good, since few systems let a finished upgrade be taken back. The other
 * kinds are a change that was begun and given up: their nodes run the other version while the fault
 * lasts, and healing takes them back, as downgrades are done.
 */
#include "../harness/process_fault.h"

#include <errno.h>
#include <string.h>

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    struct situation open = *situation;

    if (situation->not_up)
        return err_set(err, EINVAL,
                       "a node did not come up with another version, which halts the change");
    open.barred |= situation->rolled_for_good;
    node_set chosen = process_fault_choose(fault, &open, node_names, value, err);
    if (chosen == 0 || (chosen & situation->rolled_for_good))
        return err_set(err, EINVAL, "it runs the other version for good");
    if (strcmp(fault->kind, "rolling") == 0)
        mine->rolled_for_good = chosen;
    else
        mine->rolled = chosen;
    return 0;
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    node_set chosen = mine->rolled | mine->rolled_for_good;
    uint64_t nodes = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (chosen & NODE(i))
            nodes += after->nodes[i].rolled - before->nodes[i].rolled;
    }
    return nodes;
}

const struct nemesis nemesis_upgrade = {
    .name = "upgrade",
    .about = "nodes are restarted with another version of the system; rolling: all, for good",
    .kinds = process_fault_rolling_kinds,
    .rolls = true,
    .draw = process_fault_draw_rolling,
    .declare = declare,
    .affected = affected,
};
