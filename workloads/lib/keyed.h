/* SPDX-License-Identifier: GPL-2.0-or-later */
/* keyed.h - what workloads over many independent keys share: keys, distinct values, final reads. */
#ifndef ORDEAL_WORKLOADS_LIB_KEYED_H
#define ORDEAL_WORKLOADS_LIB_KEYED_H

#include "../../harness/workload.h"

/* How many keys the test uses: --keys, else one per worker. Few enough that workers meet on them,
 * many enough that each key's history stays easy to check. */
int64_t keyed_count(const struct test *test);

int64_t keyed_draw(const struct generator *generator);

/* A value that no other operation of the run writes: (sequence * workers + worker) + 1. `sequence`
 * is the worker's own and grows by one. */
int64_t keyed_value(const struct generator *generator, int64_t *sequence);

/* The `sequence`-th of this worker's share of 0, 1, 2, ...: the workers of a node take turns. */
int64_t keyed_share(const struct generator *generator, int64_t sequence);

/* Final reads: every key from every node that has a worker; the workers of a node share its keys.
 */
bool keyed_final(struct generator *generator, int64_t sequence, struct next_op *op);

#endif
