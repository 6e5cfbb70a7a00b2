/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reset.c - TCP connections are reset, as by a middlebox.
 *
 * A segment drawn is lost, and both ends get a reset: what was written before may or may not have
 * arrived, and the connection is gone at once instead of silent.
 */
#include "../harness/link_fault.h"

#include <stddef.h>

enum { RESET, PORT };

static const struct param params[] = {
    [RESET] = {"reset_percent", 0.0001, 100, "of TCP segments reset their connection"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[RESET] = link_fault_draw_number(rng, 0.1, 5);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct link_shape shape = {
        .reset_ppm = link_fault_ppm(fault->params[RESET]),
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, resets));
}

const struct nemesis nemesis_reset = {
    .name = "reset",
    .about = "TCP connections are reset",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
