/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/lab/frame.c: what is read, what is damaged, and that nothing beyond is touched.
 */
#include "../../harness/base/rng.h"
#include "../../harness/lab/address.h"
#include "../lib/check.h"
#include "../lib/frames.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>

static const struct frame_recipe recipes[] = {
    {0, 1, 4, IPPROTO_UDP, 999, 2379, "hello, world", 0, 0, 0},
    {0, 1, 6, IPPROTO_UDP, 999, 2379, "hello, worlds", 0, 0, 0},
    {CLIENTS, 4, 4, IPPROTO_TCP, 40000, 2379, "x", TH_ACK, 7, 4000000000},
    {4, CLIENTS, 6, IPPROTO_TCP, 2379, 40000, "abcdefg", TH_ACK | TH_PUSH, 4294967290, 12},
};

enum { RECIPES = sizeof recipes / sizeof recipes[0] };

static void test_frame__what_a_packet_carries_is_found(void **state)
{
    unsigned char bytes[1514];

    (void)state;
    for (int i = 0; i < RECIPES; i++) {
        struct frame frame;
        size_t len = frames_make(&recipes[i], bytes);
        assert_true(frames_checks_out(bytes, len));
        assert_true(frame_parse(&frame, bytes, len));
        assert_int_equal(frame.version, recipes[i].version);
        assert_int_equal(frame.protocol, recipes[i].protocol);
        assert_int_equal(frame.from_port, recipes[i].from_port);
        assert_int_equal(frame.to_port, recipes[i].to_port);
        assert_int_equal(frame.end, len);
        assert_memory_equal(bytes + frame.payload, recipes[i].data, strlen(recipes[i].data));
        assert_true(frame_has_port(&frame, 2379));
        assert_false(frame_has_port(&frame, 80));
        assert_int_equal(frame_destination(bytes, len), recipes[i].to);
        assert_true(frame_belongs(&frame, recipes[i].from, recipes[i].to));
    }
}

static void test_frame__strangers_are_told_from_places(void **state)
{
    unsigned char bytes[1514];
    struct frame frame;

    (void)state;
    size_t len = frames_make(&recipes[0], bytes);
    assert_true(frame_parse(&frame, bytes, len));
    bytes[26] = 10; /* the source address */
    assert_false(frame_belongs(&frame, 0, 1));
    bytes[5] = 0;
    assert_int_equal(frame_destination(bytes, len), -1);
    memset(bytes, 0xff, 6);
    assert_int_equal(frame_destination(bytes, len), -1);
    len = frames_make(&recipes[2], bytes);
    assert_true(frame_parse(&frame, bytes, len));
    assert_false(frame_belongs(&frame, 0, 4)); /* the controller's address from a node */
}

static void test_frame__other_protocols_and_tags_are_no_packets(void **state)
{
    unsigned char bytes[1514];
    struct frame frame;

    (void)state;
    size_t len = frames_make(&recipes[0], bytes);
    bytes[12] = 0x81, bytes[13] = 0; /* a VLAN tag */
    assert_false(frame_parse(&frame, bytes, len));
    bytes[12] = 8, bytes[13] = 6; /* ARP */
    assert_false(frame_parse(&frame, bytes, len));
}

static void test_frame__a_later_fragment_has_no_ports(void **state)
{
    unsigned char bytes[1514];
    struct frame frame;

    (void)state;
    size_t len = frames_make(&recipes[0], bytes);
    bytes[21] = 1; /* fragment offset */
    assert_true(frame_parse(&frame, bytes, len));
    assert_int_equal(frame.protocol, -1);
    assert_int_equal(frame.from_port, -1);
    assert_false(frame_corrupt(&frame, true, 5));
}

/* Every bit of every recipe: detected ones fail the check, repaired ones pass it and differ. */
static void test_frame__corruption_is_detected_or_repaired(void **state)
{
    unsigned char good[1514], bytes[1514];

    (void)state;
    for (int i = 0; i < RECIPES; i++) {
        size_t len = frames_make(&recipes[i], good);
        for (uint64_t chance = 0; chance < 8 * 64; chance++) {
            for (int repaired = 0; repaired < 2; repaired++) {
                struct frame frame;
                memcpy(bytes, good, len);
                assert_true(frame_parse(&frame, bytes, len));
                assert_true(frame_corrupt(&frame, repaired, chance));
                assert_int_equal(memcmp(bytes, good, frame.transport), 0);
                if (repaired) {
                    assert_true(frames_checks_out(bytes, len));
                    assert_int_not_equal(
                        memcmp(bytes + frame.payload, good + frame.payload, len - frame.payload),
                        0);
                } else {
                    assert_false(frames_checks_out(bytes, len));
                }
            }
        }
    }
}

