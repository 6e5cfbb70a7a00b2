/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process_claims.h"

#include "check.h"
#include "declare.h"

#include <stdlib.h>

static int chosen_count(const struct nemesis *nemesis, enum process_state state,
                        enum selector selector, uint64_t seed, int nodes)
{
    struct world world;
    int count = 0;

    assert_int_equal(declare_fault(nemesis, "x", selector, seed, nodes, 0, &world, NULL), 0);
    for (int i = 0; i < nodes; i++) {
        assert_true(world.processes[i] == PROCESS_RUNNING || world.processes[i] == state);
        count += world.processes[i] == state;
    }
    return count;
}

void claim_selectors_choose_as_many_as_they_say(const struct nemesis *nemesis,
                                                enum process_state state)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(chosen_count(nemesis, state, SELECT_ONE, seed, 5), 1);
        assert_int_equal(chosen_count(nemesis, state, SELECT_MINORITY, seed, 5), 2);
        assert_int_equal(chosen_count(nemesis, state, SELECT_MINORITY, seed, 2), 1);
        assert_int_equal(chosen_count(nemesis, state, SELECT_MAJORITY, seed, 5), 3);
        assert_int_equal(chosen_count(nemesis, state, SELECT_MAJORITY, seed, 4), 3);
        assert_int_equal(chosen_count(nemesis, state, SELECT_ALL, seed, 5), 5);
        assert_int_equal(chosen_count(nemesis, state, SELECT_LEADER, seed, 5), 1);
    }
}

void claim_leader_is_who_leads_now(const struct nemesis *nemesis, enum process_state state)
{
    struct world world;
    char *value;

    assert_int_equal(declare_fault(nemesis, "leader", SELECT_LEADER, 9, 5, NODE(3), &world, &value),
                     0);
    assert_int_equal(world.processes[3], state);
    assert_string_equal(value, "[\"n4\"]");
    free(value);
}

void claim_same_seed_chooses_the_same_nodes(const struct nemesis *nemesis)
{
    for (uint64_t seed = 0; seed < 50; seed++) {
        struct world first, second;
        assert_int_equal(declare_fault(nemesis, "one", SELECT_ONE, seed, 5, 0, &first, NULL), 0);
        assert_int_equal(declare_fault(nemesis, "one", SELECT_ONE, seed, 5, 0, &second, NULL), 0);
        assert_memory_equal(&first, &second, sizeof first);
    }
}
