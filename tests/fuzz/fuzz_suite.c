/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzing of suites: any bytes are refused in words, or are trials that can be run. */
#include "fuzz.h"

#include "../../harness/suite/trial.h"

#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct trials trials = {0};
    struct err err = {0};
    char path[FUZZ_PATH_BYTES];
    int fd = fuzz_file(bytes, len, path);

    if (trials_read(&trials, path, &err) < 0)
        fuzz_demand(err.msg[0], "words for what is refused");
    for (size_t i = 0; i < trials.count; i++)
        fuzz_demand(trials.all[i].target && trials.all[i].target[0] && trials.all[i].name &&
                        trials.all[i].options && trials.all[i].state == TRIAL_OPEN,
                    "a trial has a target, a name and options");
    trials_release(&trials);
    (void)close(fd);
    return 0;
}
