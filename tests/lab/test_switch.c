/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the lab's switch with real packets: what was declared is what receivers see, and what
 * the receipts count. Nothing is asked of how fast the machine is. */
#include "../../harness/base/clock.h"
#include "../lib/check.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NODES = 2, PORT = 999, PACKETS = 300, PATIENCE_MS = 20000 };

static const int families[2] = {AF_INET, AF_INET6};

struct bed {
    struct inlab inlab;
    int udp[2][NODES], listener; /* datagrams by family and node; TCP at n2 */
};

static int start(struct bed *bed)
{
    const struct lab_options options = {.needs = NEED_SWITCH};
    struct err err;

    EXPECT_DONE(inlab_open(&bed->inlab, NODES, &options, &err), err);
    for (int f = 0; f < 2; f++) {
        for (int node = 0; node < NODES; node++)
            EXPECT((bed->udp[f][node] =
                        sockets_bind(bed->inlab.lab, node, families[f], SOCK_DGRAM, PORT)) >= 0);
    }
    EXPECT((bed->listener = sockets_bind(bed->inlab.lab, 1, AF_INET, SOCK_STREAM, PORT)) >= 0);
    return 0;
}

/* n1's links to n2 have this shape from now on; NULL: everything is healthy. */
static int shape(struct bed *bed, const struct link_shape *shape)
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

static int receipt_of(struct bed *bed, struct receipt *receipt)
{
    struct err err;

    EXPECT_DONE(lab_receipt(bed->inlab.lab, receipt, NULL, &err), err);
    return 0;
}

/* -- datagrams -------------------------------------------------------------------------------- */

/* What n2 got: how many, how many of them with other bytes than were sent, how many behind a later
 * one. */
struct tally {
    int sent, arrived, changed, late;
};

static void send_numbers(struct bed *bed, int f, struct tally *tally)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(1, families[f], PORT, &address);
    int64_t twice[16];

    for (int i = 0; i < PACKETS; i++) {
        for (int k = 0; k < 16; k++)
            twice[k] = i;
        if (sendto(bed->udp[f][0], twice, sizeof twice, 0, (struct sockaddr *)&address, len) > 0)
            tally->sent++;
    }
}

static void hear(int fd, int64_t *latest, struct tally *tally)
{
    int64_t twice[16];

    while (recv(fd, twice, sizeof twice, 0) == (ssize_t)sizeof twice) {
        bool changed = false;
        tally->arrived++;
        for (int k = 1; k < 16; k++)
            changed = changed || twice[k] != twice[0];
        tally->changed += changed;
        if (changed)
            continue;
        tally->late += twice[0] < *latest;
        if (twice[0] > *latest)
            *latest = twice[0];
    }
}

/* Send from n1 to n2 under this shape, take it away, and hear until all has come that is not known
 * to be lost. */
static int count_datagrams(struct bed *bed, int f, const struct link_shape *how,
                           struct tally *tally, struct receipt *counted)
{
    struct receipt before, now;
    int64_t latest = -1, deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    uint64_t expected;

    *tally = (struct tally){0};
    EXPECT(receipt_of(bed, &before) == 0 && shape(bed, how) == 0);
    send_numbers(bed, f, tally);
    do {
        hear(bed->udp[f][1], &latest, tally);
        EXPECT(receipt_of(bed, &now) == 0);
        expected = (uint64_t)tally->sent - (now.lost - before.lost) +
                   (now.duplicated - before.duplicated) -
                   (how->corrupt_ppm ? now.corrupted - before.corrupted : 0);
    } while ((uint64_t)tally->arrived != expected && clock_now_ns() < deadline);
    EXPECT((uint64_t)tally->arrived == expected);
    EXPECT(shape(bed, NULL) == 0 && receipt_of(bed, &now) == 0);
    EXPECT(now.rules == 0 && now.overruns == before.overruns);
    *counted = (struct receipt){.delayed = now.delayed - before.delayed,
                                .lost = now.lost - before.lost,
                                .duplicated = now.duplicated - before.duplicated,
                                .reordered = now.reordered - before.reordered,
                                .corrupted = now.corrupted - before.corrupted};
    return 0;
}

