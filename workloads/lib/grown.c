/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "grown.h"

#include "keyed.h"

enum { OPS_PER_KEY = 100 };

/* How many times the worker has left its objects for fresh ones. The workers keep about the same
 * pace, so that they meet. */
static int64_t generation(const struct generator *generator)
{
    const struct grown *grown = generator->state;
    const struct test *test = generator->test;
    int64_t per_key = test->ops_per_key ? test->ops_per_key : OPS_PER_KEY;
    int64_t length = per_key * keyed_count(test) / generator->worker_count;

    return grown->drawn / (length > 0 ? length : 1);
}

void grown_next(struct generator *generator, enum op_f f, bool counts, struct next_op *op)
{
    struct grown *grown = generator->state;
    int64_t first = generation(generator) * keyed_count(generator->test);

    *op = (struct next_op){.f = OP_F_READ, .key = first + keyed_draw(generator)};
    grown->drawn++;
    if (rng_below(generator->rng, 2) == 0) {
        op->f = (uint8_t)f;
        op->value = OP_INT(counts ? 1 : keyed_value(generator, &grown->sequence));
    }
}

bool grown_final(struct generator *generator, int64_t sequence, struct next_op *op)
{
    int64_t count = (generation(generator) + 1) * keyed_count(generator->test);
    int64_t key = keyed_share(generator, sequence);

    *op = (struct next_op){.f = OP_F_READ, .key = key};
    return key < count;
}
