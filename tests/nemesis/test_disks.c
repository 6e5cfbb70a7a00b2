/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the nemeses that make disks fail. */
#include "../lib/check.h"
#include "../lib/declare.h"

#include <string.h>

extern const struct nemesis nemesis_slow_disk, nemesis_stalled_disk, nemesis_disk_error,
    nemesis_disk_full, nemesis_read_only;

static const struct nemesis *const all[] = {&nemesis_slow_disk, &nemesis_stalled_disk,
                                            &nemesis_disk_error, &nemesis_disk_full,
                                            &nemesis_read_only};

enum { COUNT = sizeof all / sizeof *all };

static struct world drawn(const struct nemesis *nemesis, uint64_t seed)
{
    struct situation situation = {.node_count = 5};
    struct fault fault = {.nemesis = nemesis, .seed = seed};
    struct world world;
    struct rng rng;
    struct buf value;
    struct err err;

    rng_init(&rng, seed, 0);
    nemesis->draw(&rng, 5, false, &fault);
    for (int i = 0; nemesis->params && nemesis->params[i].name; i++) {
        assert_true(fault.params[i] >= nemesis->params[i].least);
        assert_true(fault.params[i] <= nemesis->params[i].most);
    }
    world_clear(&world, 5);
    buf_init(&value, 0);
    assert_int_equal(nemesis->declare(&fault, &situation, declare_names, &world, &value, &err), 0);
    buf_release(&value);
    return world;
}

static void test_disks__what_is_drawn_ails_disks_and_nothing_else(void **state)
{
    (void)state;
    for (int k = 0; k < COUNT; k++) {
        for (uint64_t seed = 0; seed < 50; seed++) {
            struct world world = drawn(all[k], seed), rest = world;
            int ailing = 0;
            for (int i = 0; i < 5; i++)
                ailing += !part_is_healthy(disk_members, &world.disks[i]);
            assert_true(ailing > 0);
            memset(rest.disks, 0, sizeof rest.disks);
            assert_true(world_is_healthy(&rest));
            assert_int_equal(all[k]->needs, NEED_DISK);
        }
    }
}

static void test_disks__are_about_the_files_of_the_fault(void **state)
{
    struct situation situation = {.node_count = 3};
    struct world world;
    struct buf value;
    struct err err;

    (void)state;
    for (int k = 0; k < COUNT; k++) {
        struct fault fault = {
            .nemesis = all[k], .selector = SELECT_NODES, .nodes = NODE(1), .files = "*.wal"};
        assert_true(all[k]->takes_files);
        for (int i = 0; all[k]->params && all[k]->params[i].name; i++)
            fault.params[i] = all[k]->params[i].most;
        world_clear(&world, 3);
        buf_init(&value, 0);
        assert_int_equal(all[k]->declare(&fault, &situation, declare_names, &world, &value, &err),
                         0);
        buf_release(&value);
        assert_string_equal(world.disks[1].files, "*.wal");
        assert_string_equal(world.disks[0].files, "");
    }
}

static void test_disks__a_pattern_by_itself_ails_nothing(void **state)
{
    struct disk_fault pattern = {.files = "*.wal"}, both = {.read_only = 1}, read = {0};
    json_t *json;
    struct buf text;
    struct err err;

    (void)state;
    assert_true(part_is_healthy(disk_members, &pattern));
    part_merge(disk_members, &both, &pattern);
    buf_init(&text, 0);
    buf_puts(&text, "{");
    part_print(disk_members, &pattern, "none", &text);
    part_print(disk_members, &both, "disk", &text);
    buf_puts(&text, "}");
    assert_string_equal(text.ptr, "{\"disk\":{\"read_only\":1,\"files\":\"*.wal\"}}");
    json = json_loads(text.ptr, 0, NULL);
    assert_int_equal(part_read(disk_members, json_object_get(json, "disk"), &read, &err), 0);
    assert_memory_equal(&read, &both, sizeof read);
    json_decref(json);
    buf_release(&text);
    json = json_pack("{s:i}", "files", 7);
    assert_int_equal(part_read(disk_members, json, &read, &err), -1);
    json_decref(json);
    json = json_pack("{s:s+}", "files", "0123456789012345678901234567890123456789",
                     "0123456789012345678901234");
    assert_int_equal(part_read(disk_members, json, &read, &err), -1);
    assert_string_equal(err.msg, "'files' must be a string of at most 63 bytes");
    json_decref(json);
}

static void test_disks__affected_is_what_the_disks_count(void **state)
{
    static struct effects before, after;

    (void)state;
    before.nodes[1] = (struct receipt){.syncs_delayed = 4, .calls_failed = 1};
    after.nodes[0] = (struct receipt){.syncs_delayed = 50, .calls_failed = 50};
    after.nodes[1] = (struct receipt){.syncs_delayed = 9, .calls_failed = 3};
    for (int k = 0; k < COUNT; k++) {
        struct world world = {.node_count = 2};
        world.disks[1].read_only = 1;
        assert_int_equal(all[k]->affected(&world, &before, &after), 7);
        assert_int_equal(all[k]->affected(&world, &after, &after), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_disks__what_is_drawn_ails_disks_and_nothing_else),
        cmocka_unit_test(test_disks__are_about_the_files_of_the_fault),
        cmocka_unit_test(test_disks__a_pattern_by_itself_ails_nothing),
        cmocka_unit_test(test_disks__affected_is_what_the_disks_count),
    };

    return cmocka_run_group_tests_name("disks", tests, NULL, NULL);
}
