/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enforce.h"

#include "../agent/client.h"
#include "../base/clock.h"
#include "../lab/lab.h"

#include <pthread.h>
#include <string.h>

void enforcer_init(struct enforcer *enforcer, struct lab *lab, struct cluster *cluster,
                   struct record *record)
{
    *enforcer = (struct enforcer){.lab = lab, .cluster = cluster};
    enforcer->membership = (struct membership){.cluster = cluster, .record = record};
    enforcer->roll = (struct roll){.cluster = cluster, .record = record};
    world_clear(&enforcer->world, cluster->node_count);
    world_clear(&enforcer->standing, cluster->node_count);
}

/* One node's part of a declaration, told by a thread of its own. */
struct telling {
    pthread_t thread;
    struct node *node;
    const struct world *world;
    int result;
    bool started;
    struct err err;
};

static void *tell(void *context)
{
    struct telling *telling = context;
    struct receipt receipt;

    telling->result = node_world(telling->node, telling->world, &receipt, &telling->err);
    return NULL;
}

/* Whether node `i` is told the same of its links; in a lab they are not its agent's. */
static bool links_same(const struct enforcer *enforcer, const struct world *world, int i)
{
    const struct world *before = &enforcer->world;

    if (enforcer->lab)
        return true;
    for (int from = 0; from < PLACES_MAX; from++) {
        if ((world->cut[from] ^ before->cut[from]) & NODE(i))
            return false;
    }
    return !((world->cut[i] ^ before->cut[i]) & NODE(CLIENTS));
}

static int apply_at_nodes(struct enforcer *enforcer, const struct world *world, struct err *err)
{
    struct telling tellings[NODES_MAX];
    int count = 0, result = 0;

    for (int i = 0; i < world->node_count; i++) {
        if (!world_node_same(world, &enforcer->world, i) || !links_same(enforcer, world, i))
            tellings[count++] =
                (struct telling){.node = enforcer->cluster->nodes[i], .world = world};
    }
    for (int i = 1; i < count; i++)
        tellings[i].started = pthread_create(&tellings[i].thread, NULL, tell, &tellings[i]) == 0;
    for (int i = 0; i < count; i++) {
        if (tellings[i].started)
            pthread_join(tellings[i].thread, NULL);
        else
            tell(&tellings[i]); /* the first, and any for which there was no thread */
        if (tellings[i].result < 0 && result == 0) {
            *err = tellings[i].err;
            result = -1;
        }
    }
    return result;
}

static node_set in_state(const struct world *world, enum process_state least)
{
    node_set set = 0;

    for (int i = 0; i < world->node_count; i++) {
        if (world->processes[i] >= least)
            set |= NODE(i);
    }
    return set;
}

void enforcer_pursue(struct enforcer *enforcer, int64_t patience_ns)
{
    const struct world *world = &enforcer->world;

    membership_pursue(&enforcer->membership, world->absent, clock_now_ns() + patience_ns);
    node_set away = in_state(world, PROCESS_PAUSED) | enforcer->membership.absent;
    roll_pursue(&enforcer->roll, world, away, patience_ns);
}

/* For the system to take a member out or in, or to serve as another version, while faults go on; a
 * sixth of it for what it would not do before. */
#define SYSTEM_PATIENCE_NS (5 * NS_PER_SEC)

int enforcer_apply(struct enforcer *enforcer, const struct world *world, struct err *err)
{
    struct world next = *world;

    next.version = enforcer->world.version + 1;
    world_merge(&next, &enforcer->standing);
    int result = 0;
    bool links_changed = memcmp(next.cut, enforcer->world.cut, sizeof next.cut) != 0 ||
                         next.link_count != enforcer->world.link_count ||
                         memcmp(next.links, enforcer->world.links, sizeof next.links) != 0;
    if (enforcer->lab && links_changed)
        result = lab_apply(enforcer->lab, &next, err);
    if (result == 0)
        result = apply_at_nodes(enforcer, &next, err);
    const struct target *target = enforcer->cluster->test->target;
    node_set killed = in_state(&next, PROCESS_KILLED);
    if (result == 0 && enforcer->cluster->state && killed != enforcer->told_killed) {
        enforcer->told_killed = killed;
        if (target->crashed)
            target->crashed(enforcer->cluster, enforcer->told_killed);
    }
    bool asked_now = next.absent != enforcer->world.absent || next.rolled != enforcer->world.rolled;
    asked_now |= next.rolled_for_good != 0;
    enforcer->world = next;
    if (result == 0)
        enforcer_pursue(enforcer, asked_now ? SYSTEM_PATIENCE_NS : SYSTEM_PATIENCE_NS / 6);
    return result;
}

/* What the agent of node `i` has dropped, by ordered pair of places. */
static void add_drops(struct enforcer *enforcer, int i, uint64_t *between)
{
    struct node_drops drops;

    node_drops(enforcer->cluster->nodes[i], &drops);
    for (int place = 0; place < PLACES_MAX; place++) {
        between[place * PLACES_MAX + i] += drops.from[place];
        between[i * PLACES_MAX + place] += drops.to[place];
    }
}

int enforcer_effects(struct enforcer *enforcer, struct effects *effects, struct err *err)
{
    memset(effects, 0, sizeof *effects);
    if (enforcer->lab) {
        if (lab_receipt(enforcer->lab, &effects->cluster, effects->between, err) < 0)
            return -1;
        lab_links(enforcer->lab, effects->links);
    }
    effects->cluster.version = enforcer->world.version;
    for (int i = 0; i < enforcer->cluster->node_count; i++) {
        if (node_receipt(enforcer->cluster->nodes[i], &effects->nodes[i], err) < 0)
            return -1;
        if (!enforcer->lab)
            add_drops(enforcer, i, effects->between);
        effects->nodes[i].members_removed = enforcer->membership.removed[i];
        effects->nodes[i].members_added = enforcer->membership.added[i];
        effects->nodes[i].rolled = enforcer->roll.rolled[i];
        effects->nodes[i].rolled_back = enforcer->roll.rolled_back[i];
        struct receipt one = effects->nodes[i];
        one.version = enforcer->world.version; /* agents are told only what changes for them */
        receipt_add(&effects->cluster, &one);
    }
    return 0;
}
