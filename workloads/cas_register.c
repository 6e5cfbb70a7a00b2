/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cas_register.c - reads, writes and compare-and-sets of many independent registers.
 *
 * Most compare-and-sets expect what the worker has just read, so that many succeed; the others
 * expect a value of long ago, which a correct store refuses.
 */
#include "lib/keyed.h"

static const char *const fs[] = {"read", "write", "cas", NULL};

struct state {
    int64_t sequence;
    int64_t remembered; /* a value read before; 0: none yet */
};

static bool next(struct generator *generator, struct next_op *op)
{
    struct state *state = generator->state;
    bool has_read = generator->last_type == OP_OK && generator->last.f == OP_F_READ &&
                    generator->last_result.kind == OP_VALUE_INT;
    uint64_t dice = rng_below(generator->rng, 6);

    *op = (struct next_op){.f = OP_F_READ, .key = keyed_draw(generator)};
    if (has_read && dice < 3) {
        op->f = OP_F_CAS;
        op->key = generator->last.key;
        op->value = OP_PAIR(generator->last_result.a, keyed_value(generator, &state->sequence));
    } else if (state->remembered && dice == 3) {
        op->f = OP_F_CAS;
        op->value = OP_PAIR(state->remembered, keyed_value(generator, &state->sequence));
    } else if (dice >= 4) {
        op->f = OP_F_WRITE;
        op->value = OP_INT(keyed_value(generator, &state->sequence));
    }
    if (has_read)
        state->remembered = generator->last_result.a;
    return true;
}

const struct workload workload_cas_register = {
    .name = "cas-register",
    .about = "reads, writes and compare-and-sets of independent registers",
    .fs = fs,
    .model = "cas-register",
    .state_size = sizeof(struct state),
    .is_default = true,
    .next = next,
    .final = keyed_final,
};