static int check_family(struct bed *bed, int f)
{
    const struct link_shape lossy = {.loss_ppm = 300000};
    const struct link_shape bursty = {.loss_ppm = 300000, .loss_burst = 5};
    const struct link_shape twice = {.duplicate_ppm = 250000}, mixed = {.reorder_ppm = 250000};
    const struct link_shape broken = {.corrupt_ppm = 200000};
    const struct link_shape lying = {.corrupt_repaired_ppm = 200000};
    struct receipt counted;
    struct tally tally;

    EXPECT(count_datagrams(bed, f, &lossy, &tally, &counted) == 0);
    EXPECT(tally.sent == PACKETS && counted.lost > PACKETS / 8 && tally.changed == 0);
    EXPECT(count_datagrams(bed, f, &bursty, &tally, &counted) == 0);
    EXPECT(counted.lost > PACKETS / 16);
    EXPECT(count_datagrams(bed, f, &twice, &tally, &counted) == 0);
    EXPECT(counted.duplicated > PACKETS / 8 && tally.arrived > tally.sent && tally.late == 0);
    EXPECT(count_datagrams(bed, f, &mixed, &tally, &counted) == 0);
    EXPECT(counted.reordered > 0 && (uint64_t)tally.late == counted.reordered);
    EXPECT(tally.arrived == tally.sent);
    EXPECT(count_datagrams(bed, f, &broken, &tally, &counted) == 0);
    EXPECT(counted.corrupted > PACKETS / 16 && tally.changed == 0); /* the checksum told */
    EXPECT(count_datagrams(bed, f, &lying, &tally, &counted) == 0);
    EXPECT((uint64_t)tally.changed == counted.corrupted && counted.corrupted > PACKETS / 16);
    EXPECT(tally.arrived == tally.sent);
    return 0;
}

static int check_datagrams(void *context)
{
    struct bed *bed = context;

    EXPECT(start(bed) == 0);
    EXPECT(check_family(bed, 0) == 0 && check_family(bed, 1) == 0);
    inlab_close(&bed->inlab);
    return 0;
}

/* What is drawn for a packet follows from the seed: a second lab loses the same ones. */
static int check_same_losses(void *context)
{
    const struct link_shape lossy = {.loss_ppm = 400000, .loss_burst = 3};
    static bool arrived[2][PACKETS];
    struct bed *bed = context;

    memset(arrived, 0, sizeof arrived);
    for (int round = 0; round < 2; round++) {
        struct receipt counted, before;
        struct tally tally = {0};
        int64_t numbers[16];
        int count = 0;
        EXPECT(start(bed) == 0 && receipt_of(bed, &before) == 0 && shape(bed, &lossy) == 0);
        send_numbers(bed, 0, &tally);
        do {
            while (recv(bed->udp[0][1], numbers, sizeof numbers, 0) > 0) {
                arrived[round][numbers[0]] = true;
                count++;
            }
            EXPECT(receipt_of(bed, &counted) == 0);
        } while ((uint64_t)count + counted.lost < PACKETS);
        for (int f = 0; f < 2; f++) {
            (void)close(bed->udp[f][0]);
            (void)close(bed->udp[f][1]);
        }
        (void)close(bed->listener);
        inlab_close(&bed->inlab);
    }
    EXPECT(memcmp(arrived[0], arrived[1], sizeof arrived[0]) == 0);
    return 0;
}

/* -- time ------------------------------------------------------------------------------------- */

/* One datagram under this shape; how long it took, in ns. */
static int64_t time_one(struct bed *bed, int f)
{
    struct pollfd ready = {.fd = bed->udp[f][1], .events = POLLIN};
    struct sockaddr_storage address;
    socklen_t len = sockets_address(1, families[f], PORT, &address);
    int64_t start_ns = clock_now_ns();
    char bytes[1000] = "";

    if (sendto(bed->udp[f][0], bytes, sizeof bytes, 0, (struct sockaddr *)&address, len) < 0 ||
        poll(&ready, 1, PATIENCE_MS) != 1 || recv(bed->udp[f][1], bytes, sizeof bytes, 0) < 0)
        return -1;
    return clock_now_ns() - start_ns;
}

/* Nothing comes before its time; what is held when the fault goes comes then. */
static int check_times(void *context)
{
    const struct link_shape slow = {.delay_ns = 30 * NS_PER_MS};
    const struct link_shape narrow = {.rate_bps = 800000}; /* 1000 bytes in 10 ms */
    const struct link_shape stuck = {.delay_ns = 3600 * NS_PER_SEC};
    struct bed *bed = context;
    struct sockaddr_storage address;
    socklen_t len = sockets_address(1, AF_INET, PORT, &address);
    struct pollfd ready = {.fd = bed->udp[0][1], .events = POLLIN};

    EXPECT(start(bed) == 0);
    ready.fd = bed->udp[0][1];
    for (int f = 0; f < 2; f++) {
        EXPECT(shape(bed, &slow) == 0);
        EXPECT(time_one(bed, f) >= 30 * NS_PER_MS);
        EXPECT(shape(bed, &narrow) == 0);
        EXPECT(time_one(bed, f) >= 10 * NS_PER_MS);
    }
    EXPECT(shape(bed, &stuck) == 0);
    EXPECT(sendto(bed->udp[0][0], "x", 1, 0, (struct sockaddr *)&address, len) == 1);
    EXPECT(poll(&ready, 1, 20) == 0);
    EXPECT(shape(bed, NULL) == 0);
    EXPECT(poll(&ready, 1, PATIENCE_MS) == 1);
    inlab_close(&bed->inlab);
    return 0;
}

