/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run_build.c - from what `ordeal run` was told to a test: every name is looked up, every number
 * checked, before anything starts. */
#include "run_args.h"

#include "../checker.h"
#include "../helper.h"
#include "../runner/hosts.h"
#include "../runner/plan.h"
#include "../runner/roll.h"
#include "../target.h"
#include "../workload.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool offers(const struct target *target, const char *f)
{
    for (size_t i = 0; target->fs[i]; i++) {
        if (strcmp(target->fs[i], f) == 0)
            return true;
    }
    return false;
}

/* The f of the workload that the target lacks; NULL if it can run. */
static const char *missing_f(const struct target *target, const struct workload *workload)
{
    for (size_t i = 0; workload->fs[i]; i++) {
        if (!offers(target, workload->fs[i]))
            return workload->fs[i];
    }
    return NULL;
}

/* The first that the target can run; those that ask the gentlest questions before others. */
static const struct workload *default_workload(const struct target *target)
{
    const struct workload *found = NULL;

    for (size_t i = 0; workloads[i]; i++) {
        if (missing_f(target, workloads[i]))
            continue;
        if (workloads[i]->is_default)
            return workloads[i];
        if (!found)
            found = workloads[i];
    }
    return found;
}

static int choose_workload(struct run_args *args, struct err *err)
{
    const struct target *target = args->test.target;
    const char *names[64];
    size_t count = 0;

    if (!args->workload) {
        args->test.workload = default_workload(target);
        return args->test.workload
                   ? 0
                   : err_set(err, EINVAL, "no workload fits target '%s'", target->name);
    }
    for (; workloads[count]; count++) {
        names[count] = workloads[count]->name;
        if (strcmp(args->workload, names[count]) != 0)
            continue;
        args->test.workload = workloads[count];
        const char *lacks = missing_f(target, workloads[count]);
        return lacks ? err_set(err, EINVAL,
                               "not supported: target '%s' has no operation '%s', which workload "
                               "'%s' needs",
                               target->name, lacks, names[count])
                     : 0;
    }
    names[count] = NULL;
    const char *near = str_nearest(args->workload, names);
    return err_set(err, EINVAL, "no workload named '%s'%s%s%s; `ordeal list workloads` shows them",
                   args->workload, near ? "; did you mean '" : "", near ? near : "",
                   near ? "'?" : "");
}

static bool is_setting_of(const struct setting_spec *specs, const char *key)
{
    for (; specs && specs->key; specs++) {
        if (strcmp(specs->key, key) == 0)
            return true;
    }
    return false;
}

