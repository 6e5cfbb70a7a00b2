/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* What the checkers are for, as one table: how long the histories take that today's tools give up
 * on, reading included, how much memory, and what two cores give over one.
 *
 *     bench_table            all rows
 *     bench_table 3 8        some of them
 *
 * Machines differ and are busy: the processor's time is given too, and as a multiple of the
 * reference's, which is measured at the beginning and at the end of the same run (reading the first
 * row's history with one thread). On a busy machine only these say much. Each measurement is a
 * process of its own, the best of three unless it takes long. Histories are made once, in
 * build/bench, by the generator and seed that the second line of a row names. Nothing here passes
 * or fails. LIMIT in the environment: seconds for one check.
 */
#include "../../harness/base/clock.h"
#include "../../harness/checker.h"
#include "../../harness/history/read.h"
#include "../lib/load.h"
#include "../lib/stores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct row {
    const char *what;
    const char *level;
    const char *load;         /* tests/lib/load.h; NULL: a store */
    struct store_space space; /* tests/lib/stores.h */
    bool plume;
    const char *goal;
};

static const struct row rows[] = {
    {"1,000,000, one register, 50 clients, 5% info",
     "linearizable",
     "object=register ops=1000000 clients=50 unknown=50 seed=1",
     {0},
     false,
     "0.6 s 150 MB"},
    {"10,000, one cas-register, 5 values, 50 cl.",
     "linearizable",
     "object=cas-register ops=10000 clients=50 values=5 seed=1",
     {0},
     false,
     "2 s 200 MB"},
    {"100,000, 5 values, 20 clients, 5% info",
     "linearizable",
     "object=cas-register ops=100000 clients=20 values=5 unknown=50 seed=1",
     {0},
     false,
     "10 s 1 GB"},
    {"1,000,000, 5 values, 10 clients",
     "linearizable",
     "object=cas-register ops=1000000 clients=10 values=5 seed=1",
     {0},
     false,
     "10 s 500 MB"},
    {"1,000,000 over 100 keys",
     "linearizable",
     "object=register ops=1000000 clients=50 keys=100 seed=1",
     {0},
     false,
     "0.6 s 200 MB"},
    {"1,000,000 on a queue, 20 clients",
     "linearizable",
     "object=queue ops=1000000 clients=20 seed=1",
     {0},
     false,
     "1.5 s 200 MB"},
    {"1,000,000 on a stack, 20 clients",
     "linearizable",
     "object=stack ops=1000000 clients=20 seed=1",
     {0},
     false,
     "1.5 s 200 MB"},
    {"ccv, 5,500,000, 20 processes, Plume's text",
     "ccv",
     NULL,
     {STORE_ORDERED, 5500000, 20, 1000, 50, 0, 0, 1},
     true,
     "6 s 1 GB"},
    {"causal memory, 100,000, 20 processes",
     "causal",
     NULL,
     {STORE_CAUSAL, 100000, 20, 100, 50, 0, 0, 1},
     false,
     "10 s"},
    {"sequential, 100,000, 10 processes",
     "sequential",
     NULL,
     {STORE_ORDERED, 100000, 10, 10, 50, 0, 0, 1},
     false,
     "10 s"},
    {"staleness, 1,000,000, sequential store",
     "staleness",
     NULL,
     {STORE_ORDERED, 1000000, 10, 10, 50, 0, 0, 1},
     false,
     ""},
};

enum { ROWS = sizeof rows / sizeof *rows, REPEATS = 3 };

/* What a child says of its measurement. */
struct measured {
    double seconds, cpu_s;
    long rss_mb;
    enum verdict verdict;
    bool done;
};

/* -- measuring --------------------------------------------------------------------------------- */

static double seconds_since(int64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / 1e9;
}

/* Read, and check unless `level` is NULL. */
static struct measured measure_here(const char *level, const char *path, int threads)
{
    const char *limit = getenv("LIMIT");
    struct read_options reading = {.threads = threads};
    struct check_options options = {.threads = threads};
    struct measured measured = {.verdict = VERDICT_UNKNOWN};
    struct history history;
    struct finding finding;
    struct budget budget;
    struct rusage usage;
    struct err err;

