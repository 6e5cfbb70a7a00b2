/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "generate.h"

#include <stdlib.h>

void generate_ops(const struct workload *workload, const struct test *test, int worker,
                  int64_t read, struct next_op *ops, int count)
{
    struct rng rng;
    void *state = calloc(1, workload->state_size + 1);
    struct generator generator = {.test = test,
                                  .worker = worker,
                                  .rng = &rng,
                                  .state = state,
                                  .worker_count = test->concurrency};

    rng_init(&rng, test->seed, (uint64_t)worker);
    for (int i = 0; i < count; i++) {
        if (!workload->next(&generator, &ops[i]))
            abort();
        generator.last = ops[i];
        generator.last_type = OP_OK;
        generator.last_result = ops[i].f == OP_F_READ && read ? OP_INT(read) : OP_NIL;
    }
    free(state);
}
