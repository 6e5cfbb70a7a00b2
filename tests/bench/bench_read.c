/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* How fast a history is read, and how much memory it takes. bench_read FILE [threads] */
#include "../../harness/base/clock.h"
#include "../../harness/history/read.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct read_options options = {.threads = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 0};
    struct budget budget;
    struct history history;
    struct err err;

    if (argc < 2) {
        (void)fputs("usage: bench_read FILE [threads]\n", stderr);
        return 254;
    }
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    int64_t start_ns = clock_now_ns();
    if (history_read(&history, argv[1], &options, &err) < 0) {
        (void)fprintf(stderr, "bench_read: %s\n", err.msg);
        history_release(&history);
        return 255;
    }
    double seconds = (double)(clock_now_ns() - start_ns) / 1e9;
    (void)printf("read: %zu operations and %zu events in %.3f s (%.0f operations/s); the history "
                 "holds %.1f MB, at most %.1f MB were in use\n",
                 history.count, history.event_count, seconds, (double)history.count / seconds,
                 (double)budget.used_bytes / 1e6, (double)budget.peak_bytes / 1e6);
    history_release(&history);
    return 0;
}
