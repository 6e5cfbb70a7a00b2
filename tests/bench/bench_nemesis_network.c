/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_nemesis_network.c - network faults as receivers see them, beside what was declared.
 *
 * Usage: bench_nemesis_network. Rows of a table (Markdown): the fault, what was declared, what was
 * measured from outside, and whether that is within what the project promises. Arrivals are stamped
 * by the kernel, so that a busy machine does not lengthen them; other processes still can.
 */
#include "../../harness/base/clock.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NODES = 5, PLACES = NODES + 1, PORT = 999, PATIENCE_MS = 20000, CHUNK = 100 };

static const int families[2] = {AF_INET, AF_INET6};

struct bed {
    struct inlab inlab;
    unsigned needs;
    int udp[2][PLACES], listener; /* of n2 */
};

static int place_of(int i)
{
    return i == NODES ? CLIENTS : i;
}

static int start(struct bed *bed)
{
    const struct lab_options options = {.needs = bed->needs};
    const int on = 1;
    struct err err;

    EXPECT_DONE(inlab_open(&bed->inlab, NODES, &options, &err), err);
    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < PLACES; i++) {
            bed->udp[f][i] =
                sockets_bind(bed->inlab.lab, place_of(i), families[f], SOCK_DGRAM, PORT);
            EXPECT(bed->udp[f][i] >= 0);
            (void)setsockopt(bed->udp[f][i], SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        }
    }
    bed->listener = sockets_bind(bed->inlab.lab, 1, AF_INET, SOCK_STREAM, PORT);
    EXPECT(bed->listener >= 0);
    return 0;
}

static void row(const char *fault, const char *declared, const char *measured, const char *goal,
                bool met)
{
    (void)printf("| %s | %s | %s | %s%s |\n", fault, declared, measured, goal,
                 goal[0] == '\0' ? ""
                 : met           ? ": yes"
                                 : ": **no**");
    (void)fflush(stdout);
}

/* -- declaring -------------------------------------------------------------------------------- */

static int declare(struct bed *bed, const struct link_shape *shape)
{
    struct world world;
    struct err err;

    world_clear(&world, NODES);
    if (shape) {
        const struct link_rule rule = {NODE(0), NODE(1), 17, *shape};
        EXPECT(world_shape(&world, &rule) == 0);
    }
    EXPECT_DONE(lab_apply(bed->inlab.lab, &world, &err), err);
    return 0;
}

static struct receipt receipt_of(struct bed *bed)
{
    struct receipt receipt;
    struct err err;

    if (lab_receipt(bed->inlab.lab, &receipt, NULL, &err) < 0)
        abort();
    return receipt;
}

/* -- datagrams -------------------------------------------------------------------------------- */

struct datagram {
    int64_t number, sent_ns; /* by the wall clock */
    int64_t filling[6];      /* both again, three times */
};

static void send_one(const struct bed *bed, int f, int from, int to, int64_t number)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(place_of(to), families[f], PORT, &address);
    struct datagram datagram = {.number = number};

    datagram.sent_ns = clock_wall_ns();
    for (int i = 0; i < 6; i++)
        datagram.filling[i] = i % 2 ? datagram.sent_ns : number;
    (void)!sendto(bed->udp[f][from], &datagram, sizeof datagram, 0, (struct sockaddr *)&address,
                  len);
}

/* The next datagram and when the kernel got it; false if there is none. */
static bool receive_one(int fd, struct datagram *datagram, int64_t *arrived_ns)
{
    _Alignas(8) char control[256];
    struct iovec iov = {datagram, sizeof *datagram};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct timespec stamp = {0};

    if (recvmsg(fd, &message, MSG_DONTWAIT) != (ssize_t)sizeof *datagram)
        return false;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    if (head && head->cmsg_type == SCM_TIMESTAMPNS)
        memcpy(&stamp, CMSG_DATA(head), sizeof stamp);
    *arrived_ns = stamp.tv_sec * NS_PER_SEC + stamp.tv_nsec;
    return true;
}

