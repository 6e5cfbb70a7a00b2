/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "keyed.h"

int64_t keyed_count(const struct test *test)
{
    return test->key_count ? test->key_count : test->concurrency;
}

int64_t keyed_draw(const struct generator *generator)
{
    return (int64_t)rng_below(generator->rng, (uint64_t)keyed_count(generator->test));
}

int64_t keyed_value(const struct generator *generator, int64_t *sequence)
{
    return (*sequence)++ * generator->worker_count + generator->worker + 1;
}

int64_t keyed_share(const struct generator *generator, int64_t sequence)
{
    int nodes = generator->test->node_count, rank = generator->worker / nodes;
    int sharing = (generator->worker_count - generator->worker % nodes + nodes - 1) / nodes;

    return sequence * sharing + rank;
}

bool keyed_final(struct generator *generator, int64_t sequence, struct next_op *op)
{
    int64_t key = keyed_share(generator, sequence);

    if (key >= keyed_count(generator->test))
        return false;
    *op = (struct next_op){.f = OP_F_READ, .key = key};
    return true;
}
