/* SPDX-License-Identifier: GPL-2.0-or-later */
/* run.c - `ordeal run TARGET`: options become a test, the test is run in a lab of its own. */
#include "commands.h"

#include "../base/clock.h"
#include "../lab/lab.h"
#include "../packages.h"
#include "../runner/plan.h"
#include "../runner/run.h"
#include "../runner/store.h"
#include "../target.h"
#include "../workload.h"
#include "options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

struct args {
    struct test test;
    struct run_options options;
    const char *workload, *nemesis, *plan;
    struct concurrency {
        int count;
        bool per_node;
    } concurrency;
    int nodes, repeat;
    uint64_t seed;
    bool seed_given, until_fail, dry_run, quiet;
};

/* "10", or "2n" for two per node. */
static int set_concurrency(void *into, const char *value, struct err *err)
{
    struct concurrency *concurrency = into;
    struct str digits = str_of(value);
    int64_t count;

    concurrency->per_node = digits.len > 1 && digits.ptr[digits.len - 1] == 'n';
    if (concurrency->per_node)
        digits.len--;
    if (!str_to_int(digits, &count) || count < 1 || count > 10000)
        return err_set(err, EINVAL,
                       "'%s' is not a number of workers from 1 to 10000, nor one per "
                       "node as in '2n'",
                       value);
    concurrency->count = (int)count;
    return 0;
}

/* KEY=VALUE; the text is argv's, cut in two. */
static int add_setting(void *into, const char *value, struct err *err)
{
    struct test *test = into;
    char *equals = strchr(value, '=');
    const int max = (int)(sizeof test->settings / sizeof test->settings[0]);

    if (!equals || equals == value)
        return err_set(err, EINVAL, "'%s' is not KEY=VALUE", value);
    if (test->setting_count == max)
        return err_set(err, EINVAL, "more than %d settings", max);
    char *key = strndup(value, (size_t)(equals - value));
    if (!key)
        return err_set(err, ENOMEM, "out of memory");
    test->settings[test->setting_count++] = (struct setting){key, equals + 1};
    return 0;
}

static int add_bug(void *into, const char *value, struct err *err)
{
    struct test *test = into;

    if (test->setting_count == (int)(sizeof test->settings / sizeof test->settings[0]))
        return err_set(err, EINVAL, "too many settings");
    test->settings[test->setting_count++] = (struct setting){"bug", value};
    return 0;
}

static int set_seed(void *into, const char *value, struct err *err)
{
    struct args *args = into;
    int64_t seed;

    if (!str_to_int(str_of(value), &seed) || seed < 0)
        return err_set(err, EINVAL, "'%s' is not a whole number of at least 0", value);
    args->seed = (uint64_t)seed;
    args->seed_given = true;
    return 0;
}

