/* SPDX-License-Identifier: GPL-2.0-or-later */
/* members.c - nodes leave the cluster for good; healing adds them again, as new members with
 * nothing on their disks.
 *
 * A machine that is replaced is the commonest change that an operator makes, and one that protocols
 * prove least about: for a while two memberships are about, and who counts the wrong one elects two
 * leaders. Of several members each goes when the one before has gone, and comes back likewise (what
 * Jepsen calls shrink and grow); "rolling" replaces the whole cluster, member by member.
 */
#include "../harness/process_fault.h"

#include <errno.h>

static const char *const kinds[] = {"one",    "minority", "minority-third", "majority",
                                    "leader", "follower", "rolling",        NULL};

/* Every fourth is a roll. All nodes at once, or who answered last, are no kinds of it. */
static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    struct rng way;

    process_fault_draw(rng, node_count, leader_known, fault);
    rng_init(&way, fault->seed, 3);
    if (rng_below(&way, 4) == 0) {
        fault->kind = "rolling";
        fault->selector = SELECT_ALL;
    } else if (fault->selector == SELECT_ALL || fault->selector == SELECT_LAST) {
        fault->kind = selector_names[SELECT_ONE];
        fault->selector = SELECT_ONE;
    }
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    node_set all = NODE(situation->node_count) - 1;

    mine->absent = process_fault_choose(fault, situation, node_names, value, err);
    if (mine->absent == 0)
        return -1;
    if ((mine->absent | situation->unavailable) == all)
        return err_set(err, EINVAL, "nobody would be left to be a member");
    return 0;
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    uint64_t members = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (mine->absent & NODE(i))
            members += after->nodes[i].members_removed - before->nodes[i].members_removed;
    }
    return members;
}

const struct nemesis nemesis_members = {
    .name = "members",
    .about = "nodes are removed from the cluster; healing adds them again, new and empty",
    .kinds = kinds,
    .members = true,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
