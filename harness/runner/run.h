/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.h - one test from start to verdict. Called inside the lab's namespaces. */
#ifndef ORDEAL_RUNNER_RUN_H
#define ORDEAL_RUNNER_RUN_H

#include "../report/progress.h"
#include "../test.h"

struct run_options {
    enum progress_mode progress;
    bool json;              /* results.json's text on standard output instead of prose */
    int64_t start_limit_ns; /* until the system must be healthy */
    int64_t check_limit_ns; /* for all checkers together */
    size_t memory_limit_bytes;
    size_t node_disk_bytes; /* of each node's /node/data; 0: the lab's default */
    bool capture;           /* the nodes' packets go to the run's folder */
    char *const *command;   /* what to type to run it again; ends with NULL */
};

/* Run, judge, report; returns the exit code (design.md). Everything is said on the way. */
int run_test(const struct test *test, const struct run_options *options);

#endif
