/* SPDX-License-Identifier: GPL-2.0-or-later */
/* append.c - appends to and reads of independent lists, every element distinct.
 *
 * A list tells its own history: a lost, doubled or reordered append shows in every later read.
 */
#include "lib/grown.h"

static const char *const fs[] = {"read", "append", NULL};

static bool next(struct generator *generator, struct next_op *op)
{
    grown_next(generator, OP_F_APPEND, false, op);
    return true;
}

const struct workload workload_append = {
    .name = "append",
    .about = "appends to and reads of independent lists, every element distinct",
    .fs = fs,
    .model = "append-list",
    .state_size = sizeof(struct grown),
    .next = next,
    .final = grown_final,
};