static void test_frame__without_a_checksum_nothing_is_corrupted(void **state)
{
    unsigned char bytes[1514];
    struct frame frame;

    (void)state;
    size_t len = frames_make(&recipes[0], bytes);
    bytes[40] = bytes[41] = 0; /* of UDP: none was made */
    assert_true(frame_parse(&frame, bytes, len));
    assert_false(frame_corrupt(&frame, false, 3));
    assert_false(frame_corrupt(&frame, true, 3));
}

static void check_reset(unsigned char *bytes, size_t len, int from_port, uint32_t sequence)
{
    struct frame frame;
    struct tcphdr tcp;

    assert_true(frames_checks_out(bytes, len));
    assert_true(frame_parse(&frame, bytes, len));
    memcpy(&tcp, bytes + frame.transport, sizeof tcp);
    assert_true(tcp.rst);
    assert_int_equal(frame.from_port, from_port);
    assert_int_equal(ntohl(tcp.seq), sequence);
}

static void test_frame__resets_are_what_the_other_end_would_send(void **state)
{
    unsigned char bytes[1514], reset[FRAME_RESET_MAX];

    (void)state;
    for (int i = 2; i < RECIPES; i++) {
        struct frame frame;
        size_t len = frames_make(&recipes[i], bytes);
        assert_true(frame_parse(&frame, bytes, len));
        size_t size = frame_reset_sender(&frame, reset);
        check_reset(reset, size, recipes[i].to_port, recipes[i].acknowledges);
        assert_int_equal(frame_destination(reset, size), recipes[i].from);
        assert_true(frame_parse(&frame, bytes, len));
        size = frame_reset_receiver(&frame, reset);
        check_reset(reset, size, recipes[i].from_port, recipes[i].sequence);
        assert_int_equal(frame_destination(reset, size), recipes[i].to);
        assert_true(frame_parse(&frame, reset, size));
        assert_int_equal(frame_reset_sender(&frame, bytes), 0); /* resets are not reset */
    }
}

static void test_frame__a_refused_opening_is_acknowledged(void **state)
{
    struct frame_recipe opening = recipes[2];
    unsigned char bytes[1514], reset[FRAME_RESET_MAX];
    struct frame frame;
    struct tcphdr tcp;

    (void)state;
    opening.flags = TH_SYN;
    opening.data = "";
    size_t len = frames_make(&opening, bytes);
    assert_true(frame_parse(&frame, bytes, len));
    size_t size = frame_reset_sender(&frame, reset);
    check_reset(reset, size, 2379, 0);
    assert_true(frame_parse(&frame, reset, size));
    memcpy(&tcp, reset + frame.transport, sizeof tcp);
    assert_true(tcp.ack);
    assert_int_equal(ntohl(tcp.ack_seq), opening.sequence + 1);
    len = frames_make(&recipes[0], bytes);
    assert_true(frame_parse(&frame, bytes, len));
    assert_int_equal(frame_reset_sender(&frame, reset), 0); /* a datagram */
}

/* What anybody may send: noise, and real frames with some bytes changed, cut anywhere. The memory
 * is exactly as long as the frame, so that a sanitizer sees every step beyond. */
static void test_frame__garbage_is_survived(void **state)
{
    unsigned char real[1514], reset[FRAME_RESET_MAX];
    struct rng rng;

    (void)state;
    rng_init(&rng, 1, 0);
    for (int round = 0; round < 20000; round++) {
        size_t len = frames_make(&recipes[rng_below(&rng, RECIPES)], real);
        for (uint64_t i = rng_below(&rng, 8); i > 0; i--)
            real[rng_below(&rng, len)] = (unsigned char)rng_next(&rng);
        if (rng_below(&rng, 2))
            len = (size_t)rng_below(&rng, len + 1);
        unsigned char *bytes = malloc(len > 0 ? len : 1);
        assert_non_null(bytes);
        memcpy(bytes, real, len);
        struct frame frame;
        (void)frame_destination(bytes, len);
        if (frame_parse(&frame, bytes, len)) {
            assert_true(frame.transport <= frame.payload && frame.payload <= frame.end);
            assert_true(frame.end <= len);
            (void)frame_belongs(&frame, 0, 1);
            (void)frame_reset_sender(&frame, reset);
            (void)frame_reset_receiver(&frame, reset);
            (void)frame_corrupt(&frame, round % 2, rng_next(&rng));
        }
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frame__what_a_packet_carries_is_found),
        cmocka_unit_test(test_frame__strangers_are_told_from_places),
        cmocka_unit_test(test_frame__other_protocols_and_tags_are_no_packets),
        cmocka_unit_test(test_frame__a_later_fragment_has_no_ports),
        cmocka_unit_test(test_frame__corruption_is_detected_or_repaired),
        cmocka_unit_test(test_frame__without_a_checksum_nothing_is_corrupted),
        cmocka_unit_test(test_frame__resets_are_what_the_other_end_would_send),
        cmocka_unit_test(test_frame__a_refused_opening_is_acknowledged),
        cmocka_unit_test(test_frame__garbage_is_survived),
    };
    return cmocka_run_group_tests_name("lab/frame", tests, NULL, NULL);
}
