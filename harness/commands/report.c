/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - `ordeal report RUN`: build report.html again, e.g. with a newer Ordeal. */
#include "../exit.h"
#include "../report/report.h"
#include "commands.h"
#include "options.h"

#include <stdio.h>

static const struct option_spec specs[] = {{0}};

static const struct usage usage = {
    .command = "report",
    .arguments = "RUN...",
    .about = "Build the report of a run again from what is in its folder: report.html, one file "
             "that opens anywhere without a network.",
    .examples = "ordeal report store/latest",
    .options = specs,
    .positional_min = 1,
    .positional_max = -1,
};

static int command_main(int argc, char **argv)
{
    struct {
        char unused;
    } args = {0};
    int count, code = options_parse(&usage, argc, argv, &args, &count);

    if (code != OPTIONS_DONE)
        return code;
    code = EXIT_PASSED;
    for (int i = 0; i < count; i++) {
        struct err err;
        if (report_write(argv[i], &err) < 0) {
            (void)fprintf(stderr, "ordeal report: %s\n", err.msg);
            code = EXIT_HARNESS;
        } else {
            (void)printf("%s/report.html\n", argv[i]);
        }
    }
    return code;
}

const struct command command_report = {
    .name = "report",
    .arguments = "RUN...",
    .about = "build a run's report again",
    .main = command_main,
};