/* Every --set must mean something to the target or the workload. */
static int check_settings(const struct test *test, struct err *err)
{
    for (int i = 0; i < test->setting_count; i++) {
        const char *key = test->settings[i].key;
        if (is_setting_of(test->target->settings, key) ||
            is_setting_of(test->workload->settings, key))
            continue;
        const char *names[64];
        size_t count = 0;
        for (const struct setting_spec *s = test->target->settings; s && s->key && count < 60; s++)
            names[count++] = s->key;
        names[count] = NULL;
        const char *near = str_nearest(key, names);
        return err_set(err, EINVAL,
                       "neither target '%s' nor workload '%s' has a setting '%s'%s%s%s",
                       test->target->name, test->workload->name, key,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return 0;
}

static int name_nodes(struct test *test, struct err *err)
{
    static char names[NODES_MAX][16];

    if (test->node_count < 1 || test->node_count > NODES_MAX)
        return err_set(err, EINVAL, "--nodes takes 1 to %d", NODES_MAX);
    for (int i = 0; i < test->node_count; i++) {
        (void)snprintf(names[i], sizeof names[i], "n%d", i + 1);
        test->node_names[i] = names[i];
    }
    return 0;
}

/* What makes no sense where nodes live on hosts. */
static int name_hosts(struct run_args *args, struct err *err)
{
    if (args->nodes)
        return err_set(err, EINVAL, "--hosts says how many nodes there are: leave out --nodes");
    if (args->options.capture || args->options.node_disk_bytes)
        return err_set(err, EINVAL, "%s is for nodes of the lab, not for --hosts",
                       args->options.capture ? "--capture" : "--node-disk");
    args->test.remotes = &args->remotes;
    return remotes_open(&args->remotes, args->hosts, err);
}

static int check_level(const struct test *test, struct err *err)
{
    const char *names[64];
    size_t count = 0;

    if (!test->consistency)
        return 0;
    for (size_t i = 0; checkers[i] && count < 63; i++) {
        if (!checkers[i]->is_level && !checkers[i]->is_measure)
            continue;
        if (strcmp(checkers[i]->name, test->consistency) == 0)
            return 0;
        names[count++] = checkers[i]->name;
    }
    names[count] = NULL;
    const char *near = str_nearest(test->consistency, names);
    return err_set(
        err, EINVAL, "no consistency level '%s'%s%s%s; `ordeal list checkers` shows them",
        test->consistency, near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Mixed faults without protection leave next to nobody to serve; one at a time heals between. */
static bool protects_quorum(const struct run_args *args)
{
    if (args->protect)
        return strcmp(args->protect, "quorum") == 0;
    return args->test.schedule == SCHEDULE_MIXED || args->test.schedule == SCHEDULE_SWARM;
}

int run_build_test(struct run_args *args, const char *target, struct err *err)
{
    struct test *test = &args->test;
    const char *promise;

    test->target = target_find(target, err);
    if (!test->target)
        return -1;
    if (args->hosts && name_hosts(args, err) < 0)
        return -1;
    if (!args->hosts && test->ssh)
        return err_set(err, EINVAL, "--ssh is for --hosts");
    if (!args->hosts && test->host_clock)
        return err_set(err, EINVAL, "--host-clock is for --hosts: this machine's is never set");
    test->node_count = args->hosts   ? args->remotes.count
                       : args->nodes ? args->nodes
                                     : test->target->node_count_default;
    if (name_nodes(test, err) < 0)
        return -1;
    for (int i = 0; args->schedule && schedule_names[i]; i++) {
        if (strcmp(schedule_names[i], args->schedule) == 0)
            test->schedule = (enum schedule)i;
    }
    test->concurrency =
        args->concurrency.count * (args->concurrency.per_node ? test->node_count : 1);
    if (choose_workload(args, err) < 0 || run_choose_nemeses(test, args->nemesis, err) < 0 ||
        check_settings(test, err) < 0 || check_level(test, err) < 0 || roll_check(test, err) < 0)
        return -1;
    if (test->interval_ns <= 0 || test->time_limit_ns <= 0 || test->op_timeout_ns <= 0)
        return err_set(err, EINVAL, "--interval, --time-limit and --op-timeout must be above 0");
    return test->target->promise(test, &promise, err);
}

/* "plans/NAME.json" is one of ours, beside the helpers, unless there is such a file here. */
static const char *find_plan(const char *path)
{
    static char found[PATH_MAX];
    struct err ignored;

    if (strncmp(path, "plans/", 6) == 0 && access(path, F_OK) < 0 &&
        helper_find(path, found, sizeof found, &ignored) == 0)
        return found;
    return path;
}

/* --skip n3,n5 beside what a plan says. */
static int skip_named(struct test *test, const char *list, struct err *err)
{
    while (list) {
        size_t len = strcspn(list, ",");
        if (plan_skip(test, (struct str){list, len}, &test->plan, err) < 0)
            return -1;
        list = list[len] ? list + len + 1 : NULL;
    }
    return 0;
}

int run_plan_test(struct run_args *args, uint64_t seed, struct err *err)
{
    args->test.seed = seed;
    plan_release(&args->test.plan);
    if (args->plan ? plan_read(&args->test, find_plan(args->plan), err)
                   : plan_draw(&args->test, err))
        return -1;
    if (args->test.plan.fault_count && args->test.target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it has no nodes to break",
                       args->test.target->name);
    if (args->protect || !args->plan)
        args->test.plan.protect_quorum = protects_quorum(args);
    if (args->protect)
        args->test.plan.damage_any = strcmp(args->protect, "none") == 0;
    if (plan_check_damage(&args->test, err))
        return -1;
    args->test.needs = plan_needs(&args->test.plan);
    if (args->hosts && hosts_check(&args->test, err) < 0)
        return -1;
    if (skip_named(&args->test, args->skip, err) < 0)
        return -1;
    return plan_check_skipped(&args->test, args->test.plan.damage_any, err);
}