struct tally {
    int sent, arrived, changed, late, bursts;
    double sum_ms, squares_ms;
};

static void hear(struct bed *bed, int64_t *latest, struct tally *tally)
{
    struct datagram datagram;
    int64_t arrived_ns;

    while (receive_one(bed->udp[0][1], &datagram, &arrived_ns)) {
        double ms = (double)(arrived_ns - datagram.sent_ns) / 1e6;
        bool changed = false;
        tally->arrived++;
        for (int i = 0; i < 6; i++)
            changed =
                changed || datagram.filling[i] != (i % 2 ? datagram.sent_ns : datagram.number);
        tally->changed += changed;
        if (changed)
            continue;
        tally->sum_ms += ms;
        tally->squares_ms += ms * ms;
        tally->late += datagram.number < *latest;
        tally->bursts += datagram.number > *latest + 1;
        if (datagram.number > *latest)
            *latest = datagram.number;
    }
}

/* n1 sends so many to n2, `gap_ns` apart, or in chunks none of which is too much for a buffer. */
static int send_all(struct bed *bed, const struct link_shape *shape, int count, int64_t gap_ns,
                    struct tally *tally)
{
    const struct receipt before = receipt_of(bed);
    int64_t latest = -1, next_ns = clock_now_ns();

    *tally = (struct tally){.sent = count};
    EXPECT(declare(bed, shape) == 0);
    for (int number = 0; number < count; number++) {
        if (gap_ns > 0) {
            clock_sleep_until(next_ns += gap_ns);
        } else if (number % CHUNK == 0) {
            (void)receipt_of(bed); /* the switch has had its turn */
        }
        send_one(bed, 0, 0, 1, number);
        hear(bed, &latest, tally);
    }
    int64_t deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    for (;;) {
        const struct receipt now = receipt_of(bed);
        int64_t expected =
            count + (int64_t)(now.duplicated - before.duplicated) -
            (int64_t)(now.lost - before.lost) -
            (shape && shape->corrupt_ppm ? (int64_t)(now.corrupted - before.corrupted) : 0);
        hear(bed, &latest, tally);
        if (tally->arrived >= expected || clock_now_ns() > deadline)
            break;
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return declare(bed, NULL);
}

static int measure_losses(struct bed *bed)
{
    static const struct {
        int64_t ppm, burst;
        const char *declared;
    } losses[] = {{10000, 1, "1 %, each by itself"},
                  {300000, 1, "30 %, each by itself"},
                  {100000, 10, "10 %, bursts of 10"}};
    enum { COUNT = 100000 };

    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        const struct link_shape shape = {.loss_ppm = losses[i].ppm, .loss_burst = losses[i].burst};
        struct tally tally;
        char text[160];
        EXPECT(send_all(bed, &shape, COUNT, 0, &tally) == 0);
        double lost = 100.0 * (COUNT - tally.arrived) / COUNT;
        double burst = tally.bursts > 0 ? (double)(COUNT - tally.arrived) / tally.bursts : 0;
        (void)snprintf(text, sizeof text, "%.2f %% of 100,000 packets, in bursts of %.1f", lost,
                       burst);
        row("loss", losses[i].declared, text, "within 1 percentage point",
            fabs(lost - (double)losses[i].ppm / 1e4) < 1);
    }
    return 0;
}

