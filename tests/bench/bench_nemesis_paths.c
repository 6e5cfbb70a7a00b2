/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_paths.c - what the way between two nodes costs while nothing is wrong: over the
 * lab's bridge and over its switch, each in turn with a bare link between the same two nodes.
 *
 * Usage: bench_nemesis_paths. Rows of the table that bench_nemesis_network prints.
 */
#include "../../harness/base/clock.h"
#include "../../harness/lab/lab_internal.h"
#include "../../harness/lab/netlink.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The bare link's ends have addresses of places that the lab does not use. */
enum { BARE_PLACE = 60, BARE_LINK = 50, ROUNDS = 7, PINGS = 1001, PORT = 999, PATIENCE_MS = 20000 };

static const char bare_name[] = "bare";

struct bed {
    struct inlab inlab;
    unsigned needs;
};

struct path {
    int udp[2], ends[2];
    struct sockaddr_storage far[2]; /* whom udp[0] and udp[1] talk to */
    socklen_t len;
    double rtt_ms[ROUNDS], gbits[ROUNDS];
};

/* -- the bare link ---------------------------------------------------------------------------- */

struct errand {
    struct bed *bed;
    int node;
    int result;
    struct err err;
};

static int lay_end(struct errand *errand)
{
    struct veth veth = {.link = BARE_LINK,
                        .name = bare_name,
                        .peer = BARE_LINK,
                        .peer_name = bare_name,
                        .pid = lab_node_pid(errand->bed->inlab.lab, 1)};
    struct netlink_batch batch;

    address_mac(BARE_PLACE + 1, veth.mac);
    netlink_begin(&batch);
    if (errand->node == 0)
        netlink_add_veth(&batch, &veth);
    netlink_add_up(&batch, BARE_LINK);
    netlink_add_address(&batch, BARE_LINK, AF_INET, BARE_PLACE + errand->node);
    int fd = netlink_open(&errand->err);
    int result = fd < 0 ? -1 : netlink_send(fd, &batch, &errand->err);
    if (fd >= 0)
        (void)close(fd);
    return result;
}

static void *run_errand(void *context)
{
    struct errand *errand = context;

    if (setns(lab_node_network(errand->bed->inlab.lab, errand->node), CLONE_NEWNET) == 0)
        errand->result = lay_end(errand);
    return NULL;
}

static int lay_bare_link(struct bed *bed)
{
    for (int node = 0; node < 2; node++) {
        struct errand errand = {.bed = bed, .node = node, .result = -1};
        pthread_t thread;
        EXPECT(pthread_create(&thread, NULL, run_errand, &errand) == 0);
        (void)pthread_join(thread, NULL);
        EXPECT_DONE(errand.result, errand.err);
    }
    return 0;
}

/* -- paths ------------------------------------------------------------------------------------ */

/* A socket of a node at the address of `place`; on the bare link if that is the place of its end.
 */
static int open_at(struct bed *bed, int node, int place, int type)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(place, AF_INET, PORT, &address);
    int fd = sockets_open(bed->inlab.lab, node, AF_INET, type);

    if (place != node &&
        setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, bare_name, sizeof bare_name) < 0)
        return -1;
    return bind(fd, (struct sockaddr *)&address, len) < 0 ? -1 : fd;
}

