/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_fault.h"

#include <errno.h>

#define KINDS "one", "minority", "majority", "all", "leader", "minority-third", "follower", "last"

const char *const process_fault_kinds[] = {KINDS, NULL};
const char *const process_fault_rolling_kinds[] = {KINDS, "rolling", NULL};

/* How many nodes are struck is drawn first, as it matters most; who they are then. */
void process_fault_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    static const enum selector selectors[] = {SELECT_ONE, SELECT_MINORITY, SELECT_MAJORITY,
                                              SELECT_ALL, SELECT_LEADER};
    enum selector selector = selectors[rng_below(rng, leader_known ? 5 : 4)];
    struct rng who;

    (void)node_count;
    rng_init(&who, fault->seed, 2);
    uint64_t way = rng_below(&who, 4);
    if (selector == SELECT_MINORITY && way < 2)
        selector = SELECT_MINORITY_THIRD;
    else if (selector == SELECT_ONE && way == 0)
        selector = SELECT_LAST;
    else if (selector == SELECT_ONE && way == 1 && leader_known)
        selector = SELECT_FOLLOWER;
    fault->kind = selector_names[selector];
    fault->selector = selector;
}

void process_fault_draw_rolling(struct rng *rng, int node_count, bool leader_known,
                                struct fault *fault)
{
    struct rng way;

    process_fault_draw(rng, node_count, leader_known, fault);
    rng_init(&way, fault->seed, 3);
    if (rng_below(&way, 3) == 0) {
        fault->kind = "rolling";
        fault->selector = SELECT_ALL;
    }
}

node_set process_fault_choose(const struct fault *fault, const struct situation *situation,
                              const char *const *node_names, struct buf *value, struct err *err)
{
    struct rng rng;

    rng_init(&rng, fault->seed, 0);
    node_set chosen = selector_resolve(fault->selector, fault->nodes, situation, &rng);
    if (chosen == 0)
        (void)err_set(err, EINVAL, "no node was selected");
    buf_puts(value, "[");
    for (int i = 0; i < situation->node_count; i++) {
        if (chosen & NODE(i))
            buf_json_str(value, NULL, str_of(node_names[i]));
    }
    buf_puts(value, "]");
    return chosen;
}

int process_fault_declare(const struct fault *fault, const struct situation *situation,
                          enum process_state state, const char *const *node_names,
                          struct world *mine, struct buf *value, struct err *err)
{
    node_set chosen = process_fault_choose(fault, situation, node_names, value, err);

    for (int i = 0; i < situation->node_count; i++) {
        if (chosen & NODE(i))
            mine->processes[i] = state;
    }
    return chosen ? 0 : -1;
}

uint64_t process_fault_killed(const struct world *mine, enum process_state state,
                              const struct effects *before, const struct effects *after)
{
    uint64_t processes = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (mine->processes[i] == state)
            processes += after->nodes[i].killed - before->nodes[i].killed;
    }
    return processes;
}

int process_fault_limit(const struct fault *fault, const struct situation *situation,
                        const struct limits *limits, const char *const *node_names,
                        struct world *mine, struct buf *value, struct err *err)
{
    node_set chosen = process_fault_choose(fault, situation, node_names, value, err);

    for (int i = 0; i < situation->node_count; i++) {
        if (chosen & NODE(i))
            mine->limits[i] = *limits;
    }
    return chosen ? 0 : -1;
}

uint64_t process_fault_throttles(const struct world *mine, const struct effects *before,
                                 const struct effects *after)
{
    uint64_t throttles = 0;

    for (int i = 0; i < mine->node_count; i++) {
        if (!part_is_healthy(limit_members, &mine->limits[i]))
            throttles += after->nodes[i].throttles - before->nodes[i].throttles;
    }
    return throttles;
}