static int measure_delays(struct bed *bed)
{
    static const struct {
        double mean_ms, jitter_ms;
        int64_t distribution;
        const char *declared;
    } delays[] = {{0.5, 0, LINK_UNIFORM, "0.5 ms"},
                  {2, 0, LINK_UNIFORM, "2 ms"},
                  {10, 0, LINK_UNIFORM, "10 ms"},
                  {50, 10, LINK_UNIFORM, "50 ms ± 10 ms, uniform"},
                  {50, 10, LINK_NORMAL, "50 ms, deviation 10 ms, normal"},
                  {50, 10, LINK_EXPONENTIAL, "50 ms, deviation 10 ms, exponential"},
                  {50, 10, LINK_PARETO, "50 ms, deviation 10 ms, Pareto"},
                  {200, 0, LINK_UNIFORM, "200 ms"}};
    enum { COUNT = 2000 };
    struct tally plain;

    EXPECT(send_all(bed, NULL, COUNT, NS_PER_MS / 2, &plain) == 0);
    double base_ms = plain.sum_ms / plain.arrived;
    for (size_t i = 0; i < sizeof delays / sizeof delays[0]; i++) {
        const struct link_shape shape = {.delay_ns = (int64_t)(delays[i].mean_ms * 1e6),
                                         .jitter_ns = (int64_t)(delays[i].jitter_ms * 1e6),
                                         .distribution = delays[i].distribution};
        struct tally tally;
        char text[160];
        EXPECT(send_all(bed, &shape, COUNT, NS_PER_MS / 2, &tally) == 0);
        double mean = tally.sum_ms / tally.arrived;
        double deviation = sqrt(fmax(0, tally.squares_ms / tally.arrived - mean * mean));
        bool small = delays[i].mean_ms < 10;
        (void)snprintf(text, sizeof text, "mean %.3f ms, deviation %.3f ms (without: %.3f ms)",
                       mean, deviation, base_ms);
        row("delay", delays[i].declared, text, small ? "within 0.3 ms" : "mean within 2 %",
            fabs(mean - delays[i].mean_ms) < (small ? 0.3 : 0.02 * delays[i].mean_ms));
    }
    return 0;
}

static int measure_damage(struct bed *bed)
{
    enum { COUNT = 20000 };
    struct receipt before = receipt_of(bed), after;
    struct tally tally;
    char text[160];

    EXPECT(send_all(bed, &(struct link_shape){.duplicate_ppm = 100000}, COUNT, 0, &tally) == 0);
    after = receipt_of(bed);
    (void)snprintf(text, sizeof text, "%d of %d arrived twice; receipt %d", tally.arrived - COUNT,
                   COUNT, (int)(after.duplicated - before.duplicated));
    row("duplicate", "10 %", text, "receiver and receipt agree",
        tally.arrived - COUNT == (int)(after.duplicated - before.duplicated));

    before = after;
    EXPECT(send_all(bed, &(struct link_shape){.reorder_ppm = 100000}, COUNT, 0, &tally) == 0);
    after = receipt_of(bed);
    (void)snprintf(text, sizeof text, "%d of %d behind a later one; receipt %d; none lost: %s",
                   tally.late, COUNT, (int)(after.reordered - before.reordered),
                   tally.arrived == COUNT ? "yes" : "no");
    row("reorder", "10 %", text, "receiver and receipt agree",
        tally.late == (int)(after.reordered - before.reordered) && tally.arrived == COUNT);

    before = after;
    EXPECT(send_all(bed, &(struct link_shape){.corrupt_ppm = 100000}, COUNT, 0, &tally) == 0);
    after = receipt_of(bed);
    (void)snprintf(
        text, sizeof text, "%d of %d dropped by checksum, %d delivered wrong; receipt %d",
        COUNT - tally.arrived, COUNT, tally.changed, (int)(after.corrupted - before.corrupted));
    row("corrupt detected", "10 %", text, "receiver and receipt agree",
        tally.changed == 0 && COUNT - tally.arrived == (int)(after.corrupted - before.corrupted));

    before = after;
    EXPECT(send_all(bed, &(struct link_shape){.corrupt_repaired_ppm = 100000}, COUNT, 0, &tally) ==
           0);
    after = receipt_of(bed);
    (void)snprintf(text, sizeof text, "%d of %d delivered with a bit flipped; receipt %d",
                   tally.changed, COUNT, (int)(after.corrupted - before.corrupted));
    row("corrupt repaired", "10 %", text, "receiver and receipt agree",
        tally.arrived == COUNT && tally.changed == (int)(after.corrupted - before.corrupted));
    return 0;
}

