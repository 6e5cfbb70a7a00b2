/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_fault.h"

#include <errno.h>

const char *const process_fault_kinds[] = {"one", "minority", "majority", "all", "leader", NULL};

void process_fault_draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    static const enum selector selectors[] = {SELECT_ONE, SELECT_MINORITY, SELECT_MAJORITY,
                                              SELECT_ALL, SELECT_LEADER};
    uint64_t at = rng_below(rng, leader_known ? 5 : 4);

    (void)node_count;
    fault->kind = process_fault_kinds[at];
    fault->selector = selectors[at];
}

int process_fault_declare(const struct fault *fault, const struct situation *situation,
                          enum process_state state, const char *const *node_names,
                          struct world *mine, struct buf *value, struct err *err)
{
    struct rng rng;

    rng_init(&rng, fault->seed, 0);
    node_set chosen = selector_resolve(fault->selector, fault->nodes, situation, &rng);
    if (chosen == 0)
        return err_set(err, EINVAL, "no node was selected");
    buf_puts(value, "[");
    for (int i = 0; i < situation->node_count; i++) {
        if (!(chosen & NODE(i)))
            continue;
        mine->processes[i] = state;
        buf_json_str(value, NULL, str_of(node_names[i]));
    }
    buf_puts(value, "]");
    return 0;
}