static int open_path(struct bed *bed, int first_place, struct path *path)
{
    int listener = open_at(bed, 1, first_place + 1, SOCK_STREAM);

    EXPECT(listener >= 0 && listen(listener, 1) == 0);
    for (int node = 0; node < 2; node++) {
        EXPECT((path->udp[node] = open_at(bed, node, first_place + node, SOCK_DGRAM)) >= 0);
        path->len = sockets_address(first_place + !node, AF_INET, PORT, &path->far[node]);
    }
    EXPECT((path->ends[0] = open_at(bed, 0, first_place, SOCK_STREAM)) >= 0);
    (void)connect(path->ends[0], (struct sockaddr *)&path->far[0], path->len);
    struct pollfd near = {.fd = path->ends[0], .events = POLLOUT};
    struct pollfd incoming = {.fd = listener, .events = POLLIN};
    EXPECT(poll(&near, 1, PATIENCE_MS) == 1 && near.revents == POLLOUT);
    EXPECT(poll(&incoming, 1, PATIENCE_MS) == 1);
    path->ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    (void)close(listener);
    return path->ends[1] < 0;
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

static double stream_gbits(const struct path *path, int64_t length_ns)
{
    static char bytes[1 << 16];
    int64_t begin_ns = clock_now_ns(), total = 0;

    while (clock_now_ns() < begin_ns + length_ns) {
        struct pollfd fds[2] = {{.fd = path->ends[0], .events = POLLOUT},
                                {.fd = path->ends[1], .events = POLLIN}};
        (void)poll(fds, 2, 10);
        if (fds[0].revents)
            (void)!write(path->ends[0], bytes, sizeof bytes);
        ssize_t got = fds[1].revents ? read(path->ends[1], bytes, sizeof bytes) : 0;
        total += got > 0 ? got : 0;
    }
    return (double)total * 8 / (double)(clock_now_ns() - begin_ns);
}

static int probe(struct path *path, int round)
{
    static double rtt_ms[PINGS];

    for (int i = 0; i < PINGS; i++) {
        int64_t start_ns = clock_now_ns();
        EXPECT(hop(path, 0) == 0 && hop(path, 1) == 0);
        rtt_ms[i] = (double)(clock_now_ns() - start_ns) / 1e6;
    }
    path->rtt_ms[round] = median(rtt_ms, PINGS);
    path->gbits[round] = stream_gbits(path, NS_PER_SEC / 2);
    return 0;
}

static void print(const char *name, struct path *path, struct path *bare, bool promised)
{
    double rtt = median(path->rtt_ms, ROUNDS), bare_rtt = median(bare->rtt_ms, ROUNDS);
    double gbits = median(path->gbits, ROUNDS), bare_gbits = median(bare->gbits, ROUNDS);
    const char *quick = rtt - bare_rtt < 0.05 ? "yes" : "**no**";
    const char *wide = gbits > 0.97 * bare_gbits ? "yes" : "**no**";
    char goal[64] = "";

    if (promised)
        (void)snprintf(goal, sizeof goal, "0.05 ms at most: %s; 3 %% at most: %s", quick, wide);
    (void)printf(
        "| no fault, %s | nothing | round trip %.3f ms (bare link: %.3f ms), TCP %.1f Gbit/s "
        "(bare link: %.1f) | %s |\n",
        name, rtt, bare_rtt, gbits, bare_gbits, goal);
}

static int compare_paths(void *context)
{
    static struct path path, bare;
    struct bed *bed = context;
    const struct lab_options options = {.needs = bed->needs};
    struct err err;

    EXPECT_DONE(inlab_open(&bed->inlab, 2, &options, &err), err);
    EXPECT(lay_bare_link(bed) == 0);
    EXPECT(open_path(bed, 0, &path) == 0 && open_path(bed, BARE_PLACE, &bare) == 0);
    for (int round = 0; round < ROUNDS; round++)
        EXPECT(probe(&path, round) == 0 && probe(&bare, round) == 0);
    print(bed->needs ? "switch" : "bridge", &path, &bare, !bed->needs);
    inlab_close(&bed->inlab);
    return 0;
}

int main(void)
{
    static const unsigned needs[] = {0, NEED_SWITCH};
    int worst = 0;

    for (int i = 0; i < 2; i++) {
        static struct bed bed;
        struct err err;
        memset(&bed, 0, sizeof bed);
        bed.needs = needs[i];
        inlab_prepare(&bed.inlab);
        int status = lab_run(compare_paths, &bed, &err);
        if (status < 0)
            (void)fprintf(stderr, "bench_nemesis_paths: %s\n", err.msg);
        inlab_clean(&bed.inlab);
        worst |= status;
    }
    return worst != 0;
}