    budget_init(&budget, (limit ? strtol(limit, NULL, 10) : 60) * NS_PER_SEC, 0);
    history_init(&history, &budget);
    finding_init(&finding);
    int64_t begin_ns = clock_now_ns();
    measured.done = history_read(&history, path, &reading, &err) == 0;
    if (measured.done && level)
        measured.done =
            checker_find(level)->check(&history, &options, &budget, &finding, &err) == 0;
    measured.seconds = seconds_since(begin_ns);
    measured.verdict = finding.valid;
    (void)getrusage(RUSAGE_SELF, &usage);
    measured.rss_mb = usage.ru_maxrss / 1024;
    measured.cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    return measured;
}

static struct measured measure_once(const char *level, const char *path, int threads)
{
    struct measured measured = {0};
    int ends[2];

    if (pipe(ends) < 0)
        return measured;
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        measured = measure_here(level, path, threads);
        _exit(write(ends[1], &measured, sizeof measured) == (ssize_t)sizeof measured ? 0 : 1);
    }
    (void)close(ends[1]);
    if (read(ends[0], &measured, sizeof measured) != (ssize_t)sizeof measured)
        measured.done = false;
    (void)close(ends[0]);
    (void)waitpid(pid, NULL, 0);
    return measured;
}

static struct measured measure(const char *level, const char *path, int threads)
{
    struct measured best = measure_once(level, path, threads);

    for (int i = 1; i < REPEATS && best.seconds < 4; i++) {
        struct measured again = measure_once(level, path, threads);
        if (again.done && again.seconds < best.seconds)
            best = again;
    }
    return best;
}

/* -- histories --------------------------------------------------------------------------------- */

static const char *const store_names[STORE_KINDS] = {"ordered", "causal", "convergent"};

/* How the history is made, in words that bring it back. */
static void describe(const struct row *row, char text[128])
{
    const struct store_space *space = &row->space;

    if (row->load)
        (void)snprintf(text, 128, "load %s", row->load);
    else
        (void)snprintf(text, 128, "store %s ops=%d processes=%d keys=%d late=%d%% seed=%" PRIu64,
                       store_names[space->kind], space->ops, space->processes, space->keys,
                       space->late_pct, space->seed);
}

static void make_history(const struct row *row, char path[256])
{
    char text[128];
    struct load load;
    size_t len;

    describe(row, text);
    (void)snprintf(path, 256, "build/bench/%s.%s", text, row->plume ? "plume" : "jsonl");
    for (len = strlen("build/bench/"); path[len]; len++)
        path[len] = path[len] == ' ' ? ',' : path[len];
    (void)mkdir("build", 0777);
    (void)mkdir("build/bench", 0777);
    if (access(path, R_OK) == 0)
        return;
    if (row->load && load_parse(row->load, &load))
        load_write(&load, path);
    else if (!row->load)
        (row->plume ? store_write_plume : store_write_jsonl)(&row->space, path);
}

/* -- the table --------------------------------------------------------------------------------- */

static struct measured measure_reference(void)
{
    char path[256];

    make_history(&rows[0], path);
    return measure(NULL, path, 1);
}

static void run(const struct row *row, double reference_s)
{
    char path[256], text[128];

    make_history(row, path);
    struct measured two = measure(row->level, path, 2), one = measure(row->level, path, 1);
    printf("%-44s %12s %6.2f %6.2f %5.2f %6.2f %5ld %6.1f%s%s\n", row->what, row->goal, two.seconds,
           one.seconds, one.seconds / two.seconds, one.cpu_s, two.rss_mb, one.cpu_s / reference_s,
           two.verdict == VERDICT_VALID ? "" : "  ",
           !two.done                        ? "error"
           : two.verdict == VERDICT_UNKNOWN ? "unknown"
           : two.verdict == VERDICT_INVALID ? "false"
                                            : "");
    describe(row, text);
    printf("    tests/lib/%s%s\n", text, row->plume ? ", plume" : "");
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    struct measured reference = measure_reference();

    printf("reference: reading row 1 with one thread: %.3f s, of the processor %.3f s\n\n",
           reference.seconds, reference.cpu_s);
    printf("%-44s %12s %6s %6s %5s %6s %5s %6s\n", "history (seconds)", "goal", "2 core", "1 core",
           "gain", "cpu", "MB", "x ref");
    for (int i = 0; i < ROWS; i++) {
        bool wanted = argc == 1;
        for (int k = 1; k < argc; k++)
            wanted = wanted || strtol(argv[k], NULL, 10) == i + 1;
        if (wanted)
            run(&rows[i], reference.cpu_s);
    }
    reference = measure_reference();
    printf("\nreference again: %.3f s, of the processor %.3f s\n", reference.seconds,
           reference.cpu_s);
    return 0;
}
