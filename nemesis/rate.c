/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rate.c - links carry only so many bits a second.
 *
 * What does not fit waits, a quarter of a second or a few packets at most, and is then lost:
 * heartbeats come late behind a snapshot that fills the line. Each link has its own line.
 */
#include "../harness/link_fault.h"

#include <stddef.h>

enum { RATE, PORT };

static const struct param params[] = {
    [RATE] = {"rate_kbps", 1, 10000000, "thousand bits per second, frame headers included"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    link_fault_draw_kind(rng, leader_known, fault);
    fault->params[RATE] = link_fault_draw_number(rng, 64, 10000);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    const struct link_shape shape = {
        .rate_bps = (int64_t)(fault->params[RATE] * 1000),
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, delayed));
}

const struct nemesis nemesis_rate = {
    .name = "rate",
    .about = "links carry only so many bits a second",
    .kinds = link_fault_kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
