/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* How long a check takes, reading included, and how much memory: generated histories, each in a
 * process of its own.
 *
 *     bench_check                    the table of issue 3 (those for linearizability)
 *     bench_check "ops=10000 ..."    one history: see tests/lib/load.h for what can be said
 *
 * THREADS, MODEL, LEVEL and LIMIT (seconds) in the environment. Histories are made once, in
 * build/bench.
 */
#include "../../harness/base/clock.h"
#include "../../harness/checker.h"
#include "../../harness/history/read.h"
#include "../lib/load.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct row {
    const char *load;
    const char *goal;
} rows[] = {
    {"object=register ops=1000000 clients=50 unknown=50", "0.6 s, 150 MB"},
    {"object=cas-register ops=10000 clients=50 values=5", "2 s, 200 MB"},
    {"object=cas-register ops=100000 clients=20 values=5 unknown=50", "10 s, 1 GB"},
    {"object=cas-register ops=1000000 clients=10 values=5", "10 s, 500 MB"},
    {"object=register ops=1000000 clients=50 keys=100", "0.6 s, 200 MB"},
    {"object=queue ops=1000000 clients=20", "1.5 s, 200 MB"},
    {"object=stack ops=1000000 clients=20", "1.5 s, 200 MB"},
};

static int env_int(const char *name, int otherwise)
{
    const char *text = getenv(name);
    int64_t number;
    return text && str_to_int(str_of(text), &number) ? (int)number : otherwise;
}

static double seconds_since(int64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / 1e9;
}

/* Read and check in this process, and say how it went. */
static int check_file(const char *path)
{
    struct check_options options = {.threads = env_int("THREADS", 0), .model = getenv("MODEL")};
    struct read_options reading = {.threads = env_int("THREADS", 0)};
    const char *level = getenv("LEVEL") ? getenv("LEVEL") : "linearizable";
    const struct checker *checker = checker_find(level);
    struct history history;
    struct finding finding;
    struct budget budget;
    struct err err;

    budget_init(&budget, env_int("LIMIT", 60) * NS_PER_SEC, 0);
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
    struct rusage usage;
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("  %-7s %6.2f s (read %.2f), %ld MB, budget's peak %zu MB  %s {%.*s}\n",
           verdict_names[finding.valid], all_s, read_s, usage.ru_maxrss / 1024,
           budget.peak_bytes >> 20, finding.reason, STR_ARG(buf_str(&finding.details)));
    for (size_t i = 0; i < finding.anomaly_count; i++)
        printf("    %zu operations: %s\n", finding.anomalies[i].op_count,
               finding.anomalies[i].explanation);
    finding_release(&finding);
    history_release(&history);
    return 0;
}

static void run(const char *text, const char *goal)
{
    struct load load;
    char path[512] = "build/bench/";
    size_t len = strlen(path);

    if (!load_parse(text, &load)) {
        fprintf(stderr, "bench_check: cannot understand '%s'\n", text);
        exit(254);
    }
    for (const char *c = text; *c && len < sizeof path - 16; c++)
        path[len++] = *c == ' ' ? ',' : *c;
    memcpy(path + len, ".jsonl", 7);
    (void)mkdir("build", 0777);
    (void)mkdir("build/bench", 0777);
    if (access(path, R_OK) != 0)
        load_write(&load, path);
    printf("%s%s%s\n", text, *goal ? "   goal: " : "", goal);
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        int status = check_file(path);
        (void)fflush(stdout);
        _exit(status);
    }
    (void)waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(argv[i], "");
    for (size_t i = 0; argc == 1 && i < sizeof rows / sizeof *rows; i++)
        run(rows[i].load, rows[i].goal);
    return 0;
}
