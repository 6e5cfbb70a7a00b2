/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_lab.c - how long a lab takes to come up, a partition to be in force, a lab to be gone.
 *
 * Usage: bench_lab [HELPER_DIR]: the folder of ordeal-agent, by default the stand-in of the tests.
 * One line per figure: name, median and worst of several runs, goal where there is one.
 */
#include "../../harness/base/clock.h"
#include "../lib/inlab.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ROUNDS = 9, THREADS_MAX = 4 };

struct figures { /* milliseconds */
    double inside, opened, nodes, cut_first, heal_first, cut_warm, heal_warm, receipt;
};

struct bench {
    struct inlab inlab;
    int node_count, threads;
    int64_t start_ns;
    int next; /* node to be added */
    bool failed;
    struct figures *figures; /* shared with the controller */
};

static double ms_since(int64_t start_ns)
{
    return (double)(clock_now_ns() - start_ns) / 1e6;
}

static void *add_nodes(void *context)
{
    struct bench *bench = context;
    struct err err;
    char name[16];
    int i;

    while ((i = __atomic_fetch_add(&bench->next, 1, __ATOMIC_RELAXED)) < bench->node_count) {
        (void)snprintf(name, sizeof name, "n%d", i + 1);
        if (lab_add_node(bench->inlab.lab, i, bench->node_count, name, &bench->inlab.agents[i],
                         &err) < 0) {
            (void)fprintf(stderr, "%s\n", err.msg);
            bench->failed = true;
        }
    }
    return NULL;
}

static double apply(struct bench *bench, const struct world *world)
{
    struct err err;
    int64_t start = clock_now_ns();

    if (lab_apply(bench->inlab.lab, world, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.msg);
        bench->failed = true;
    }
    return ms_since(start);
}

static int measure(void *context)
{
    struct bench *bench = context;
    struct figures *figures = bench->figures;
    const struct lab_options options = {.log_dir = bench->inlab.log_dir,
                                        .helper_dir = bench->inlab.helper_dir};
    pthread_t threads[THREADS_MAX];
    struct receipt receipt;
    struct world cut, healthy;
    struct err err;

    figures->inside = ms_since(bench->start_ns);
    EXPECT_DONE(lab_open(&bench->inlab.lab, &options, &err), err);
    figures->opened = ms_since(bench->start_ns);
    for (int i = 0; i < bench->threads; i++)
        (void)pthread_create(&threads[i], NULL, add_nodes, bench);
    for (int i = 0; i < bench->threads; i++)
        (void)pthread_join(threads[i], NULL);
    figures->nodes = ms_since(bench->start_ns);

    world_clear(&healthy, bench->node_count);
    world_clear(&cut, bench->node_count);
    world_cut_between(&cut, NODE(bench->node_count / 2) - 1,
                      (NODE(bench->node_count) - 1) & ~(NODE(bench->node_count / 2) - 1));
    figures->cut_first = apply(bench, &cut);
    figures->heal_first = apply(bench, &healthy);
    figures->cut_warm = apply(bench, &cut);
    figures->heal_warm = apply(bench, &healthy);
    int64_t start = clock_now_ns();
    EXPECT_DONE(lab_receipt(bench->inlab.lab, &receipt, NULL, &err), err);
    figures->receipt = ms_since(start);
    return bench->failed;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print(const char *name, double *values, double goal_ms)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    (void)printf("  %-44s %8.2f %8.2f", name, values[ROUNDS / 2], values[ROUNDS - 1]);
    if (goal_ms > 0)
        (void)printf("   goal %g", goal_ms);
    (void)puts("");
}

static int rounds(const char *helper_dir, int node_count, int threads, double goal_ms)
{
    enum { FIGURES = sizeof(struct figures) / sizeof(double) };
    double all[FIGURES + 1][ROUNDS];
    struct bench bench;

    for (int round = 0; round < ROUNDS; round++) {
        struct err err;
        memset(&bench, 0, sizeof bench);
        inlab_prepare(&bench.inlab);
        if (helper_dir)
            (void)snprintf(bench.inlab.helper_dir, sizeof bench.inlab.helper_dir, "%s", helper_dir);
        bench.node_count = node_count;
        bench.threads = threads;
        bench.figures = mmap(NULL, sizeof *bench.figures, PROT_READ | PROT_WRITE,
                             MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        bench.start_ns = clock_now_ns();
        int status = lab_run(measure, &bench, &err);
        double total = ms_since(bench.start_ns);
        if (status != 0) {
            (void)fprintf(stderr, "bench_lab: %s\n", status < 0 ? err.msg : "failed");
            return 1;
        }
        const double *figures = (const double *)bench.figures;
        for (int i = 0; i < FIGURES; i++)
            all[i][round] = figures[i];
        all[FIGURES][round] = total;
        inlab_clean(&bench.inlab);
    }
    static const char *const names[FIGURES + 1] = {
        "controller inside", "bridge and rules", "nodes up, agents started",
        "partition, first",  "heal, first",      "partition, warm",
        "heal, warm",        "receipt",          "everything, until nothing is left"};
    (void)printf("%d nodes, added by %d threads   (ms: median, worst of %d; from the start)\n",
                 node_count, threads, ROUNDS);
    for (int i = 0; i <= FIGURES; i++)
        print(names[i], all[i], i == 2 ? goal_ms : i == 3 ? 3 : i == 5 ? 1 : 0);
    return 0;
}

int main(int argc, char **argv)
{
    const char *helper_dir = argc > 1 ? argv[1] : NULL;

    return rounds(helper_dir, 5, 1, 50) || rounds(helper_dir, 5, 2, 50) ||
           rounds(helper_dir, 50, 2, 500);
}
