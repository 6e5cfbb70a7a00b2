/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_redis.c - what the lab's bridge takes from a database: how long a client waits for
 * a write to Redis, over the bridge and in turn over a bare link between the same two nodes.
 *
 * Usage: bench_nemesis_redis. A row of the table that bench_nemesis_network prints; none if Redis
 * is not on this machine. Fetched packages are in $B/packages.
 *
 * One server process serves both ways, it and the client take turns on one processor, and medians
 * are taken, as in bench_nemesis_paths: what is compared is work, not waiting. Few databases answer
 * sooner: one that asks other nodes first, or waits for a real disk, pays a smaller share.
 */
#include "../../harness/base/clock.h"
#include "../lib/bare_link.h"
#include "../lib/inlab.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 201, WRITES = 101, PORT = 6379, PATIENCE_MS = 20000 };

/* -- the server ------------------------------------------------------------------------------- */

/* As its target does; 0, or 1 if it is not on this machine. */
static int start_server(struct inlab *inlab)
{
    static const char command[] =
        "export LD_LIBRARY_PATH=$(ls -d /node/packages/usr/lib/*-linux-gnu 2>&-); "
        "command -v redis-server && { redis-server --bind 0.0.0.0 --protected-mode no "
        "--dir /node/data --save '' --appendonly yes --appendfsync always "
        "--auto-aof-rewrite-percentage 0 >/node/log/out 2>&1 & }";

    if (inlab_shell(inlab, 1, command, NULL, 0) == 0)
        return 0;
    (void)fprintf(stderr, "bench_nemesis_redis: skipped, no redis-server (make packages)\n");
    return 1;
}

/* One write, until it is answered; how long it took. */
static int ask(int client, double *us)
{
    static const char request[] = "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$16\r\n0123456789abcdef\r\n",
                      ok[] = "+OK\r\n";
    char answer[sizeof ok];
    int64_t start_ns = clock_now_ns();

    EXPECT(write(client, request, sizeof request - 1) == sizeof request - 1);
    struct pollfd answered = {.fd = client, .events = POLLIN};
    EXPECT(poll(&answered, 1, PATIENCE_MS) == 1);
    EXPECT(read(client, answer, sizeof answer) == sizeof ok - 1);
    *us = (double)(clock_now_ns() - start_ns) / 1e3;
    EXPECT(memcmp(answer, ok, sizeof ok - 1) == 0);
    return 0;
}

/* It listens some time after its start: nothing says when. */
static int open_client(const struct lab *lab, int first_place)
{
    int64_t patient_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    int client;

    while ((client = bare_link_connect(lab, first_place, PORT)) < 0 && clock_now_ns() < patient_ns)
        (void)poll(NULL, 0, 10);
    return client;
}

/* -- rows ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static int probe(int client, double *median_us)
{
    static double us[WRITES];

    for (int i = 0; i < WRITES; i++)
        EXPECT(ask(client, &us[i]) == 0);
    *median_us = median(us, WRITES);
    return 0;
}

static int measure(const struct lab *lab)
{
    static double us[ROUNDS], bare_us[ROUNDS], shares[ROUNDS];
    int client = open_client(lab, 0), bare = open_client(lab, BARE_PLACE);

    EXPECT(client >= 0 && bare >= 0);
    for (int i = 0; i < ROUNDS; i++) {
        EXPECT(probe(client, &us[i]) == 0 && probe(bare, &bare_us[i]) == 0);
        shares[i] = bare_us[i] / us[i];
    }
    double loss = 100 * (1 - median(shares, ROUNDS));
    (void)printf(
        "| no fault, bridge | nothing; Redis syncs each write to a file in memory | a write "
        "takes %.1f us (bare link: %.1f us): %.1f %% fewer a second | 3 %% at most: %s |\n",
        median(us, ROUNDS), median(bare_us, ROUNDS), loss, loss < 3 ? "yes" : "**no**");
    return 0;
}

/* The server too: a node's agent starts where its lab is opened. */
static int stay_here(void)
{
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    return sched_setaffinity(0, sizeof here, &here);
}

static int compare_ways(void *context)
{
    struct inlab *inlab = context;
    const char *build = getenv("B");
    char packages[4096], absolute[PATH_MAX];
    struct err err;

    (void)snprintf(packages, sizeof packages, "%s/packages", build ? build : "build");
    const struct lab_options options = {.package_dir = realpath(packages, absolute)};
    EXPECT(stay_here() == 0);
    EXPECT_DONE(inlab_open(inlab, 2, &options, &err), err);
    EXPECT_DONE(bare_link_lay(inlab->lab, &err), err);
    int status = start_server(inlab) == 0 ? measure(inlab->lab) : 0;
    inlab_close(inlab);
    return status;
}

int main(void)
{
    static struct inlab inlab;
    struct err err;

    inlab_prepare(&inlab);
    int status = lab_run(compare_ways, &inlab, &err);
    if (status < 0)
        (void)fprintf(stderr, "bench_nemesis_redis: %s\n", err.msg);
    inlab_clean(&inlab);
    return status != 0;
}
