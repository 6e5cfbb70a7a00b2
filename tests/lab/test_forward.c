/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/lab/forward.c, with times told: what goes where, when, how often, and is
 * counted. */
#include "../../harness/base/clock.h"
#include "../../harness/lab/forward.h"
#include "../lib/check.h"
#include "../lib/frames.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { NODES = 3, GONE_MAX = 4096, MS = 1000000 };

/* What has left the switch: where to, and the number that the sender wrote into it. */
struct gone {
    int to, number;
};

struct fixture {
    struct forward forward;
    struct gone gone[GONE_MAX];
    int gone_count;
    int next; /* number of the next packet */
};

static void gather(void *context, int to, const unsigned char *bytes, size_t len)
{
    struct fixture *fixture = context;
    unsigned char copy[1514 + 1]; /* the number ends where the frame does */
    struct frame frame;

    assert_true(len < sizeof copy);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    assert_true(fixture->gone_count < GONE_MAX);
    assert_true(frame_parse(&frame, copy, len));
    fixture->gone[fixture->gone_count++] =
        (struct gone){to, (int)strtol((const char *)copy + frame.payload, NULL, 10)};
}

static struct fixture *start(void)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    assert_non_null(fixture);
    forward_init(&fixture->forward, gather, fixture);
    return fixture;
}

static void end(struct fixture *fixture)
{
    forward_release(&fixture->forward);
    free(fixture);
}

static void send_to(struct fixture *fixture, int from, int to, int port, int64_t now_ns)
{
    char data[16];
    unsigned char bytes[1514];

    (void)snprintf(data, sizeof data, "%d", fixture->next++);
    const struct frame_recipe recipe = {.from = from,
                                        .to = to,
                                        .version = fixture->next % 2 ? 4 : 6,
                                        .protocol = IPPROTO_UDP,
                                        .from_port = 1000,
                                        .to_port = port,
                                        .data = data};
    size_t len = frames_make(&recipe, bytes);
    forward_frame(&fixture->forward, from, bytes, len, now_ns);
}

static void shape(struct world *world, node_set from, node_set to, struct link_shape shape)
{
    const struct link_rule rule = {.from = from, .to = to, .seed = 5, .shape = shape};

    assert_int_equal(world_shape(world, &rule), 0);
}

static void apply(struct fixture *fixture, const struct world *world, int64_t now_ns)
{
    assert_int_equal(forward_apply(&fixture->forward, world, now_ns), 0);
}

static const struct link_effects *effects_of(const struct fixture *fixture, int from, int to)
{
    return &fixture->forward.effects[from * PLACES_MAX + to];
}

static void test_forward__a_healthy_switch_passes_everything_at_once(void **state)
{
    struct fixture *fixture = start();

    (void)state;
    send_to(fixture, 0, 1, 80, 0);
    send_to(fixture, CLIENTS, 2, 80, 0);
    send_to(fixture, 2, CLIENTS, 80, 0);
    assert_int_equal(fixture->gone_count, 3);
    assert_int_equal(fixture->gone[0].to, 1);
    assert_int_equal(fixture->gone[1].to, 2);
    assert_int_equal(fixture->gone[2].to, CLIENTS);
    assert_int_equal(forward_rules(&fixture->forward), 0);
    end(fixture);
}

static void test_forward__cuts_are_one_way_and_counted(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    world.cut[0] = NODE(1) | NODE(CLIENTS);
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 0);
    send_to(fixture, 0, CLIENTS, 80, 0);
    send_to(fixture, 1, 0, 80, 0);
    send_to(fixture, 0, 2, 80, 0);
    assert_int_equal(fixture->gone_count, 2);
    assert_int_equal(effects_of(fixture, 0, 1)->cut, 1);
    assert_int_equal(effects_of(fixture, 0, CLIENTS)->cut, 1);
    assert_int_equal(effects_of(fixture, 1, 0)->cut, 0);
    assert_int_equal(forward_rules(&fixture->forward), 2);
    world_clear(&world, NODES);
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 0);
    assert_int_equal(fixture->gone_count, 3);
    assert_int_equal(effects_of(fixture, 0, 1)->cut, 1); /* counters only grow */
    end(fixture);
}