/* -- connections ------------------------------------------------------------------------------ */

/* Bytes a second from ends[0] to ends[1] for so long. */
static double stream(const int ends[2], int64_t length_ns)
{
    static char bytes[1 << 16];
    int64_t begin_ns = clock_now_ns(), total = 0;

    while (clock_now_ns() < begin_ns + length_ns) {
        struct pollfd fds[2] = {{.fd = ends[0], .events = POLLOUT},
                                {.fd = ends[1], .events = POLLIN}};
        (void)poll(fds, 2, 10);
        if (fds[0].revents)
            (void)!write(ends[0], bytes, sizeof bytes);
        ssize_t got = fds[1].revents ? read(ends[1], bytes, sizeof bytes) : 0;
        total += got > 0 ? got : 0;
    }
    return (double)total * 1e9 / (double)(clock_now_ns() - begin_ns);
}

static int connect_nodes(struct bed *bed, int ends[2])
{
    EXPECT(sockets_connect(bed->inlab.lab, 0, 1, AF_INET, PORT, bed->listener, ends) == 0);
    return 0;
}

static int measure_rates(struct bed *bed)
{
    static const int rates_kbps[] = {5000, 50000};

    for (size_t i = 0; i < sizeof rates_kbps / sizeof rates_kbps[0]; i++) {
        const struct link_shape shape = {.rate_bps = rates_kbps[i] * INT64_C(1000)};
        char declared[64], text[160];
        int ends[2];
        EXPECT(connect_nodes(bed, ends) == 0 && declare(bed, &shape) == 0);
        (void)stream(ends, NS_PER_SEC); /* what buffers swallow at first */
        double rate = stream(ends, 2 * NS_PER_SEC) * 8 / 1000;
        EXPECT(declare(bed, NULL) == 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)snprintf(declared, sizeof declared, "%d kbit/s", rates_kbps[i]);
        (void)snprintf(text, sizeof text, "TCP carries %.0f kbit/s of data", rate);
        row("rate", declared, text, "90 to 100 % of it, headers take the rest",
            rate > 0.9 * rates_kbps[i] && rate <= rates_kbps[i]);
    }
    return 0;
}

