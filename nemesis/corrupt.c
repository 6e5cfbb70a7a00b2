/* SPDX-License-Identifier: GPL-2.0-or-later */
/* corrupt.c - a bit of a packet is flipped on its way.
 *
 * "detected": the checksum of TCP or UDP tells, so that the packet is as good as lost. "repaired":
 * the checksum was made right again, as by a broken switch, so that the application gets what
 * nobody sent. That is beyond what most systems promise to survive; it is in force only where a
 * plan names it.
 */
#include "../harness/link_fault.h"

#include <stddef.h>
#include <string.h>

enum { CORRUPT, PORT };

static const struct param params[] = {
    [CORRUPT] = {"corrupt_percent", 0.0001, 100, "of packets have a bit flipped"},
    [PORT] = LINK_FAULT_PORT,
    {0},
};

static const char *const kinds[] = {"detected", "repaired", NULL};

static void draw(struct rng *rng, int node_count, bool leader_known, struct fault *fault)
{
    (void)node_count;
    fault->kind = kinds[0];
    link_fault_draw_selector(rng, leader_known, fault);
    fault->params[CORRUPT] = link_fault_draw_number(rng, 1, 20);
    fault->params[PORT] = 0;
}

static int declare(const struct fault *fault, const struct situation *situation,
                   const char *const *node_names, struct world *mine, struct buf *value,
                   struct err *err)
{
    bool repaired = strcmp(fault->kind, "repaired") == 0;
    int64_t ppm = link_fault_ppm(fault->params[CORRUPT]);
    const struct link_shape shape = {
        .corrupt_ppm = repaired ? 0 : ppm,
        .corrupt_repaired_ppm = repaired ? ppm : 0,
        .port = (int64_t)fault->params[PORT],
    };

    return link_fault_declare(fault, situation, &shape, node_names, mine, value, err);
}

static uint64_t affected(const struct world *mine, const struct effects *before,
                         const struct effects *after)
{
    return link_fault_affected(mine, before, after, offsetof(struct link_effects, corrupted));
}

const struct nemesis nemesis_corrupt = {
    .name = "corrupt",
    .about = "a bit of a packet is flipped: found by its checksum, or repaired",
    .kinds = kinds,
    .params = params,
    .needs = NEED_SWITCH,
    .draw = draw,
    .declare = declare,
    .affected = affected,
};
