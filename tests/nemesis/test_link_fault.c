/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the nemeses that spoil links ("delay", "loss", "duplicate", "reorder", "corrupt",
 * "rate", "reset", "flap"): whose links, how badly, and how much of it is counted as theirs. */
#include "../../harness/link_fault.h"
#include "../lib/check.h"
#include "../lib/declare.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

extern const struct nemesis nemesis_delay, nemesis_loss, nemesis_duplicate, nemesis_reorder,
    nemesis_corrupt, nemesis_rate, nemesis_reset, nemesis_flap;

static const struct nemesis *const all[] = {&nemesis_delay,   &nemesis_loss,    &nemesis_duplicate,
                                            &nemesis_reorder, &nemesis_corrupt, &nemesis_rate,
                                            &nemesis_reset,   &nemesis_flap};

enum { ALL = sizeof all / sizeof all[0], NODES = 5 };

static int declare(const struct fault *fault, struct world *mine, struct buf *value)
{
    const struct situation situation = {.node_count = NODES, .leaders = NODE(2)};
    struct err err;

    buf_init(value, 0);
    world_clear(mine, NODES);
    return fault->nemesis->declare(fault, &situation, declare_names, mine, value, &err);
}

/* Whether packets from a to b are under a rule of `mine`. */
static bool is_shaped(const struct world *mine, int from, int to)
{
    for (int i = 0; i < mine->link_count; i++) {
        if (mine->links[i].from & NODE(from) && mine->links[i].to & NODE(to) && from != to)
            return true;
    }
    return false;
}

static void check_drawn(const struct nemesis *nemesis, struct rng *rng)
{
    struct fault fault = {.nemesis = nemesis, .seed = rng_next(rng) >> 1};
    struct world mine;
    struct buf value;
    int known = 0;

    nemesis->draw(rng, NODES, true, &fault);
    for (; nemesis->params[known].name; known++) {
        assert_true(fault.params[known] >= nemesis->params[known].least);
        assert_true(fault.params[known] <= nemesis->params[known].most);
    }
    assert_true(known <= FAULT_PARAMS_MAX);
    assert_int_equal(declare(&fault, &mine, &value), 0);
    assert_true(mine.link_count > 0);
    for (int i = 0; i < mine.link_count; i++) {
        assert_false(part_is_healthy(link_members, &mine.links[i].shape));
        assert_int_equal(mine.links[i].seed, fault.seed);
        assert_int_equal(mine.links[i].shape.corrupt_repaired_ppm, 0);
    }
    assert_true(value.len > 4 && value.ptr[0] == '[');
    buf_release(&value);
}

static void test_link_fault__what_is_drawn_is_within_its_limits_and_shapes_links(void **state)
{
    struct rng rng;

    (void)state;
    rng_init(&rng, 3, 0);
    for (int i = 0; i < ALL; i++) {
        assert_int_equal(all[i]->needs, NEED_SWITCH);
        for (int round = 0; round < 200; round++)
            check_drawn(all[i], &rng);
    }
}

static void check_place(const char *kind, enum selector selector, bool (*expected)(int, int))
{
    struct fault fault = {.nemesis = &nemesis_delay, .kind = kind, .selector = selector};
    struct world mine;
    struct buf value;

    fault.params[0] = 10;
    assert_int_equal(declare(&fault, &mine, &value), 0);
    buf_release(&value);
    for (int i = 0; i <= NODES; i++) {
        for (int k = 0; k <= NODES; k++) {
            int from = i == NODES ? CLIENTS : i, to = k == NODES ? CLIENTS : k;
            if (from != to)
                assert_int_equal(is_shaped(&mine, from, to), expected(from, to));
        }
    }
}

static bool between_nodes(int from, int to)
{
    return from != CLIENTS && to != CLIENTS;
}

static bool of_third(int from, int to)
{
    return between_nodes(from, to) && (from == 2 || to == 2);
}

static bool from_third(int from, int to)
{
    return between_nodes(from, to) && from == 2;
}

static bool of_clients(int from, int to)
{
    return !between_nodes(from, to);
}

