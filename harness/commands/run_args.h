/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_args.h - what `ordeal run` is told, between its command line and the test that it becomes. */
#ifndef ORDEAL_COMMANDS_RUN_ARGS_H
#define ORDEAL_COMMANDS_RUN_ARGS_H

#include "../remote.h"
#include "../runner/run.h"
#include "../test.h"

struct run_args {
    struct test test;
    struct run_options options;
    const char *workload, *nemesis, *plan, *schedule, *protect, *skip, *hosts;
    struct concurrency {
        int count;
        bool per_node;
    } concurrency;
    struct remotes remotes; /* those of `hosts` */
    int nodes, repeat;
    uint64_t seed;
    bool seed_given, until_fail, dry_run, quiet;
};

/* Fill args->test from the rest: all but the seed and the plan. -1 with one sentence for the user.
 */
int run_build_test(struct run_args *args, const char *target, struct err *err) MUST_CHECK;

/* Give the test its seed, and draw or read its plan. */
int run_plan_test(struct run_args *args, uint64_t seed, struct err *err) MUST_CHECK;

/* Read --nemesis into test->nemeses and wishes: names with commas between, "all" or "none";
 * "all,-slow" is all but one. What follows a name behind ':' is asked of its faults:
 * "delay:delay_ms=50,jitter_ms=5,kill:kind=leader". */
int run_choose_nemeses(struct test *test, const char *text, struct err *err) MUST_CHECK;

#endif
