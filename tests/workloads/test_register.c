/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of workloads/register.c: distinct values, every kind of operation, a seed that replays. */
#include "../lib/check.h"
#include "../lib/workload_claims.h"

extern const struct workload workload_register;

static void test_register__no_value_is_written_twice(void **state)
{
    (void)state;
    claim_no_value_is_written_twice(&workload_register);
}

static void test_register__every_operation_occurs_on_every_key(void **state)
{
    (void)state;
    claim_every_operation_occurs_on_every_key(&workload_register);
}

static void test_register__seed_brings_back_the_operations(void **state)
{
    (void)state;
    claim_seed_brings_back_the_operations(&workload_register);
}

static void test_register__final_reads_ask_every_node_for_every_key(void **state)
{
    (void)state;
    claim_final_reads_ask_every_node_for_every_key(&workload_register);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_register__no_value_is_written_twice),
        cmocka_unit_test(test_register__every_operation_occurs_on_every_key),
        cmocka_unit_test(test_register__seed_brings_back_the_operations),
        cmocka_unit_test(test_register__final_reads_ask_every_node_for_every_key),
    };
    return cmocka_run_group_tests_name("workloads/register", tests, NULL, NULL);
}
