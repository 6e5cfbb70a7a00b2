/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* How fast a history is read, by one thread and by all, and how much memory it takes.
 * bench_read [FILE]; without a file a million operations over 100 keys are made first. */
#include "../../harness/base/clock.h"
#include "../../harness/base/rng.h"
#include "../../harness/history/read.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OPERATIONS = 1000000, PROCESSES = 50, KEYS = 100 };

/* Processes in turn, each operation open while 49 others begin and end. */
static void make_history(FILE *to)
{
    struct rng rng;
    int64_t time_ns = 0;

    rng_init(&rng, 1, 0);
    for (int event = 0; event < 2 * OPERATIONS; event++) {
        int turn = event % (2 * PROCESSES), process = turn % PROCESSES;
        int key = (int)((event / (2 * PROCESSES) * 31 + process) % KEYS);
        time_ns += 500 + (int64_t)rng_below(&rng, 500);
        (void)fprintf(to,
                      "{\"index\":%d,\"time\":%lld,\"type\":\"%s\",\"process\":%d,\"f\":\"write\","
                      "\"key\":%d,\"value\":%d,\"node\":\"n%d\"}\n",
                      event, (long long)time_ns, turn < PROCESSES ? "invoke" : "ok", process, key,
                      event / (2 * PROCESSES) * PROCESSES + process, process % 5 + 1);
    }
}

static int measure(const char *path, int threads, double *seconds)
{
    struct read_options options = {.threads = threads};
    struct budget budget;
    struct history history;
    struct stat file;
    struct err err;

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    int64_t start_ns = clock_now_ns();
    int result = history_read(&history, path, &options, &err);
    *seconds = (double)(clock_now_ns() - start_ns) / 1e9;
    if (result < 0)
        (void)fprintf(stderr, "bench_read: %s\n", err.msg);
    else if (stat(path, &file) == 0)
        (void)printf("read with %d thread%s: %zu operations, %.0f MB, in %.3f s (%.0f MB/s); the "
                     "history holds %.1f MB, at most %.1f MB were in use\n",
                     threads, threads == 1 ? "" : "s", history.count, (double)file.st_size / 1e6,
                     *seconds, (double)file.st_size / 1e6 / *seconds,
                     (double)budget.used_bytes / 1e6, (double)budget.peak_bytes / 1e6);
    history_release(&history);
    return result;
}

int main(int argc, char **argv)
{
    char made[] = "/tmp/bench_read.XXXXXX";
    const char *path = argc > 1 ? argv[1] : made;
    double one = 0, all = 1;

    if (argc < 2) {
        int fd = mkstemp(made);
        FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
        if (!to)
            return 255;
        make_history(to);
        if (fclose(to) != 0)
            return 255;
    }
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    int result = measure(path, 1, &one);
    if (result == 0 && cores > 1)
        result = measure(path, cores, &all);
    if (result == 0 && cores > 1)
        (void)printf("%d threads are %.2f times as fast as one\n", cores, one / all);
    if (argc < 2)
        (void)unlink(made);
    return result < 0 ? 255 : 0;
}