static void test_forward__delayed_packets_leave_when_they_are_due(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.delay_ns = 10 * MS});
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 1 * MS);
    send_to(fixture, 0, 1, 80, 2 * MS);
    send_to(fixture, 1, 0, 80, 2 * MS); /* the other way is not delayed */
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(forward_due(&fixture->forward, 11 * MS - 1), 11 * MS);
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(forward_due(&fixture->forward, 11 * MS), 12 * MS);
    assert_int_equal(fixture->gone[1].number, 0);
    assert_int_equal(forward_due(&fixture->forward, 12 * MS), INT64_MAX);
    assert_int_equal(fixture->gone[2].number, 1);
    assert_int_equal(effects_of(fixture, 0, 1)->delayed, 2);
    assert_int_equal(effects_of(fixture, 0, 1)->reordered, 0);
    end(fixture);
}

static void test_forward__healing_lets_go_at_once_and_in_order(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1) | NODE(2), (struct link_shape){.delay_ns = 1000 * MS});
    apply(fixture, &world, 0);
    for (int i = 0; i < 100; i++)
        send_to(fixture, 0, 1 + i % 2, 80, i);
    assert_int_equal(fixture->gone_count, 0);
    world_clear(&world, NODES);
    apply(fixture, &world, 200);
    assert_int_equal(fixture->gone_count, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(fixture->gone[i].number, i);
    assert_int_equal(forward_due(&fixture->forward, 300), INT64_MAX);
    end(fixture);
}

static void test_forward__a_cut_drops_what_is_on_its_way(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.delay_ns = 10 * MS});
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 0);
    world.cut[0] = NODE(1);
    apply(fixture, &world, 1 * MS);
    assert_int_equal(forward_due(&fixture->forward, 10 * MS), INT64_MAX);
    assert_int_equal(fixture->gone_count, 0);
    assert_int_equal(effects_of(fixture, 0, 1)->cut, 1);
    end(fixture);
}

static void test_forward__duplicates_and_losses_are_exactly_those_counted(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1),
          (struct link_shape){.loss_ppm = 200000, .loss_burst = 2, .duplicate_ppm = 300000});
    apply(fixture, &world, 0);
    for (int i = 0; i < 1000; i++)
        send_to(fixture, 0, 1, 80, i);
    const struct link_effects *effects = effects_of(fixture, 0, 1);
    assert_true(effects->lost > 100 && effects->duplicated > 150);
    assert_int_equal(fixture->gone_count, 1000 - effects->lost + effects->duplicated);
    assert_int_equal(effects->reordered, 0);
    end(fixture);
}

/* How many are behind one that was sent later. */
static uint64_t count_reordered(const struct fixture *fixture)
{
    uint64_t count = 0;
    int most = 0;

    for (int i = 0; i < fixture->gone_count; i++) {
        count += fixture->gone[i].number < most;
        if (fixture->gone[i].number > most)
            most = fixture->gone[i].number;
    }
    return count;
}

static void test_forward__reordered_packets_are_overtaken_and_all_arrive(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.reorder_ppm = 200000});
    apply(fixture, &world, 0);
    for (int i = 0; i < 1000; i++) {
        send_to(fixture, 0, 1, 80, i * 1000);
        (void)forward_due(&fixture->forward, i * 1000);
    }
    (void)forward_due(&fixture->forward, 1000 * MS);
    assert_int_equal(fixture->gone_count, 1000);
    assert_true(count_reordered(fixture) > 50);
    assert_int_equal(effects_of(fixture, 0, 1)->reordered, count_reordered(fixture));
    end(fixture);
}

