/* SPDX-License-Identifier: GPL-2.0-or-later */
/* synthesize.c - writes the folder of a run that never was, to look at its report:
 * `make build/tests/report/synthesize`, then `synthesize DIR [violation] [operations] [faults]`. */
#include "../../harness/report/report.h"
#include "../lib/synthetic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        (void)fprintf(stderr,
                      "usage: %s DIR [violation|passed|idle|hostile|unjudged [OPERATIONS "
                      "[FAULTS [NODES]]]]\n",
                      argv[0]);
        return 2;
    }
    const char *what = argc > 2 ? argv[2] : "violation";
    struct synthetic synthetic = {
        .seed = 7,
        .operations = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 20000,
        .faults = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 6,
        .nodes = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 5,
        .clients = 10,
        .keys = 12,
        .seconds = 20,
        .violation = strcmp(what, "violation") == 0 || strcmp(what, "hostile") == 0,
        .idle = strcmp(what, "idle") == 0,
        .hostile = strcmp(what, "hostile") == 0,
        .judged = strcmp(what, "unjudged") != 0,
    };
    if (synthetic.operations > 200000)
        synthetic.clients = 100;
    (void)mkdir(argv[1], 0777);
    synthetic_write(&synthetic, argv[1]);
    struct err err;
    if (report_write(argv[1], &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    return 0;
}
