/* SPDX-License-Identifier: GPL-2.0-or-later */
/* set.c - additions to and reads of independent sets, every element distinct.
 *
 * An acknowledged element that a later read lacks is lost, whatever the order of the others.
 */
#include "lib/grown.h"

static const char *const fs[] = {"read", "add", NULL};

static bool next(struct generator *generator, struct next_op *op)
{
    grown_next(generator, OP_F_ADD, false, op);
    return true;
}

const struct workload workload_set = {
    .name = "set",
    .about = "additions to and reads of independent sets, every element distinct",
    .fs = fs,
    .model = "set",
    .state_size = sizeof(struct grown),
    .next = next,
    .final = grown_final,
};
