/* SPDX-License-Identifier: GPL-2.0-or-later */
/* register.c - reads and writes of many independent registers.
 *
 * The gentlest question that one can ask of a store, and the one that every level is defined for.
 */
#include "lib/keyed.h"

static const char *const fs[] = {"read", "write", NULL};

static bool next(struct generator *generator, struct next_op *op)
{
    int64_t *sequence = generator->state;

    *op = (struct next_op){.f = OP_F_READ, .key = keyed_draw(generator)};
    if (rng_below(generator->rng, 2) == 0) {
        op->f = OP_F_WRITE;
        op->value = OP_INT(keyed_value(generator, sequence));
    }
    return true;
}

const struct workload workload_register = {
    .name = "register",
    .about = "reads and writes of independent registers, every written value distinct",
    .fs = fs,
    .model = "register",
    .state_size = sizeof(int64_t),
    .is_default = true,
    .next = next,
    .final = keyed_final,
};
