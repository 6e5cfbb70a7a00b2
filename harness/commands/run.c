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
#include "run_args.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

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
    struct run_args *args = into;
    int64_t seed;

    if (!str_to_int(str_of(value), &seed) || seed < 0)
        return err_set(err, EINVAL, "'%s' is not a whole number of at least 0", value);
    args->seed = (uint64_t)seed;
    args->seed_given = true;
    return 0;
}

static const char *const protections[] = {"quorum", "files", "none", NULL};

static const struct option_spec options[] = {
    {"workload", 'w', "W", "what clients do (default: what the target offers)", OPTION_TEXT,
     AT(struct run_args, workload), NULL, NULL},
    {"nemesis", 0, "LIST", "what goes wrong: names with commas between, all, or none", OPTION_TEXT,
     AT(struct run_args, nemesis), NULL, NULL},
    {"interval", 0, "TIME", "from the start of one fault to the next (default 5)", OPTION_TIME,
     AT(struct run_args, test.interval_ns), NULL, NULL},
    {"schedule", 0, "HOW", "how faults follow one another", OPTION_CHOICE,
     AT(struct run_args, schedule), schedule_names, NULL},
    {"calm", 0, "TIME", "how long mixed faults leave quiet between (default half an interval)",
     OPTION_TIME, AT(struct run_args, test.calm_ns), NULL, NULL},
    {"protect", 0, "WHAT",
     "a majority: quorum all of it (default when mixed), files only its files, none", OPTION_CHOICE,
     AT(struct run_args, protect), protections, NULL},
    {"skip", 0, "NODES", "members that are not started before everything is healed: n3,n5",
     OPTION_TEXT, AT(struct run_args, skip), NULL, NULL},
    {"nodes", 'n', "N", "how many nodes (default: the target's)", OPTION_INT,
     AT(struct run_args, nodes), NULL, NULL},
    {"hosts", 0, "FILE", "nodes live on these hosts, one [user@]host[:port] a line, reached by ssh",
     OPTION_TEXT, AT(struct run_args, hosts), NULL, NULL},
    {"ssh", 0, "COMMAND", "the ssh program with options of its own (default ssh)", OPTION_TEXT,
     AT(struct run_args, test.ssh), NULL, NULL},
    {"host-clock", 0, NULL, "faults of clocks set the hosts' own clocks, not their processes' only",
     OPTION_FLAG, AT(struct run_args, test.host_clock), NULL, NULL},
    {"concurrency", 'c', "C", "how many workers; 2n is two per node (default 2n)", OPTION_CALL,
     AT(struct run_args, concurrency), NULL, set_concurrency},
    {"rate", 'r', "OPS/S", "operations a second over all workers; 0: as fast as they go",
     OPTION_NUMBER, AT(struct run_args, test.rate), NULL, NULL},
    {"time-limit", 't', "TIME", "how long the load lasts (default 20)", OPTION_TIME,
     AT(struct run_args, test.time_limit_ns), NULL, NULL},
    {"seed", 's', "N", "brings back the plan and each worker's operations", OPTION_CALL, 0, NULL,
     set_seed},
    {"op-timeout", 0, "TIME", "until an operation's outcome is unknown (default 5)", OPTION_TIME,
     AT(struct run_args, test.op_timeout_ns), NULL, NULL},
    {"keys", 0, "N", "how many keys (default: as the workload likes)", OPTION_INT,
     AT(struct run_args, test.key_count), NULL, NULL},
    {"plan", 0, "FILE", "run exactly this plan: a test.json, or a file like its \"plan\"",
     OPTION_TEXT, AT(struct run_args, plan), NULL, NULL},
    {"consistency", 0, "LEVEL", "what to check for (default: what the target promises)",
     OPTION_TEXT, AT(struct run_args, test.consistency), NULL, NULL},
    {"set", 0, "KEY=VALUE", "an option of the target or workload (see 'ordeal list')", OPTION_CALL,
     AT(struct run_args, test), NULL, add_setting},
    {"bug", 0, "NAME", "switch on a planted bug of a reference target", OPTION_CALL,
     AT(struct run_args, test), NULL, add_bug},
    {"store", 0, "DIR", "where runs are kept (default store)", OPTION_TEXT,
     AT(struct run_args, test.store_dir), NULL, NULL},
    {"capture", 0, NULL, "keep the nodes' packets, as DIR/packets/NODE.pcap of the run's folder",
     OPTION_FLAG, AT(struct run_args, options.capture), NULL, NULL},
    {"node-disk", 0, "SIZE", "how much each node may write (default 1G)", OPTION_SIZE,
     AT(struct run_args, options.node_disk_bytes), NULL, NULL},
    {"start-time-limit", 0, "TIME", "until the system must be healthy (default 60)", OPTION_TIME,
     AT(struct run_args, options.start_limit_ns), NULL, NULL},
    {"check-time-limit", 0, "TIME", "for the checkers (default 120)", OPTION_TIME,
     AT(struct run_args, options.check_limit_ns), NULL, NULL},
    {"memory-limit", 0, "SIZE", "for the checkers (default 4G)", OPTION_SIZE,
     AT(struct run_args, options.memory_limit_bytes), NULL, NULL},
    {"repeat", 0, "N", "run N times, with the seeds that follow", OPTION_INT,
     AT(struct run_args, repeat), NULL, NULL},
    {"until-fail", 0, NULL, "with --repeat: end at the first run that does not pass", OPTION_FLAG,
     AT(struct run_args, until_fail), NULL, NULL},
    {"dry-run", 0, NULL, "print the test with its plan, and end", OPTION_FLAG,
     AT(struct run_args, dry_run), NULL, NULL},
    {"json", 0, NULL, "the results as one JSON object on standard output", OPTION_FLAG,
     AT(struct run_args, options.json), NULL, NULL},
    {"quiet", 'q', NULL, "no progress", OPTION_FLAG, AT(struct run_args, quiet), NULL, NULL},
    {0},
};

