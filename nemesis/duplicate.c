/* SPDX-License-Identifier: GPL-2.0-or-later */
/* duplicate.c - packets arrive twice.
 *
 * TCP drops the second one; protocols on datagrams must. A vote or an acknowledgement counted twice
 * is a majority that there is not.
 */
#include "../harness/link_fault.h"

#include <stddef.h>

enum { DUPLICATE, PORT };

static const struct param params[] = {
    [DUPLICATE] = {"duplicate_percent", 0.0001, 100, "of packets arrive twice"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[DUPLICATE] = link_fault_draw_number(rng, 1, 50);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct link_shape shape = {
        .duplicate_ppm = link_fault_ppm(fault->params[DUPLICATE]),
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, duplicated));
}

const struct nemesis nemesis_duplicate = {
    .name = "duplicate",
    .about = "packets arrive twice",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