static const struct option_spec options[] = {
    {"workload", 'w', "W", "what clients do (default: what the target offers)", OPTION_TEXT,
     AT(struct args, workload), NULL, NULL},
    {"nemesis", 0, "LIST", "what goes wrong: names with commas between, or none", OPTION_TEXT,
     AT(struct args, nemesis), NULL, NULL},
    {"interval", 0, "TIME", "from the start of one fault to the next (default 5)", OPTION_TIME,
     AT(struct args, test.interval_ns), NULL, NULL},
    {"nodes", 'n', "N", "how many nodes (default: the target's)", OPTION_INT,
     AT(struct args, nodes), NULL, NULL},
    {"concurrency", 'c', "C", "how many workers; 2n is two per node (default 2n)", OPTION_CALL,
     AT(struct args, concurrency), NULL, set_concurrency},
    {"rate", 'r', "OPS/S", "operations a second over all workers; 0: as fast as they go",
     OPTION_NUMBER, AT(struct args, test.rate), NULL, NULL},
    {"time-limit", 't', "TIME", "how long the load lasts (default 20)", OPTION_TIME,
     AT(struct args, test.time_limit_ns), NULL, NULL},
    {"seed", 's', "N", "brings back the plan and each worker's operations", OPTION_CALL, 0, NULL,
     set_seed},
    {"op-timeout", 0, "TIME", "until an operation's outcome is unknown (default 5)", OPTION_TIME,
     AT(struct args, test.op_timeout_ns), NULL, NULL},
    {"keys", 0, "N", "how many keys (default: as the workload likes)", OPTION_INT,
     AT(struct args, test.key_count), NULL, NULL},
    {"plan", 0, "FILE", "run exactly this plan: a test.json, or a file like its \"plan\"",
     OPTION_TEXT, AT(struct args, plan), NULL, NULL},
    {"consistency", 0, "LEVEL", "what to check for (default: what the target promises)",
     OPTION_TEXT, AT(struct args, test.consistency), NULL, NULL},
    {"set", 0, "KEY=VALUE", "an option of the target or workload (see 'ordeal list')", OPTION_CALL,
     AT(struct args, test), NULL, add_setting},
    {"bug", 0, "NAME", "switch on a planted bug of a reference target", OPTION_CALL,
     AT(struct args, test), NULL, add_bug},
    {"store", 0, "DIR", "where runs are kept (default store)", OPTION_TEXT,
     AT(struct args, test.store_dir), NULL, NULL},
    {"node-disk", 0, "SIZE", "how much each node may write (default 1G)", OPTION_SIZE,
     AT(struct args, options.node_disk_bytes), NULL, NULL},
    {"start-time-limit", 0, "TIME", "until the system must be healthy (default 60)", OPTION_TIME,
     AT(struct args, options.start_limit_ns), NULL, NULL},
    {"check-time-limit", 0, "TIME", "for the checkers (default 120)", OPTION_TIME,
     AT(struct args, options.check_limit_ns), NULL, NULL},
    {"memory-limit", 0, "SIZE", "for the checkers (default 4G)", OPTION_SIZE,
     AT(struct args, options.memory_limit_bytes), NULL, NULL},
    {"repeat", 0, "N", "run N times, with the seeds that follow", OPTION_INT,
     AT(struct args, repeat), NULL, NULL},
    {"until-fail", 0, NULL, "with --repeat: end at the first run that does not pass", OPTION_FLAG,
     AT(struct args, until_fail), NULL, NULL},
    {"dry-run", 0, NULL, "print the test with its plan, and end", OPTION_FLAG,
     AT(struct args, dry_run), NULL, NULL},
    {"json", 0, NULL, "the results as one JSON object on standard output", OPTION_FLAG,
     AT(struct args, options.json), NULL, NULL},
    {"quiet", 'q', NULL, "no progress", OPTION_FLAG, AT(struct args, quiet), NULL, NULL},
    {0},
};

static const struct usage usage = {
    .command = "run",
    .arguments = "TARGET",
    .about = "Start a cluster of TARGET, load it, break it, and check what its clients saw.",
    .examples = "ordeal run etcd --nemesis partition,kill --time-limit 20\n"
                "ordeal run naive --nemesis partition --seed 7",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
};

/* -- from options to a test ----------------------------------------------------------------------
 */

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

static int choose_workload(struct args *args, struct err *err)
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

