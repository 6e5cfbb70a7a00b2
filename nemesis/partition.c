/* SPDX-License-Identifier: GPL-2.0-or-later */
/* partition.c - packets between nodes are dropped, by the shapes that the field has found telling.
 *
 * A grudge is who no longer hears whom. Clients still reach every node, so that each side goes on
 * answering if it dares; but for "isolated", whom nobody reaches, and "clients", who alone are cut
 * off.
 */
#include "../harness/nemesis.h"

#include <errno.h>
#include <string.h>

/* Those behind "leader" are never drawn; the last is whatever a plan says. */
static const char *const kinds[] = {"halves",   "random-halves", "one",    "majorities-ring",
                                    "bridge",   "one-way",       "leader", "leader-minority",
                                    "isolated", "clients",       "grudge", NULL};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    int count = leader_known ? 7 : 6;

    (void)node_count;
    fault->kind = kinds[rng_below(rng, (uint64_t)count)];
    fault->selector = strcmp(fault->kind, "leader") == 0 ? SELECT_LEADER
                      : strcmp(fault->kind, "one") == 0  ? SELECT_ONE
                                                         : SELECT_ALL;
}

/* A random order of the nodes. */
static void shuffle(int *nodes, int count, struct rng *rng)
{
    for (int i = 0; i < count; i++)
        nodes[i] = i;
    for (int i = count - 1; i > 0; i--) {
        int j = (int)rng_below(rng, (uint64_t)i + 1), kept = nodes[i];
        nodes[i] = nodes[j];
        nodes[j] = kept;
    }
}

static node_set set_of(const int *nodes, int count)
{
    node_set set = 0;

    for (int i = 0; i < count; i++)
        set |= NODE(nodes[i]);
    return set;
}

/* Every node hears a majority (itself counted), and no two the same one: around a ring, each hears
 * its nearest neighbours on both sides. */
static void cut_majorities_ring(struct world *mine, const int *ring, int count)
{
    int others = count / 2; /* a majority without the node itself */
    int after = (others + 1) / 2, before = others / 2;

    for (int i = 0; i < count; i++) {
        for (int distance = after + 1; distance < count - before; distance++)
            mine->cut[ring[(i + distance) % count]] |= NODE(ring[i]);
    }
}

/* Two halves that only one node still connects. */
static void cut_bridge(struct world *mine, const int *nodes, int count)
{
    int half = count / 2;

    world_cut_between(mine, set_of(nodes, half), set_of(nodes + half + 1, count - half - 1));
}

/* One half still sends but hears nothing: the failure that heartbeats do not see. */
static void cut_one_way(struct world *mine, const int *nodes, int count)
{
    node_set deaf = set_of(nodes, count / 2);

    for (int i = count / 2; i < count; i++)
        mine->cut[nodes[i]] |= deaf;
}

/* As many more as there can be on the leader's side without a majority. */
static node_set join_leader(node_set leader, const int *nodes, int count)
{
    for (int i = 0; i < count && node_set_count(leader) < (count - 1) / 2; i++)
        leader |= NODE(nodes[i]);
    return leader;
}

/* {"n1":["n2","clients"]}: n1 no longer hears n2 and the clients. */
static void print_grudge(const struct world *mine, const char *const *names, struct buf *value)
{
    buf_puts(value, "{");
    for (int to = 0; to < PLACES_MAX; to++) {
        bool any = false;
        for (int from = 0; from < PLACES_MAX; from++) {
            if (!(mine->cut[from] & NODE(to)))
                continue;
            if (!any) {
                buf_json_next(value, to == CLIENTS ? "clients" : names[to]);
                buf_puts(value, "[");
            }
            any = true;
            buf_json_str(value, NULL, str_of(from == CLIENTS ? "clients" : names[from]));
        }
        if (any)
            buf_puts(value, "]");
    }
    buf_puts(value, "}");
}

static bool reaches_clients(const char *kind)
{
    return strcmp(kind, "clients") == 0 || strcmp(kind, "isolated") == 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    int nodes[NODES_MAX], count = situation->node_count;
    node_set all = NODE(count) - 1, side;
    struct rng rng;

    if (count < 2)
        return err_set(err, EINVAL, "a partition needs two nodes");
    rng_init(&rng, fault->seed, 0);
    shuffle(nodes, count, &rng);
    if (fault->grudge) {
        memcpy(mine->cut, fault->grudge, sizeof mine->cut);
    } else if (strcmp(fault->kind, "grudge") == 0) {
        return err_set(err, EINVAL, "it does not say who no longer hears whom (\"grudge\")");
    } else if (strcmp(fault->kind, "majorities-ring") == 0) {
        cut_majorities_ring(mine, nodes, count);
    } else if (strcmp(fault->kind, "bridge") == 0) {
        cut_bridge(mine, nodes, count);
    } else if (strcmp(fault->kind, "one-way") == 0) {
        cut_one_way(mine, nodes, count);
    } else {
        if (strcmp(fault->kind, "halves") == 0)
            side = NODE(count / 2) - 1;
        else if (strcmp(fault->kind, "random-halves") == 0)
            side = set_of(nodes, count / 2);
        else
            side = selector_resolve(fault->selector, fault->nodes, situation, &rng);
        if (strcmp(fault->kind, "leader-minority") == 0)
            side = join_leader(side, nodes, count);
        if (strcmp(fault->kind, "clients") != 0)
            world_cut_between(mine, side, all & ~side);
        if (reaches_clients(fault->kind))
            world_cut_between(mine, side, NODE(CLIENTS));
    }
    if (world_is_healthy(mine))
        return err_set(err, EINVAL, "a '%s' partition of %d nodes cuts nothing", fault->kind,
                       count);
    print_grudge(mine, node_names, value);
    return 0;
}

/* Packets dropped on the links that this fault cut. */
static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    uint64_t packets = 0;

    for (int from = 0; from < PLACES_MAX; from++) {
        for (int to = 0; to < PLACES_MAX; to++) {
            if (mine->cut[from] & NODE(to))
                packets += after->between[from * PLACES_MAX + to] -
                           before->between[from * PLACES_MAX + to];
        }
    }
    return packets;
}

const struct nemesis nemesis_partition = {
    .name = "partition",
    .about = "nodes no longer hear each other: halves, rings, bridges, one-way, the leader alone",
    .kinds = kinds,
    .cuts = true,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