static void test_forward__one_that_nobody_overtakes_arrives_all_the_same(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.reorder_ppm = 1000000});
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 0);
    assert_int_equal(fixture->gone_count, 0);
    assert_int_equal(forward_due(&fixture->forward, 20 * MS), INT64_MAX);
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(effects_of(fixture, 0, 1)->reordered, 0);
    end(fixture);
}

static void test_forward__only_the_named_port_is_shaped(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.loss_ppm = 1000000, .port = 2380});
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 2379, 0);
    send_to(fixture, 0, 1, 2380, 0);
    assert_int_equal(fixture->gone_count, 1);
    assert_int_equal(effects_of(fixture, 0, 1)->lost, 1);
    end(fixture);
}

static void test_forward__shapes_of_one_link_add_up(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.delay_ns = 10 * MS});
    shape(&world, NODE(0), NODE(1), (struct link_shape){.delay_ns = 5 * MS});
    apply(fixture, &world, 0);
    send_to(fixture, 0, 1, 80, 0);
    assert_int_equal(forward_due(&fixture->forward, 0), 15 * MS);
    end(fixture);
}

/* What other faults come and go meanwhile changes nothing about which packets a fault picks. */
static void test_forward__a_shape_goes_on_counting_through_other_declarations(void **state)
{
    const struct link_shape lossy = {.loss_ppm = 300000, .loss_burst = 3};
    struct fixture *left = start(), *right = start();
    struct world world, more;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), lossy);
    world_clear(&more, NODES);
    shape(&more, NODE(1), NODE(2), (struct link_shape){.delay_ns = MS});
    shape(&more, NODE(0), NODE(1), lossy);
    more.cut[2] = NODE(0);
    apply(left, &world, 0);
    apply(right, &world, 0);
    for (int i = 0; i < 500; i++) {
        if (i % 10 == 0)
            apply(right, i % 20 ? &world : &more, i);
        send_to(left, 0, 1, 80, i);
        send_to(right, 0, 1, 80, i);
    }
    assert_int_equal(left->gone_count, right->gone_count);
    assert_memory_equal(left->gone, right->gone, sizeof left->gone);
    end(left);
    end(right);
}

static void test_forward__a_flapping_link_is_down_half_of_the_time(void **state)
{
    struct fixture *fixture = start();
    struct world world;

    (void)state;
    world_clear(&world, NODES);
    shape(&world, NODE(0), NODE(1), (struct link_shape){.flap_ns = 10 * MS});
    apply(fixture, &world, 3 * MS);
    for (int i = 0; i < 40; i++) {
        int before = fixture->gone_count;
        send_to(fixture, 0, 1, 80, (3 + i) * MS);
        assert_int_equal(fixture->gone_count - before, i % 10 >= 5);
    }
    assert_int_equal(effects_of(fixture, 0, 1)->lost, 20);
    end(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward__a_healthy_switch_passes_everything_at_once),
        cmocka_unit_test(test_forward__cuts_are_one_way_and_counted),
        cmocka_unit_test(test_forward__delayed_packets_leave_when_they_are_due),
        cmocka_unit_test(test_forward__healing_lets_go_at_once_and_in_order),
        cmocka_unit_test(test_forward__a_cut_drops_what_is_on_its_way),
        cmocka_unit_test(test_forward__duplicates_and_losses_are_exactly_those_counted),
        cmocka_unit_test(test_forward__reordered_packets_are_overtaken_and_all_arrive),
        cmocka_unit_test(test_forward__one_that_nobody_overtakes_arrives_all_the_same),
        cmocka_unit_test(test_forward__only_the_named_port_is_shaped),
        cmocka_unit_test(test_forward__shapes_of_one_link_add_up),
        cmocka_unit_test(test_forward__a_flapping_link_is_down_half_of_the_time),
        cmocka_unit_test(test_forward__a_shape_goes_on_counting_through_other_declarations),
    };
    return cmocka_run_group_tests_name("lab/forward", tests, NULL, NULL);
}
