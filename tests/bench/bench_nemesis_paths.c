/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_paths.c - what the way between two nodes costs while nothing is wrong with it: past
 * the lab's bridge, where root has a shortcut, over it, while others are cut, and over its switch.
 *
 * Usage: bench_nemesis_paths. Rows of the table that bench_nemesis_network prints.
 *
 * Each is measured in turn with a bare link between the same two nodes. All work is done by one
 * thread on one processor, both nodes' part of it and the kernel's, so that nothing is measured but
 * how much there is; of each measure the median is taken, which other work on the machine hardly
 * moves. Two nodes that do nothing but hand each other zeros are the dearest case there is:
 * bench_nemesis_redis is the other one.
 */
#include "../../harness/base/clock.h"
#include "../lib/bare_link.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 25,
    PINGS = 201,
    BLOCKS = 401,
    BLOCK = 64 << 10,
    PORT = 999,
    PATIENCE_MS = 20000,
};

struct bed {
    const char *name, *declared;
    unsigned needs;
    bool cut_elsewhere;
    bool promised;
    bool as_user; /* has no shortcut */
    struct inlab inlab;
};

struct path {
    int udp[2], ends[2];
    struct sockaddr_storage far[2]; /* whom udp[0] and udp[1] talk to */
    socklen_t len;
    double rtt_ms[ROUNDS], gbits[ROUNDS];
};

/* -- paths ------------------------------------------------------------------------------------ */

/* A new connection each time: what its windows grew to is not a property of the path. */
static int open_path(const struct lab *lab, int first_place, struct path *path)
{
    static const char control[] = "reno"; /* does not pace, as others do */
    int listener = bare_link_socket(lab, 1, first_place + 1, SOCK_STREAM, PORT);

    EXPECT(listener >= 0 && listen(listener, 1) == 0);
    for (int node = 0; node < 2; node++) {
        path->udp[node] = bare_link_socket(lab, node, first_place + node, SOCK_DGRAM, PORT);
        EXPECT(path->udp[node] >= 0);
        path->len = sockets_address(first_place + !node, AF_INET, PORT, &path->far[node]);
    }
    EXPECT((path->ends[0] = bare_link_connect(lab, first_place, PORT)) >= 0);
    struct pollfd incoming = {.fd = listener, .events = POLLIN};
    EXPECT(poll(&incoming, 1, PATIENCE_MS) == 1);
    path->ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    (void)close(listener);
    EXPECT(path->ends[1] >= 0);
    EXPECT(setsockopt(path->ends[0], IPPROTO_TCP, TCP_CONGESTION, control, sizeof control) == 0);
    return 0;
}

