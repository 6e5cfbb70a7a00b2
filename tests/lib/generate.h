/* SPDX-License-Identifier: GPL-2.0-or-later */
/* generate.h - run a workload's generators without a cluster. */
#ifndef ORDEAL_TESTS_LIB_GENERATE_H
#define ORDEAL_TESTS_LIB_GENERATE_H

#include "../../harness/workload.h"

/* Fill `ops` with the first `count` operations of worker `worker`; completions are made up: reads
 * return `read` (0: nil) and everything succeeds. */
void generate_ops(const struct workload *workload, const struct test *test, int worker,
                  int64_t read, struct next_op *ops, int count);

#endif
