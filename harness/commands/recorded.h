/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recorded.h - what a run's test.json says about how its history is to be checked. */
#ifndef ORDEAL_COMMANDS_RECORDED_H
#define ORDEAL_COMMANDS_RECORDED_H

#include "../checker.h"

#include <jansson.h>

enum { RECORDED_PATTERNS_MAX = 64 };

/* Texts are borrowed from `json`. Zeroed: there is no test.json. */
struct recorded {
    json_t *json;
    const char *consistency; /* level that was promised or asked for; NULL: not said */
    const char *workload;    /* NULL: not said */
    struct check_options options;
    struct log_pattern patterns[RECORDED_PATTERNS_MAX + 1];
    char *initial; /* JSON, owned; NULL: the model's own */
    char *log_dir; /* options.log_dir, owned */
};

/* Read test.json beside the history, if the history is called as a run's is ("history.jsonl", also
 * compressed). -1 if there is one that cannot be understood. Release it either way. */
int recorded_read(struct recorded *recorded, const char *history_path, struct err *err) MUST_CHECK;
void recorded_release(struct recorded *recorded);

#endif
