/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "allot.h"

#include <errno.h>

/* Which parts of node `i` a world declares. */
struct touched {
    bool process, clock, disk, limits;
};

static struct touched touched_at(const struct world *world, int i)
{
    return (struct touched){
        .process = world->processes[i] != PROCESS_RUNNING ||
                   ((world->absent | world->rolled | world->rolled_for_good) & NODE(i)),
        .clock = !part_is_healthy(clock_members, &world->clocks[i]),
        .disk = !part_is_healthy(disk_members, &world->disks[i]),
        .limits = !part_is_healthy(limit_members, &world->limits[i]),
    };
}

/* Nodes of which it declares anything. */
static node_set harmed(const struct world *world)
{
    node_set set = 0;

    for (int i = 0; i < world->node_count; i++) {
        struct touched at = touched_at(world, i);
        if (at.process || at.clock || at.disk || at.limits)
            set |= NODE(i);
    }
    return set;
}

/* Whether `a` keeps calls of node `i` to its disk waiting while `b` wants its database to end: who
 * waits for a disk cannot die. The crash of a whole node takes the disk with it. */
static bool outlasts(const struct world *a, const struct world *b, int i)
{
    enum process_state wanted = b->processes[i];

    return a->disks[i].sync_delay_ns > INT64_C(500000000) &&
           (wanted == PROCESS_STOPPED || wanted == PROCESS_CRASHED || b->limits[i].life_ns ||
            ((b->absent | b->rolled | b->rolled_for_good) & NODE(i)));
}

node_set worlds_conflict(const struct world *a, const struct world *b)
{
    node_set set = 0;

    for (int i = 0; i < a->node_count; i++) {
        struct touched one = touched_at(a, i), other = touched_at(b, i);
        if ((one.process && other.process) || (one.clock && other.clock) ||
            (one.disk && other.disk) || (one.limits && other.limits) || outlasts(a, b, i) ||
            outlasts(b, a, i))
            set |= NODE(i);
    }
    return set;
}

bool world_has_quorum(const struct world *world)
{
    node_set whole = (NODE(world->node_count) - 1) & ~harmed(world);

    for (int i = 0; i < world->node_count; i++) {
        int reached = 0;
        for (int k = 0; (whole & NODE(i)) && k < world->node_count; k++) {
            bool cut = (world->cut[i] & NODE(k)) || (world->cut[k] & NODE(i));
            reached += (whole & NODE(k)) && !cut;
        }
        if (reached > world->node_count / 2)
            return true;
    }
    return false;
}

node_set world_damages(const struct world *world)
{
    node_set set = 0;

    for (int i = 0; i < world->node_count; i++) {
        if (disk_fault_damages(&world->disks[i]))
            set |= NODE(i);
    }
    return set;
}

bool damage_spreads(node_set damaged, int node_count)
{
    return node_set_count(damaged) > (node_count - 1) / 2;
}

/* What `mine` would be part of. A node whose files were damaged counts as down, since it may refuse
 * to run. */
static void merge(const struct situation *situation, const struct world *const *others, int count,
                  const struct world *mine, struct world *all)
{
    world_clear(all, mine->node_count);
    for (int i = 0; i < count; i++)
        world_merge(all, others[i]);
    for (int i = 0; i < mine->node_count; i++) {
        if (situation->damaged & NODE(i))
            all->processes[i] = PROCESS_KILLED;
    }
    world_merge(all, mine);
}

static bool damages_too_many(const struct situation *situation, const struct world *mine)
{
    node_set damaged = world_damages(mine);

    return damaged && !situation->damage_any &&
           damage_spreads(damaged | situation->damaged, mine->node_count);
}

/* Ask for fewer nodes, then for such as are damaged already. False: neither is left to try. */
static bool ask_for_damaged(struct situation *situation, const struct world *mine)
{
    int fewer = node_set_count(world_damages(mine)) - 1;
    node_set whole = (NODE(mine->node_count) - 1) & ~situation->damaged;

    if (fewer >= 1 && (situation->at_most == 0 || fewer < situation->at_most)) {
        situation->at_most = fewer;
        return true;
    }
    if (situation->damaged == 0 || (whole & ~situation->barred) == 0)
        return false;
    situation->barred |= whole;
    return true;
}

/* Ask for fewer nodes than `mine` has, then for such as are harmed already. False: neither is left
 * to try. */
static bool ask_for_less(struct situation *situation, const struct world *mine,
                         const struct world *const *others, int count)
{
    struct world rest, nothing;
    int fewer = node_set_count(harmed(mine)) - 1;

    if (fewer >= 1 && (situation->at_most == 0 || fewer < situation->at_most)) {
        situation->at_most = fewer;
        return true;
    }
    world_clear(&nothing, mine->node_count);
    merge(situation, others, count, &nothing, &rest);
    node_set whole = (NODE(mine->node_count) - 1) & ~harmed(&rest);
    if ((whole & ~situation->barred) == 0)
        return false;
    situation->barred |= whole;
    return true;
}

int allot(const struct fault *fault, struct situation *situation, const char *const *node_names,
          const struct world *const *others, int other_count, bool protect_quorum,
          struct world *mine, struct buf *value, struct err *err)
{
    const char *lack = NULL;

    while (!lack) {
        struct world all;
        node_set conflict = 0;
        buf_clear(value);
        world_clear(mine, situation->node_count);
        if (fault->nemesis->declare(fault, situation, node_names, mine, value, err) < 0)
            return -1;
        for (int i = 0; i < other_count; i++)
            conflict |= worlds_conflict(mine, others[i]);
        merge(situation, others, other_count, mine, &all);
        if (conflict & ~situation->barred)
            situation->barred |= conflict;
        else if (conflict)
            lack = "another fault has its nodes";
        else if (damages_too_many(situation, mine))
            lack = ask_for_damaged(situation, mine)
                       ? NULL
                       : "the files of a majority would be damaged (--protect none allows that)";
        else if (!protect_quorum || world_has_quorum(&all))
            return 0;
        else if (!ask_for_less(situation, mine, others, other_count))
            lack = "it would leave no majority whole (--protect none allows that)";
    }
    return err_set(err, EBUSY, "%s", lack);
}
