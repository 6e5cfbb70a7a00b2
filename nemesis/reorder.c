/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reorder.c - packets are overtaken by up to three that were sent later.
 *
 * One that nobody overtakes goes on after 20 ms. TCP puts them in order again; protocols on
 * datagrams must not take the last to arrive for the last that was sent.
 */
#include "../harness/link_fault.h"

#include <stddef.h>

enum { REORDER, PORT };

static const struct param params[] = {
    [REORDER] = {"reorder_percent", 0.0001, 100, "of packets are held back for others to overtake"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[REORDER] = link_fault_draw_number(rng, 1, 50);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct link_shape shape = {
        .reorder_ppm = link_fault_ppm(fault->params[REORDER]),
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, reordered));
}

const struct nemesis nemesis_reorder = {
    .name = "reorder",
    .about = "packets are overtaken by later ones",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