static int choose_nemeses(struct args *args, struct err *err)
{
    const int max = (int)(sizeof args->test.nemeses / sizeof args->test.nemeses[0]) - 1;
    int count = 0;

    if (!args->nemesis || strcmp(args->nemesis, "none") == 0)
        return 0;
    if (args->test.target->in_process)
        return err_set(err, EINVAL, "target '%s' lives in this process: it has no nodes to break",
                       args->test.target->name);
    char *list = strdup(args->nemesis), *rest = list, *name;
    int result = list ? 0 : err_set(err, ENOMEM, "out of memory");
    while (result == 0 && (name = strsep(&rest, ","))) {
        const struct nemesis *nemesis = nemesis_find(name, err);
        if (!nemesis)
            result = -1;
        else if (count == max)
            result = err_set(err, EINVAL, "more than %d nemeses", max);
        else
            args->test.nemeses[count++] = nemesis;
    }
    free(list);
    return result;
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

static int build_test(struct args *args, const char *target, struct err *err)
{
    struct test *test = &args->test;
    const char *promise;

    test->target = target_find(target, err);
    if (!test->target)
        return -1;
    test->node_count = args->nodes ? args->nodes : test->target->node_count_default;
    if (name_nodes(test, err) < 0)
        return -1;
    test->concurrency =
        args->concurrency.count * (args->concurrency.per_node ? test->node_count : 1);
    if (choose_workload(args, err) < 0 || choose_nemeses(args, err) < 0 ||
        check_settings(test, err) < 0 || check_level(test, err) < 0)
        return -1;
    if (test->interval_ns <= 0 || test->time_limit_ns <= 0 || test->op_timeout_ns <= 0)
        return err_set(err, EINVAL, "--interval, --time-limit and --op-timeout must be above 0");
    return test->target->promise(test, &promise, err);
}

static int plan_test(struct args *args, uint64_t seed, struct err *err)
{
    args->test.seed = seed;
    plan_release(&args->test.plan);
    if (args->plan ? plan_read(&args->test, args->plan, err) : plan_draw(&args->test, err))
        return -1;
    args->test.needs = plan_needs(&args->test.plan);
    return 0;
}

/* -- running it ----------------------------------------------------------------------------------
 */

static int controller(void *context)
{
    struct args *args = context;

    return run_test(&args->test, &args->options);
}

static int run_once(struct args *args, uint64_t seed)
{
    struct err err;

    if (plan_test(args, seed, &err) < 0)
        return options_refuse(&usage, "%s", err.msg);
    if (args->dry_run) {
        const char *promise = NULL;
        if (args->test.target->promise(&args->test, &promise, &err) < 0)
            return options_refuse(&usage, "%s", err.msg);
        char *text =
            store_print_test(&args->test, args->test.consistency ? args->test.consistency : promise,
                             args->options.command);
        (void)fputs(text ? text : "", stdout);
        free(text);
        return text ? EXIT_PASSED : EXIT_HARNESS;
    }
    int code = packages_check(args->test.target, &err);
    if (code == 0)
        code = lab_run(controller, args, &err);
    if (code < 0) {
        (void)fprintf(stderr, "ordeal: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    if (code >= 128 && code < EXIT_USAGE) {
        (void)fprintf(stderr, "ordeal: the controller was killed by signal %d (%s)\n", code - 128,
                      strsignal(code - 128));
        return EXIT_HARNESS;
    }
    return code;
}

/* Whether a word of the command line is one of those that a single run of one seed does without,
 * and how many words it takes with its value. */
static int words_left_out(const char *word)
{
    static const char *const with_value[] = {"--repeat", "--seed", "-s", NULL};

    if (strcmp(word, "--until-fail") == 0 || strncmp(word, "--repeat=", 9) == 0 ||
        strncmp(word, "--seed=", 7) == 0)
        return 1;
    for (size_t i = 0; with_value[i]; i++) {
        if (strcmp(word, with_value[i]) == 0)
            return 2;
    }
    return 0;
}

/* What to type to run it again: the words of this call, for this one seed. */
static char **command_again(const char *const *words, int count, uint64_t seed)
{
    static char seed_text[24];
    char **command = calloc((size_t)count + 5, sizeof *command);
    int at = 0;

    if (!command)
        return NULL;
    command[at++] = program_invocation_name;
    command[at++] = (char *)(uintptr_t)usage.command;
    for (int i = 0; i < count; i++) {
        int skipped = words_left_out(words[i]);
        if (skipped)
            i += skipped - 1;
        else
            command[at++] = (char *)(uintptr_t)words[i];
    }
    (void)snprintf(seed_text, sizeof seed_text, "%" PRIu64, seed);
    command[at++] = (char *)(uintptr_t) "--seed";
    command[at++] = seed_text;
    return command;
}

static int command_main(int argc, char **argv)
{
    static struct args args = {
        .test = {.interval_ns = 5 * NS_PER_SEC,
                 .time_limit_ns = 20 * NS_PER_SEC,
                 .op_timeout_ns = 5 * NS_PER_SEC,
                 .store_dir = "store"},
        .options = {.start_limit_ns = 60 * NS_PER_SEC,
                    .check_limit_ns = 120 * NS_PER_SEC,
                    .memory_limit_bytes = (size_t)4 << 30},
        .concurrency = {.count = 2, .per_node = true},
        .repeat = 1,
    };
    const char **words = calloc((size_t)argc + 1, sizeof *words);
    int positional, worst = EXIT_PASSED;
    struct err err;

    if (!words)
        return EXIT_HARNESS;
    memcpy(words, argv, (size_t)argc * sizeof *words);
    int code = options_parse(&usage, argc, argv, &args, &positional);
    if (code != OPTIONS_DONE)
        return code;
    if (build_test(&args, argv[0], &err) < 0)
        return options_refuse(&usage, "%s", err.msg);
    if (!args.seed_given) {
        uint32_t drawn = 0;
        (void)getrandom(&drawn, sizeof drawn, 0);
        args.seed = drawn;
    }
    args.options.progress = args.quiet ? PROGRESS_QUIET : PROGRESS_AUTO;
    for (int i = 0; i < args.repeat; i++) {
        uint64_t seed = args.seed + (uint64_t)i;
        args.options.command = command_again(words, argc, seed);
        code = run_once(&args, seed);
        free((void *)(uintptr_t)args.options.command);
        worst = (int)exit_worse((enum exit_code)worst, (enum exit_code)code);
        if (code == EXIT_USAGE || (args.until_fail && code != EXIT_PASSED))
            break;
    }
    plan_release(&args.test.plan);
    free(words);
    return worst;
}

const struct command command_run = {
    .name = "run",
    .arguments = "TARGET",
    .about = "start a cluster, load it, break it, check it",
    .main = command_main,
};
