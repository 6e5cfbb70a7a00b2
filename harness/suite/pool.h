/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pool.h - runs trials side by side, each run a process of its own, within a time budget. */
#ifndef ORDEAL_SUITE_POOL_H
#define ORDEAL_SUITE_POOL_H

#include "trial.h"

struct pool_options {
    int jobs;              /* runs at the same time, from 1 to POOL_JOBS_MAX */
    int64_t budget_ns;     /* no run begins after it; 0: no limit */
    double patience_s;     /* of load, for a trial that expects a violation */
    const char *store_dir; /* each run's record goes to a folder below it; kept unless it passed */
    bool quiet;            /* no line for each run that ends */
};

enum { POOL_JOBS_MAX = 64 };

/* As many as there are processors, within bounds. */
int pool_jobs_default(void);

/* Run all that are open until each has ended or the budget is over; what has not ended then is
 * missed or skipped. Of open trials the one with the least load so far comes first, so that what
 * is easy to find is found early. SIGINT and SIGTERM end it early: what runs is asked to end, no
 * other begins. -1 if runs cannot be started at all. */
int pool_run(struct trials *trials, const struct pool_options *options, struct err *err) MUST_CHECK;

/* The words of a trial's next run, from "run" on, `run_dir` (NULL: default) for its store;
 * NULL-terminated. They lie in *text, which the caller frees together with the array. NULL with
 * *err. */
char **pool_words(const struct trial *trial, const char *run_dir, char **text,
                  struct err *err) MUST_CHECK;

#endif