static void test_link_fault__kinds_are_whose_links(void **state)
{
    (void)state;
    check_place("all", SELECT_ONE, between_nodes);
    check_place("one", SELECT_LEADER, of_third);
    check_place("one-way", SELECT_LEADER, from_third);
    check_place("clients", SELECT_ONE, of_clients);
}

static void test_link_fault__a_link_is_one_pair_both_ways(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct fault fault = {.nemesis = &nemesis_rate, .kind = "link", .seed = seed};
        struct world mine;
        struct buf value;
        int shaped = 0;
        fault.params[0] = 100;
        assert_int_equal(declare(&fault, &mine, &value), 0);
        buf_release(&value);
        for (int from = 0; from < NODES; from++) {
            for (int to = 0; to < NODES; to++) {
                shaped += is_shaped(&mine, from, to);
                assert_int_equal(is_shaped(&mine, from, to), is_shaped(&mine, to, from));
            }
        }
        assert_int_equal(shaped, 2);
    }
}

static void test_link_fault__numbers_become_shapes(void **state)
{
    struct fault fault = {.nemesis = &nemesis_delay, .kind = "all", .params = {10, 50, 1, 2379}};
    struct world mine;
    struct buf value;

    (void)state;
    assert_int_equal(declare(&fault, &mine, &value), 0);
    buf_release(&value);
    assert_int_equal(mine.links[0].shape.delay_ns, 10000000);
    assert_int_equal(mine.links[0].shape.jitter_ns, 10000000); /* no more than the mean */
    assert_int_equal(mine.links[0].shape.distribution, LINK_NORMAL);
    assert_int_equal(mine.links[0].shape.port, 2379);

    fault = (struct fault){.nemesis = &nemesis_loss, .kind = "bursty", .params = {2.5, 4, 0}};
    assert_int_equal(declare(&fault, &mine, &value), 0);
    buf_release(&value);
    assert_int_equal(mine.links[0].shape.loss_ppm, 25000);
    assert_int_equal(mine.links[0].shape.loss_burst, 4);
    fault.kind = "random";
    assert_int_equal(declare(&fault, &mine, &value), 0);
    buf_release(&value);
    assert_int_equal(mine.links[0].shape.loss_burst, 1);

    fault = (struct fault){.nemesis = &nemesis_corrupt, .kind = "repaired", .params = {1, 0}};
    assert_int_equal(declare(&fault, &mine, &value), 0);
    assert_string_equal(value.ptr, "[\"n3\"]");
    buf_release(&value);
    assert_int_equal(mine.links[0].shape.corrupt_ppm, 0);
    assert_int_equal(mine.links[0].shape.corrupt_repaired_ppm, 10000);
}

static void test_link_fault__counts_only_its_own_links_and_kind(void **state)
{
    static struct effects before, after;
    struct fault fault = {.nemesis = &nemesis_delay, .kind = "one-way", .selector = SELECT_LEADER};
    struct world mine;
    struct buf value;

    (void)state;
    fault.params[0] = 10;
    assert_int_equal(declare(&fault, &mine, &value), 0);
    buf_release(&value);
    before.links[2 * PLACES_MAX + 1].delayed = 3;
    after.links[2 * PLACES_MAX + 1].delayed = 10;
    after.links[2 * PLACES_MAX + 0].lost = 5;
    after.links[1 * PLACES_MAX + 2].delayed = 100;
    assert_int_equal(nemesis_delay.affected(&mine, &before, &after), 7);
    assert_int_equal(nemesis_loss.affected(&mine, &before, &after), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_link_fault__what_is_drawn_is_within_its_limits_and_shapes_links),
        cmocka_unit_test(test_link_fault__kinds_are_whose_links),
        cmocka_unit_test(test_link_fault__a_link_is_one_pair_both_ways),
        cmocka_unit_test(test_link_fault__numbers_become_shapes),
        cmocka_unit_test(test_link_fault__counts_only_its_own_links_and_kind),
    };
    return cmocka_run_group_tests_name("nemesis/link_fault", tests, NULL, NULL);
}
