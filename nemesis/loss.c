/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loss.c - packets are lost at random: each by itself, or in bursts (Gilbert-Elliott).
 *
 * What retries and what does not shows: a lost request is asked again, a lost answer leaves a
 * client that does not know. Bursts are what real networks have, and what single retries do not
 * survive.
 */
#include "../harness/link_fault.h"

#include <stddef.h>
#include <string.h>

enum { LOSS, BURST, PORT };

static const struct param params[] = {
    [LOSS] = {"loss_percent", 0.0001, 100, "of packets are lost, in the mean"},
    [BURST] = {"burst", 1, 10000, "packets lost in a row, in the mean; 1: each by itself"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static const char *const kinds[] = {"random", "bursty", NULL};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    fault->kind = kinds[rng_below(rng, 2)];
    link_fault_draw_selector(rng, leader_known, fault);
    fault->params[LOSS] = link_fault_draw_number(rng, 1, 40);
    fault->params[BURST] = (double)(2 + rng_below(rng, 19));
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    bool bursty = strcmp(fault->kind, "bursty") == 0;
    const struct link_shape shape = {
        .loss_ppm = link_fault_ppm(fault->params[LOSS]),
        .loss_burst = bursty ? (int64_t)fault->params[BURST] : 1,
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, lost));
}

const struct nemesis nemesis_loss = {
    .name = "loss",
    .about = "packets are lost at random, each by itself or in bursts",
    .kinds = kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