static const struct usage usage = {
    .command = "run",
    .arguments = "TARGET",
    .about = "Start a cluster of TARGET, load it, break it, and check what its clients saw.",
    .examples = "ordeal run etcd --nemesis partition,kill --time-limit 20\n"
                "ordeal run naive --nemesis partition --seed 7\n"
                "ordeal run raft --nemesis all --schedule swarm --protect none\n"
                "ordeal run raft --nemesis partition:kind=leader,kill --interval 2\n"
                "ordeal run etcd --hosts hosts.txt --nemesis partition,kill,pause",
    .options = options,
    .positional_min = 1,
    .positional_max = 1,
};

/* -- running it ----------------------------------------------------------------------------------
 */

static int controller(void *context)
{
    struct run_args *args = context;

    return run_test(&args->test, &args->options);
}

/* Nothing was run. In JSON too, so that a suite knows it from a failure. */
static void say_unable(const struct run_args *args, const char *why)
{
    struct buf json;

    (void)fprintf(stderr, "ordeal: the plan needs what this machine lacks: %s\n", why);
    if (!args->options.json)
        return;
    buf_init(&json, 0);
    buf_puts(&json, "{\"valid\":\"unknown\"");
    buf_json_str(&json, "outcome", STR("unable"));
    buf_json_str(&json, "reason", str_of(why));
    buf_puts(&json, "}\n");
    (void)fputs(json.ptr ? json.ptr : "", stdout);
    buf_release(&json);
}

static int run_once(struct run_args *args, uint64_t seed)
{
    struct err err;

    if (run_plan_test(args, seed, &err) < 0)
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
    if (args->hosts) /* they have what they have: it is found out there */
        return run_test(&args->test, &args->options);
    if (lab_needs_missing(args->test.needs, &err)) {
        say_unable(args, err.msg);
        return EXIT_HARNESS;
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
    static struct run_args args = {
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
    if (code == OPTIONS_DONE && run_build_test(&args, argv[0], &err) < 0)
        code = options_refuse(&usage, "%s", err.msg);
    if (code != OPTIONS_DONE) {
        free(words);
        return code;
    }
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
