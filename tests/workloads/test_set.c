/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of workloads/set.c: what is written, which objects are used, a seed that replays. */
#include "../lib/check.h"
#include "../lib/workload_claims.h"

extern const struct workload workload_set;

static void test_set__no_value_is_written_twice(void **state)
{
    (void)state;
    claim_no_value_is_written_twice(&workload_set);
}

static void test_set__every_operation_occurs_on_every_key(void **state)
{
    (void)state;
    claim_every_operation_occurs_on_every_key(&workload_set);
}

static void test_set__seed_brings_back_the_operations(void **state)
{
    (void)state;
    claim_seed_brings_back_the_operations(&workload_set);
}

static void test_set__final_reads_ask_every_node_for_every_key(void **state)
{
    (void)state;
    claim_final_reads_ask_every_node_for_every_key(&workload_set);
}

static void test_set__objects_are_left_for_fresh_ones(void **state)
{
    (void)state;
    claim_objects_are_left_for_fresh_ones(&workload_set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_set__no_value_is_written_twice),
        cmocka_unit_test(test_set__every_operation_occurs_on_every_key),
        cmocka_unit_test(test_set__seed_brings_back_the_operations),
        cmocka_unit_test(test_set__final_reads_ask_every_node_for_every_key),
        cmocka_unit_test(test_set__objects_are_left_for_fresh_ones),
    };
    return cmocka_run_group_tests_name("workloads/set", tests, NULL, NULL);
}
