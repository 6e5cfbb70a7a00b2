/* SPDX-License-Identifier: GPL-2.0-or-later */
/* counter.c - additions to and reads of independent counters.
 *
 * Every addition adds one: a sum shows at once what was carried out twice, or never.
 */
#include "lib/grown.h"

static const char *const fs[] = {"read", "add", NULL};

static bool next(struct generator *generator, struct next_op *op)
{
    grown_next(generator, OP_F_ADD, true, op);
    return true;
}

const struct workload workload_counter = {
    .name = "counter",
    .about = "additions to and reads of independent counters",
    .fs = fs,
    .model = "counter",
    .state_size = sizeof(struct grown),
    .next = next,
    .final = grown_final,
};