static int measure_resets(struct bed *bed)
{
    enum { COUNT = 200 };
    const struct link_shape shape = {.reset_ppm = 1000000};
    int both = 0;
    char text[160], byte;

    for (int i = 0; i < COUNT; i++) {
        int ends[2];
        EXPECT(connect_nodes(bed, ends) == 0 && declare(bed, &shape) == 0);
        EXPECT(write(ends[0], "x", 1) == 1);
        struct pollfd fds[2] = {{.fd = ends[0], .events = POLLIN},
                                {.fd = ends[1], .events = POLLIN}};
        both += poll(&fds[0], 1, PATIENCE_MS) == 1 && read(ends[0], &byte, 1) < 0 &&
                poll(&fds[1], 1, PATIENCE_MS) == 1 && read(ends[1], &byte, 1) < 0;
        EXPECT(declare(bed, NULL) == 0);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
    (void)snprintf(text, sizeof text, "of %d connections %d were reset at both ends", COUNT, both);
    row("reset", "100 %", text, "all", both == COUNT);
    return 0;
}

/* -- cuts ------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Which ordered pairs of places pass datagrams of both families, against `world`; how many differ.
 * What is under way is waited for by the marks that follow it on links that are not cut. */
static int count_wrong_pairs(struct bed *bed, const struct world *world)
{
    int wrong = 0;

    for (int f = 0; f < 2; f++) {
        for (int from = 0; from < PLACES; from++) {
            for (int to = 0; to < PLACES; to++) {
                struct pollfd ready = {.fd = bed->udp[f][to], .events = POLLIN};
                struct datagram datagram;
                int64_t stamp;
                bool cut = world->cut[place_of(from)] & NODE(place_of(to));
                if (from == to)
                    continue;
                send_one(bed, f, from, to, 1);
                (void)receipt_of(bed);
                wrong += (poll(&ready, 1, cut ? 5 : PATIENCE_MS) == 1) == cut;
                while (receive_one(bed->udp[f][to], &datagram, &stamp))
                    continue;
            }
        }
    }
    return wrong;
}

static int measure_cuts(struct bed *bed, const char *path)
{
    enum { ROUNDS = 101 };
    double cut_ms[ROUNDS], heal_ms[ROUNDS];
    struct world cut, healthy;
    struct err err;
    char text[160];

    world_clear(&healthy, NODES);
    world_clear(&cut, NODES);
    world_cut_between(&cut, 0x3, 0x1c);
    for (int i = 0; i < ROUNDS; i++) {
        int64_t start_ns = clock_now_ns();
        EXPECT_DONE(lab_apply(bed->inlab.lab, &cut, &err), err);
        int64_t cut_ns = clock_now_ns();
        EXPECT_DONE(lab_apply(bed->inlab.lab, &healthy, &err), err);
        cut_ms[i] = (double)(cut_ns - start_ns) / 1e6;
        heal_ms[i] = (double)(clock_now_ns() - cut_ns) / 1e6;
    }
    EXPECT_DONE(lab_apply(bed->inlab.lab, &cut, &err), err);
    int wrong = count_wrong_pairs(bed, &cut);
    EXPECT_DONE(lab_apply(bed->inlab.lab, &healthy, &err), err);
    wrong += count_wrong_pairs(bed, &healthy);
    (void)snprintf(text, sizeof text, "%d of 60 ordered pairs, IPv4 and IPv6, differ", wrong);
    row(path, "{n1,n2} cut from {n3,n4,n5}, and healed", text, "none", wrong == 0);
    qsort(cut_ms, ROUNDS, sizeof *cut_ms, compare);
    qsort(heal_ms, ROUNDS, sizeof *heal_ms, compare);
    (void)snprintf(text, sizeof text,
                   "in force after %.3f ms, healed after %.3f ms (medians of %d)",
                   cut_ms[ROUNDS / 2], heal_ms[ROUNDS / 2], ROUNDS);
    row(path, "time to effect and to heal", text, "", true);
    return 0;
}

/* -- labs ------------------------------------------------------------------------------------- */

static int on_bridge(void *context)
{
    struct bed *bed = context;

    EXPECT(start(bed) == 0);
    EXPECT(measure_cuts(bed, "partition, bridge") == 0);
    inlab_close(&bed->inlab);
    return 0;
}

static int on_switch(void *context)
{
    struct bed *bed = context;

    bed->needs = NEED_SWITCH;
    EXPECT(start(bed) == 0);
    EXPECT(measure_cuts(bed, "partition, switch") == 0);
    EXPECT(measure_losses(bed) == 0 && measure_delays(bed) == 0 && measure_damage(bed) == 0);
    EXPECT(measure_rates(bed) == 0 && measure_resets(bed) == 0);
    EXPECT(receipt_of(bed).overruns == 0);
    inlab_close(&bed->inlab);
    return 0;
}

int main(void)
{
    static int (*const controllers[])(void *) = {on_bridge, on_switch};
    int worst = 0;

    for (int i = 0; i < 2; i++) {
        static struct bed bed;
        struct err err;
        memset(&bed, 0, sizeof bed);
        inlab_prepare(&bed.inlab);
        int status = lab_run(controllers[i], &bed, &err);
        if (status < 0)
            (void)fprintf(stderr, "bench_nemesis_network: %s\n", err.msg);
        inlab_clean(&bed.inlab);
        worst |= status;
    }
    return worst != 0;
}
