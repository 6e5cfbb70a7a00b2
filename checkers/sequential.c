/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* sequential.c - there is one order of all operations, containing the order in which each process
 * did its own, in which every read returns the value written last.
 *
 *     exists < total on ops: program order in <, every read legal in <
 *
 * (Lamport, "How to Make a Multiprocessor Computer That Correctly Executes Multiprocess Programs",
 * 1979.) Time plays no part. It is not local: all keys are judged together. The engine for
 * registers with distinct values is levels/sequential.c; everything else goes to levels/timeless.c.
 */
#include "levels/timeless.h"

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct level_case level_case;

    level_open(&level_case, history, options, budget);
    int result = sequential_judge(&level_case, options, finding, err);
    level_describe(&level_case, finding);
    level_close(&level_case);
    return result;
}

const struct checker checker_sequential = {
    .name = "sequential",
    .about = "one order of all operations explains every result, in each process's order",
    .is_level = true,
    .check = check,
};
