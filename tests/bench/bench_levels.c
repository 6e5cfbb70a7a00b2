/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* How long the levels below linearizability take, reading included, and how much memory: histories
 * of stores that keep the level, each checked in a process of its own.
 *
 *     bench_levels                                   the rows of issue 3, and some around them
 *     bench_levels LEVEL STORE OPS PROCESSES KEYS [UNKNOWN%]   one of them, as JSONL
 *
 * STORE is ordered, causal or convergent (tests/lib/stores.h). LIMIT in the environment: seconds.
 * Histories are made once, in build/bench.
 */
#include "../../harness/base/clock.h"
#include "../../harness/checker.h"
#include "../../harness/history/read.h"
#include "../lib/stores.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const store_names[STORE_KINDS] = {"ordered", "causal", "convergent"};

struct row {
    const char *level;
    struct store_space space;
    bool plume;
    const char *goal;
};

static const struct row rows[] = {
    {"ccv", {STORE_ORDERED, 5500000, 20, 1000, 50, 0, 0, 1}, true, "6 s, 1 GB"},
    {"cc", {STORE_ORDERED, 5500000, 20, 1000, 50, 0, 0, 1}, true, ""},
    {"causal", {STORE_CAUSAL, 100000, 20, 100, 50, 0, 0, 1}, false, "10 s"},
    {"causal", {STORE_CAUSAL, 1000000, 20, 100, 50, 0, 0, 1}, false, ""},
    {"sequential", {STORE_ORDERED, 100000, 10, 10, 50, 0, 0, 1}, false, "10 s"},
    {"sequential", {STORE_ORDERED, 1000000, 10, 10, 50, 0, 0, 1}, false, ""},
    {"ccv", {STORE_CONVERGENT, 1000000, 20, 100, 50, 0, 0, 1}, false, ""},
    {"ladder", {STORE_CAUSAL, 100000, 20, 100, 50, 0, 1, 1}, false, ""},
};

static double seconds_since(int64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / 1e9;
}

/* Read and check in this process, and say how it went. */
static int check_file(const char *level, const char *path)
{
    struct check_options options = {.threads = 0};
    struct read_options reading = {.threads = 0};
    const struct checker *checker = checker_find(level);
    const char *limit = getenv("LIMIT");
    struct history history;
    struct finding finding;
    struct budget budget;
    struct rusage usage;
    struct err err;

    budget_init(&budget, (limit ? strtol(limit, NULL, 10) : 60) * NS_PER_SEC, 0);
    history_init(&history, &budget);
    finding_init(&finding);
    int64_t begin_ns = clock_now_ns();
    if (!checker || history_read(&history, path, &reading, &err) < 0) {
        printf("  cannot be read: %s\n", checker ? err.msg : level);
        return 1;
    }
    double read_s = seconds_since(begin_ns);
    if (checker->check(&history, &options, &budget, &finding, &err) < 0)
        printf("  error: %s\n", err.msg);
    double all_s = seconds_since(begin_ns);
    (void)getrusage(RUSAGE_SELF, &usage);
    double cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    printf("  %-7s %6.2f s (read %.2f, cpu %.2f), %ld MB  %s\n", verdict_names[finding.valid],
           all_s, read_s, cpu_s, usage.ru_maxrss / 1024, finding.reason);
    for (size_t i = 0; i < finding.anomaly_count; i++)
        printf("    %zu operations: %s\n", finding.anomalies[i].op_count,
               finding.anomalies[i].explanation);
    finding_release(&finding);
    history_release(&history);
    return 0;
}

static void run(const struct row *row)
{
    const struct store_space *space = &row->space;
    char path[512];

    (void)snprintf(path, sizeof path, "build/bench/%s-%d-%d-%d-%d.%s", store_names[space->kind],
                   space->ops, space->processes, space->keys, space->info_pct,
                   row->plume ? "plume" : "jsonl");
    (void)mkdir("build", 0777);
    (void)mkdir("build/bench", 0777);
    if (access(path, R_OK) != 0)
        (row->plume ? store_write_plume : store_write_jsonl)(space, path);
    printf("%s: %s store, %d operations, %d processes, %d keys, %d%% unknown%s%s\n", row->level,
           store_names[space->kind], space->ops, space->processes, space->keys, space->info_pct,
           *row->goal ? "   goal: " : "", row->goal);
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int status = check_file(row->level, path);
        (void)fflush(stdout);
        _exit(status);
    }
    (void)waitpid(pid, NULL, 0);
}

static int number(const char *text)
{
    int64_t value;
    if (!str_to_int(str_of(text), &value) || value < 0 || value > INT32_MAX) {
        fprintf(stderr, "bench_levels: '%s' is no number\n", text);
        exit(254);
    }
    return (int)value;
}

int main(int argc, char **argv)
{
    struct row row = {.goal = "", .space = {.late_pct = 50, .seed = 1}};

    for (size_t i = 0; argc == 1 && i < sizeof rows / sizeof *rows; i++)
        run(&rows[i]);
    if (argc == 1)
        return 0;
    if (argc < 6) {
        fprintf(stderr, "usage: bench_levels [LEVEL STORE OPS PROCESSES KEYS [UNKNOWN%%]]\n");
        return 254;
    }
    row.level = argv[1];
    while (row.space.kind < STORE_KINDS && strcmp(store_names[row.space.kind], argv[2]) != 0)
        row.space.kind++;
    if (row.space.kind == STORE_KINDS) {
        fprintf(stderr, "bench_levels: there is no store '%s'\n", argv[2]);
        return 254;
    }
    row.space.ops = number(argv[3]);
    row.space.processes = number(argv[4]);
    row.space.keys = number(argv[5]);
    row.space.info_pct = argc > 6 ? number(argv[6]) : 0;
    run(&row);
    return 0;
}
