/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_record.h - clocks.jsonl in a run's folder: how far each node's clocks were off, as a
 * process there was told. Only of runs whose plan needs clocks that can be told. (docs/formats.md)
 */
#ifndef ORDEAL_RUNNER_CLOCK_RECORD_H
#define ORDEAL_RUNNER_CLOCK_RECORD_H

#include "../agent/clock_sample.h"
#include "../target.h"

struct clock_record;

/* Create `dir`/clocks.jsonl, and write down what the cluster's nodes tell from now on. Times count
 * from start_ns of clock_now_ns(). */
int clock_record_open(struct clock_record **record, const char *dir, const struct cluster *cluster,
                      int64_t start_ns, struct err *err) MUST_CHECK;

/* The nodes are closed. -1 if the file is not whole. NULL is allowed. */
int clock_record_close(struct clock_record *record, struct err *err);

/* A sample as its line. */
void clock_record_print(const char *node, const struct clock_sample *sample, int64_t start_ns,
                        struct buf *line);

#endif
