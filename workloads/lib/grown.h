/* SPDX-License-Identifier: GPL-2.0-or-later */
/* grown.h - what workloads over objects that only grow share: after a while the workers leave them
 * for fresh ones, so that reading a whole object, and checking it, stays cheap. */
#ifndef ORDEAL_WORKLOADS_LIB_GROWN_H
#define ORDEAL_WORKLOADS_LIB_GROWN_H

#include "../../harness/workload.h"

struct grown {
    int64_t sequence; /* of values */
    int64_t drawn;    /* operations so far */
};

/* Half reads, half updates `f` of a value: a new one by keyed_value, or 1 where `counts`. Each
 * object gets about --ops-per-key operations (default 100). */
void grown_next(struct generator *generator, enum op_f f, bool counts, struct next_op *op);

/* Final reads: every object that this worker has seen the time of, from every node that has a
 * worker; the workers of a node share them. */
bool grown_final(struct generator *generator, int64_t sequence, struct next_op *op);

#endif