static void close_path(struct path *path)
{
    const struct linger reset = {.l_onoff = 1}; /* the port is free at once */

    for (int node = 0; node < 2; node++) {
        (void)setsockopt(path->ends[node], SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
        (void)close(path->ends[node]);
        (void)close(path->udp[node]);
    }
}

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

static int hop(const struct path *path, int from)
{
    struct pollfd there = {.fd = path->udp[!from], .events = POLLIN};
    char byte = 0;

    EXPECT(sendto(path->udp[from], &byte, 1, 0, (const struct sockaddr *)&path->far[from],
                  path->len) == 1);
    EXPECT(poll(&there, 1, PATIENCE_MS) == 1 && recv(there.fd, &byte, 1, 0) == 1);
    return 0;
}

/* One block, written and read to its end before the next. */
static int carry(const struct path *path)
{
    static char bytes[BLOCK];
    ssize_t written = 0, got = 0;
    int64_t patient_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    while (got < BLOCK) {
        ssize_t more = write(path->ends[0], bytes, (size_t)(BLOCK - written));
        written += more > 0 ? more : 0;
        more = read(path->ends[1], bytes, sizeof bytes);
        got += more > 0 ? more : 0;
        EXPECT(clock_now_ns() < patient_ns);
    }
    return 0;
}

static int probe(const struct lab *lab, int first_place, struct path *path, int round)
{
    static double ms[BLOCKS];

    EXPECT(open_path(lab, first_place, path) == 0);
    for (int i = 0; i < PINGS; i++) {
        int64_t start_ns = clock_now_ns();
        EXPECT(hop(path, 0) == 0 && hop(path, 1) == 0);
        ms[i] = (double)(clock_now_ns() - start_ns) / 1e6;
    }
    path->rtt_ms[round] = median(ms, PINGS);
    for (int i = 0; i < BLOCKS; i++) {
        int64_t start_ns = clock_now_ns();
        EXPECT(carry(path) == 0);
        ms[i] = (double)(clock_now_ns() - start_ns) / 1e6;
    }
    path->gbits[round] = BLOCK * 8 / median(ms, BLOCKS) / 1e6;
    close_path(path);
    return 0;
}

/* -- rows ------------------------------------------------------------------------------------- */

static void print(const struct bed *bed, struct path *path, struct path *bare)
{
    static double shares[ROUNDS];
    char goal[64] = "";

    for (int i = 0; i < ROUNDS; i++)
        shares[i] = path->gbits[i] / bare->gbits[i];
    double rtt = median(path->rtt_ms, ROUNDS), bare_rtt = median(bare->rtt_ms, ROUNDS);
    double loss = 100 * (1 - median(shares, ROUNDS));
    if (bed->promised)
        (void)snprintf(goal, sizeof goal, "0.05 ms at most: %s; 3 %% at most: %s",
                       rtt - bare_rtt < 0.05 ? "yes" : "**no**", loss < 3 ? "yes" : "**no**");
    (void)printf("| %s | %s | round trip %.4f ms (bare link: %.4f ms), copying by TCP %.0f Gbit/s "
                 "(bare link: %.0f), %.1f %% less | %s |\n",
                 bed->name, bed->declared, rtt, bare_rtt, median(path->gbits, ROUNDS),
                 median(bare->gbits, ROUNDS), loss, goal);
}

static int stay_here(void)
{
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    return sched_setaffinity(0, sizeof here, &here);
}

static int compare_paths(void *context)
{
    enum { NODES = 4 };
    static struct path path, bare;
    struct bed *bed = context;
    const struct lab_options options = {.needs = bed->needs};
    struct world world;
    struct err err;

    EXPECT_DONE(inlab_open(&bed->inlab, NODES, &options, &err), err);
    EXPECT_DONE(bare_link_lay(bed->inlab.lab, &err), err);
    world_clear(&world, NODES);
    if (bed->cut_elsewhere)
        world_cut_between(&world, NODE(2), NODE(3));
    EXPECT_DONE(lab_apply(bed->inlab.lab, &world, &err), err);
    EXPECT(stay_here() == 0);
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT(probe(bed->inlab.lab, 0, &path, round) == 0);
        EXPECT(probe(bed->inlab.lab, BARE_PLACE, &bare, round) == 0);
    }
    print(bed, &path, &bare);
    inlab_close(&bed->inlab);
    return 0;
}

static int run(void *context)
{
    struct bed *bed = context;
    struct err err;

    inlab_prepare(&bed->inlab);
    int status = lab_run(compare_paths, bed, &err);
    if (status < 0)
        (void)fprintf(stderr, "bench_nemesis_paths: %s\n", err.msg);
    inlab_clean(&bed->inlab);
    return status != 0;
}

int main(void)
{
    static struct bed beds[] = {
        {.name = "no fault, bridge", .declared = "nothing", .promised = true},
        {.name = "no fault, bridge", .declared = "nothing, by an ordinary user", .as_user = true},
        {.name = "partition, bridge", .declared = "others are cut", .cut_elsewhere = true},
        {.name = "no fault, switch", .declared = "nothing", .needs = NEED_SWITCH},
    };
    int worst = 0;

    for (size_t i = 0; i < sizeof beds / sizeof beds[0]; i++)
        worst |= beds[i].as_user ? inlab_as_user(run, &beds[i]) : run(&beds[i]);
    return worst != 0;
}
