/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calibrate.c - `ordeal calibrate`: whether this harness, on this machine, tells right from wrong.
 */
#include "../base/clock.h"
#include "../suite/session.h"
#include "commands.h"
#include "options.h"

#include <stdio.h>

struct args {
    struct session session;
    int seeds;
};

static const struct option_spec options[] = {
    {"time-budget", 0, "TIME", "no run begins after it (default 30m)", OPTION_TIME,
     AT(struct args, session.pool.budget_ns), NULL, NULL},
    {"seeds", 0, "N", "how often each is tried, with seeds of its own (default 1)", OPTION_INT,
     AT(struct args, seeds), NULL, NULL},
    {"patience", 0, "SECONDS", "of load until a bug is given up (default 60)", OPTION_NUMBER,
     AT(struct args, session.pool.patience_s), NULL, NULL},
    {"jobs", 'j', "N", "runs at the same time (default: as many as processors)", OPTION_INT,
     AT(struct args, session.pool.jobs), NULL, NULL},
    {"store", 0, "DIR", "where runs that found something are kept (default store/calibrate)",
     OPTION_TEXT, AT(struct args, session.pool.store_dir), NULL, NULL},
    {"json", 0, NULL, "the table as one JSON object", OPTION_FLAG, AT(struct args, session.json),
     NULL, NULL},
    {"junit", 0, "FILE", "the table as JUnit's XML, too", OPTION_TEXT,
     AT(struct args, session.junit), NULL, NULL},
    {"dry-run", 0, NULL, "print the commands, and end", OPTION_FLAG,
     AT(struct args, session.dry_run), NULL, NULL},
    {"quiet", 'q', NULL, "no line for each run that ends", OPTION_FLAG,
     AT(struct args, session.pool.quiet), NULL, NULL},
    {0},
};

static const struct usage usage = {
    .command = "calibrate",
    .arguments = "[TARGET[/TRIAL]...]",
    .about =
        "Run the reference targets with every planted bug, in the conditions that show it, and "
        "without one, in those in which it must hold; print which were found, after how much "
        "load, by what. Exits 1 if a bug was missed or an honest version blamed. TARGET/TRIAL "
        "is one bug or showing, TARGET/honest all conditions in which it must hold.",
    .examples = "ordeal calibrate\n"
                "ordeal calibrate raft paxos --time-budget 5m\n"
                "ordeal calibrate raft/no-dedup raft/honest --seeds 3\n"
                "ordeal calibrate --seeds 10 --junit calibration.xml",
    .options = options,
    .positional_max = -1,
};

static int command_main(int argc, char **argv)
{
    struct args args = {.session.pool = {.budget_ns = 30 * 60 * NS_PER_SEC,
                                         .jobs = pool_jobs_default(),
                                         .patience_s = 60,
                                         .store_dir = "store/calibrate"},
                        .seeds = 1};
    struct trials trials = {0};
    struct err err;
    int count;

    int code = options_parse(&usage, argc, argv, &args, &count);
    if (code != OPTIONS_DONE)
        return code;
    argv[count] = NULL;
    if (args.session.pool.jobs < 1 || args.session.pool.jobs > POOL_JOBS_MAX)
        return options_refuse(&usage, "--jobs takes 1 to %d", POOL_JOBS_MAX);
    if (args.seeds < 1 || args.seeds > 1000)
        return options_refuse(&usage, "--seeds takes 1 to 1000");
    if (trials_calibrate(&trials, argv, args.seeds, &err) < 0) {
        trials_release(&trials);
        return options_refuse(&usage, "%s", err.msg);
    }
    code = session_run(&args.session, &trials, &err);
    trials_release(&trials);
    if (code < 0) {
        (void)fprintf(stderr, "ordeal calibrate: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    return code;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .arguments = "[TARGET[/TRIAL]...]",
    .about = "find every planted bug of the reference targets, and blame no honest one",
    .main = command_main,
};
