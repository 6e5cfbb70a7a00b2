/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long an agent takes, as its controller sees it: a declaration that changes nothing, starting
 * a process, killing four, pausing ten. bench_agent [rounds] */
#include "../../harness/agent/client.h"
#include "../../harness/base/clock.h"
#include "../lib/agent_place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct node *node;
static struct err err;
static uint64_t version;

static void demand(int result)
{
    if (result == 0)
        return;
    (void)fprintf(stderr, "bench_agent: %s\n", err.msg);
    exit(1);
}

static struct receipt declare(enum process_state state)
{
    struct world world = {.version = ++version, .node_count = 1, .processes = {state}};
    struct receipt receipt;

    demand(node_world(node, &world, &receipt, &err));
    return receipt;
}

static void start(const char *name)
{
    static const char *const argv[] = {"sleep", "1000", NULL};

    demand(node_start(node, &(struct process_spec){.name = name, .argv = argv}, &err));
}

static void start_many(int from, int to)
{
    char name[16];

    for (int i = from; i < to; i++) {
        (void)snprintf(name, sizeof name, "p%d", i);
        start(name);
    }
}

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return *a < *b ? -1 : *a > *b;
}

static void report(const char *what, int64_t *took_ns, int rounds)
{
    qsort(took_ns, (size_t)rounds, sizeof *took_ns, compare);
    (void)printf("%-44s median %7.3f ms  worst %7.3f ms\n", what, (double)took_ns[rounds / 2] / 1e6,
                 (double)took_ns[rounds - 1] / 1e6);
}

#define MEASURE(what, before, call)                                                                \
    do {                                                                                           \
        for (int i = 0; i < rounds; i++) {                                                         \
            before;                                                                                \
            int64_t begin_ns = clock_now_ns();                                                     \
            call;                                                                                  \
            took_ns[i] = clock_now_ns() - begin_ns;                                                \
        }                                                                                          \
        report(what, took_ns, rounds);                                                             \
    } while (0)

int main(int argc, char **argv)
{
    static struct agent_place place;
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 50;
    int64_t *took_ns = calloc((size_t)(rounds > 0 ? rounds : 1), sizeof *took_ns);

    if (rounds <= 0 || !took_ns || agent_place_missing("agent"))
        return 1;
    agent_place_start(&place, &(struct agent_place_options){0});
    struct connection connection = {.fd = place.fd};
    demand(node_open(&node, "n1", 0, &connection, &err));
    MEASURE("world, nothing changes", (void)0, (void)declare(PROCESS_RUNNING));
    start("p0");
    MEASURE("start, until exec has succeeded", demand(node_stop(node, "p0", 1000, &err)),
            start("p0"));
    start_many(1, 4);
    MEASURE("kill of 4 processes", (void)declare(PROCESS_RUNNING), (void)declare(PROCESS_KILLED));
    MEASURE("restart of 4 processes, with their init", (void)declare(PROCESS_KILLED),
            (void)declare(PROCESS_RUNNING));
    start_many(4, 10);
    MEASURE("pause of 10 processes, each seen stopped", (void)declare(PROCESS_RUNNING),
            (void)declare(PROCESS_PAUSED));
    MEASURE("resume of 10 processes", (void)declare(PROCESS_PAUSED),
            (void)declare(PROCESS_RUNNING));
    node_close(node);
    place.fd = -1;
    free(took_ns);
    return agent_place_end(&place);
}
