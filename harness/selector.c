/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selector.c - which nodes a fault chooses: names in the plan, nodes when it is injected. */
#include "nemesis.h"

const char *const selector_names[SELECTORS + 1] = {
    "one",      "minority", "majority", "all", "leader", "minority-third",
    "follower", "last",     "nodes",    NULL};

/* `count` of `pool` at random, each set of that size equally likely. */
static node_set draw_nodes(node_set pool, int count, struct rng *rng)
{
    int left = node_set_count(pool);
    node_set chosen = 0;

    for (int i = 0; left > 0 && count > 0; i++) {
        if (!(pool & NODE(i)))
            continue;
        if (rng_below(rng, (uint64_t)left--) < (uint64_t)count) {
            chosen |= NODE(i);
            count--;
        }
    }
    return chosen;
}

/* The wanted ones if there are any, else somebody. */
static node_set prefer(node_set wanted, node_set pool, struct rng *rng)
{
    return wanted & pool ? wanted & pool : draw_nodes(pool, 1, rng);
}

static node_set resolve(enum selector selector, node_set given, const struct situation *situation,
                        struct rng *rng)
{
    int n = situation->node_count;
    node_set pool = (NODE(n) - 1) & ~situation->barred;

    switch (selector) {
    case SELECT_ONE:
        return draw_nodes(pool, 1, rng);
    case SELECT_MINORITY:
        return draw_nodes(pool, n > 2 ? (n - 1) / 2 : 1, rng);
    case SELECT_MINORITY_THIRD:
        return draw_nodes(pool, n > 3 ? (n - 1) / 3 : 1, rng);
    case SELECT_MAJORITY:
        return draw_nodes(pool, n / 2 + 1, rng);
    case SELECT_ALL:
        return pool;
    case SELECT_LEADER:
        return prefer(situation->leaders, pool, rng);
    case SELECT_FOLLOWER:
        return draw_nodes(pool & ~situation->leaders, 1, rng);
    case SELECT_LAST:
        return prefer(situation->answered, pool, rng);
    case SELECT_NODES:
    case SELECTORS:
        break;
    }
    return given & (NODE(n) - 1);
}

node_set selector_resolve(enum selector selector, node_set given, const struct situation *situation,
                          struct rng *rng)
{
    node_set chosen = resolve(selector, given, situation, rng);

    if (selector != SELECT_NODES && situation->at_most &&
        node_set_count(chosen) > situation->at_most)
        chosen = draw_nodes(chosen, situation->at_most, rng);
    return chosen;
}
