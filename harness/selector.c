/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selector.c - which nodes a fault chooses: names in the plan, nodes when it is injected. */
#include "nemesis.h"

const char *const selector_names[6] = {"one", "minority", "majority", "all", "leader", "nodes"};

/* `count` nodes at random, each set of that size equally likely. */
static node_set draw_nodes(int node_count, int count, struct rng *rng)
{
    node_set chosen = 0;

    for (int i = 0; i < node_count && count > 0; i++) {
        if (rng_below(rng, (uint64_t)(node_count - i)) < (uint64_t)count) {
            chosen |= NODE(i);
            count--;
        }
    }
    return chosen;
}

node_set selector_resolve(enum selector selector, node_set given, const struct situation *situation,
                          struct rng *rng)
{
    int n = situation->node_count;
    node_set all = NODE(n) - 1;

    switch (selector) {
    case SELECT_ONE:
        return draw_nodes(n, 1, rng);
    case SELECT_MINORITY:
        return draw_nodes(n, n > 2 ? (n - 1) / 2 : 1, rng);
    case SELECT_MAJORITY:
        return draw_nodes(n, n / 2 + 1, rng);
    case SELECT_ALL:
        return all;
    case SELECT_LEADER:
        return situation->leaders & all ? situation->leaders & all : draw_nodes(n, 1, rng);
    case SELECT_NODES:
        break;
    }
    return given & all;
}