/* -- connections ------------------------------------------------------------------------------ */

/* Both ends learn that their connection is gone. */
static int check_resets(void *context)
{
    const struct link_shape rude = {.reset_ppm = 1000000};
    struct bed *bed = context;
    struct sockaddr_storage address;
    struct receipt receipt;
    socklen_t len = sockets_address(1, AF_INET, PORT, &address);
    int ends[2];
    char byte;

    EXPECT(start(bed) == 0);
    EXPECT(sockets_connect(bed->inlab.lab, 0, 1, AF_INET, PORT, bed->listener, ends) == 0);
    struct pollfd near = {.fd = ends[0], .events = POLLIN};
    struct pollfd far = {.fd = ends[1], .events = POLLIN};

    EXPECT(shape(bed, &rude) == 0);
    EXPECT(write(ends[0], "x", 1) == 1);
    EXPECT(poll(&near, 1, PATIENCE_MS) == 1 && read(ends[0], &byte, 1) < 0 && errno == ECONNRESET);
    EXPECT(poll(&far, 1, PATIENCE_MS) == 1 && read(ends[1], &byte, 1) < 0 && errno == ECONNRESET);
    int refused = sockets_open(bed->inlab.lab, 0, AF_INET, SOCK_STREAM);
    struct pollfd answer = {.fd = refused, .events = POLLOUT};
    int code = 0;
    socklen_t size = sizeof code;
    EXPECT(connect(refused, (struct sockaddr *)&address, len) < 0 && errno == EINPROGRESS);
    EXPECT(poll(&answer, 1, PATIENCE_MS) == 1);
    EXPECT(getsockopt(refused, SOL_SOCKET, SO_ERROR, &code, &size) == 0 && code == ECONNREFUSED);
    EXPECT(receipt_of(bed, &receipt) == 0 && receipt.resets == 2);
    inlab_close(&bed->inlab);
    return 0;
}

/* A bridge has no shapes: it says so instead of leaving the fault out. */
static int check_bridge_refuses(void *context)
{
    const struct lab_options options = {0};
    const struct link_rule rule = {NODE(0), NODE(1), 1, {.delay_ns = 1000}};
    struct bed *bed = context;
    struct world world;
    struct err err;

    EXPECT_DONE(inlab_open(&bed->inlab, NODES, &options, &err), err);
    world_clear(&world, NODES);
    EXPECT(world_shape(&world, &rule) == 0);
    EXPECT(lab_apply(bed->inlab.lab, &world, &err) < 0 && strstr(err.msg, "no switch"));
    inlab_close(&bed->inlab);
    return 0;
}

/* -- where it runs ---------------------------------------------------------------------------- */

static int run_in_lab(void *context)
{
    int (*const *controller)(void *) = context;
    static struct bed bed;
    struct err err;

    memset(&bed, 0, sizeof bed);
    inlab_prepare(&bed.inlab);
    int status = lab_run(*controller, &bed, &err);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    inlab_clean(&bed.inlab);
    return status & 0xff;
}

static void check_where(const char *why, int (*controller)(void *context))
{
    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(run_in_lab(&controller), 0);
    assert_int_equal(inlab_as_user(run_in_lab, &controller), 0);
}

static void check_places(int (*controller)(void *context))
{
    check_where(inlab_impossible(), controller);
}

static void test_switch__receivers_see_what_receipts_count(void **state)
{
    (void)state;
    check_places(check_datagrams);
}

static void test_switch__the_same_seed_loses_the_same_packets(void **state)
{
    (void)state;
    check_places(check_same_losses);
}

static void test_switch__nothing_arrives_early_and_healing_lets_go(void **state)
{
    (void)state;
    check_places(check_times);
}

static void test_switch__a_reset_reaches_both_ends(void **state)
{
    (void)state;
    check_places(check_resets);
}

static void test_switch__a_bridge_refuses_shapes(void **state)
{
    (void)state;
    check_where(inlab_no_bridge(), check_bridge_refuses);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_switch__receivers_see_what_receipts_count),
        cmocka_unit_test(test_switch__the_same_seed_loses_the_same_packets),
        cmocka_unit_test(test_switch__nothing_arrives_early_and_healing_lets_go),
        cmocka_unit_test(test_switch__a_reset_reaches_both_ends),
        cmocka_unit_test(test_switch__a_bridge_refuses_shapes),
    };
    return cmocka_run_group_tests_name("lab/switch", tests, NULL, NULL);
}
