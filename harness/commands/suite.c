/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suite.c - `ordeal suite`: many runs from a file, each with the verdict that it must come to. */
#include "../suite/session.h"
#include "commands.h"
#include "options.h"

#include <stdio.h>

static const struct option_spec options[] = {
    {"time-budget", 0, "TIME", "no run begins after it (default: none)", OPTION_TIME,
     AT(struct session, pool.budget_ns), NULL, NULL},
    {"patience", 0, "SECONDS", "of load until a violation is given up (default 60)", OPTION_NUMBER,
     AT(struct session, pool.patience_s), NULL, NULL},
    {"jobs", 'j', "N", "runs at the same time (default: as many as processors)", OPTION_INT,
     AT(struct session, pool.jobs), NULL, NULL},
    {"store", 0, "DIR", "where runs that found something are kept (default store/suite)",
     OPTION_TEXT, AT(struct session, pool.store_dir), NULL, NULL},
    {"json", 0, NULL, "the table as one JSON object", OPTION_FLAG, AT(struct session, json), NULL,
     NULL},
    {"junit", 0, "FILE", "the table as JUnit's XML, too", OPTION_TEXT, AT(struct session, junit),
     NULL, NULL},
    {"dry-run", 0, NULL, "print the commands, and end", OPTION_FLAG, AT(struct session, dry_run),
     NULL, NULL},
    {"quiet", 'q', NULL, "no line for each run that ends", OPTION_FLAG,
     AT(struct session, pool.quiet), NULL, NULL},
    {0},
};

static const struct usage usage = {
    .command = "suite",
    .arguments = "FILE...",
    .about =
        "Run the tests of suite files and compare each verdict with the one expected. A suite "
        "is {\"tests\":[{\"name\":NAME, \"run\":WORDS, \"expect\":\"passed\" or "
        "\"violation\"}]}: WORDS is what follows `ordeal run`. A test that expects a violation "
        "runs again until one is found or --patience is over. So does one with "
        "\"theory\":{\"holds\":[LEVEL...], \"fails\": [LEVEL...], \"choice\":TEXT} until the "
        "ladder and the cuts showed that, too. Exits 1 if a verdict, or what was seen, is not "
        "what was expected.",
    .examples = "ordeal suite nightly.json --junit nightly.xml\n"
                "ordeal suite targets/reference/theory.json",
    .options = options,
    .positional_min = 1,
    .positional_max = -1,
};

static int command_main(int argc, char **argv)
{
    struct session session = {
        .pool = {.jobs = pool_jobs_default(), .patience_s = 60, .store_dir = "store/suite"}};
    struct trials trials = {0};
    struct err err;
    int count;

    int code = options_parse(&usage, argc, argv, &session, &count);
    if (code != OPTIONS_DONE)
        return code;
    if (session.pool.jobs < 1 || session.pool.jobs > POOL_JOBS_MAX)
        return options_refuse(&usage, "--jobs takes 1 to %d", POOL_JOBS_MAX);
    for (int i = 0; i < count; i++) {
        if (trials_read(&trials, argv[i], &err) < 0) {
            trials_release(&trials);
            return options_refuse(&usage, "%s", err.msg);
        }
    }
    code = session_run(&session, &trials, &err);
    trials_release(&trials);
    if (code < 0) {
        (void)fprintf(stderr, "ordeal suite: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    return code;
}

const struct command command_suite = {
    .name = "suite",
    .arguments = "FILE...",
    .about = "run the tests of a file, and compare verdicts with those expected",
    .main = command_main,
};
