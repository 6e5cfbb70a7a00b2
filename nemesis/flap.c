/* SPDX-License-Identifier: GPL-2.0-or-later */
/* flap.c - links go down and come up again, over and over.
 *
 * A node that is cut off for less than a time-out and then heard again makes elections without end,
 * and a leader that is never gone for long enough. Every period starts with its half that is down.
 */
#include "../harness/link_fault.h"

#include <math.h>
#include <stddef.h>

enum { PERIOD, PORT };

static const struct param params[] = {
    [PERIOD] = {"period_ms", 1, 600000, "from one going down to the next"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[PERIOD] = link_fault_draw_number(rng, 20, 2000);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct link_shape shape = {
        .flap_ns = llround(fault->params[PERIOD] * 1e6),
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, lost));
}

const struct nemesis nemesis_flap = {
    .name = "flap",
    .about = "links go down and come up again, over and over",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
