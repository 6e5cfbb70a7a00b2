/* SPDX-License-Identifier: GPL-2.0-or-later */
/* judge.h - from the record on disk to results.json, report.html and the exit code. */
#ifndef ORDEAL_RUNNER_JUDGE_H
#define ORDEAL_RUNNER_JUDGE_H

#include "run.h"

/* A run that is over, to be judged. */
struct trial {
    const struct test *test;
    const struct run_options *options;
    const char *dir;     /* of the run */
    const char *promise; /* the level to check for */
    const char *failure; /* what ended the run early; NULL: nothing */
};

/* Check the history with every checker that applies, write results.json and report.html into the
 * run's folder. What there is to say is appended to `prose`. Returns the exit code. */
int judge_trial(const struct trial *trial, struct buf *prose);

#endif
