/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of workloads/cas_register.c: distinct values, every kind of operation, a seed that replays.
 */
#include "../lib/check.h"
#include "../lib/generate.h"
#include "../lib/workload_claims.h"

extern const struct workload workload_cas_register;

static void test_cas_register__no_value_is_written_twice(void **state)
{
    (void)state;
    claim_no_value_is_written_twice(&workload_cas_register);
}

static void test_cas_register__every_operation_occurs_on_every_key(void **state)
{
    (void)state;
    claim_every_operation_occurs_on_every_key(&workload_cas_register);
}

static void test_cas_register__seed_brings_back_the_operations(void **state)
{
    (void)state;
    claim_seed_brings_back_the_operations(&workload_cas_register);
}

static void test_cas_register__final_reads_ask_every_node_for_every_key(void **state)
{
    (void)state;
    claim_final_reads_ask_every_node_for_every_key(&workload_cas_register);
}

/* Otherwise hardly any would succeed, and the run would say nothing about them. */
static void test_cas_register__most_expect_what_was_just_read(void **state)
{
    (void)state;
    static const struct test test = {.seed = 3, .concurrency = 4, .node_count = 2};
    struct next_op ops[400];
    int following = 0, all = 0;

    generate_ops(&workload_cas_register, &test, 1, 77, ops, 400);
    for (int i = 1; i < 400; i++) {
        all += ops[i].f == OP_F_CAS;
        following += ops[i].f == OP_F_CAS && ops[i - 1].f == OP_F_READ &&
                     ops[i].key == ops[i - 1].key && ops[i].value.a == 77;
    }
    assert_true(following * 2 > all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cas_register__no_value_is_written_twice),
        cmocka_unit_test(test_cas_register__every_operation_occurs_on_every_key),
        cmocka_unit_test(test_cas_register__seed_brings_back_the_operations),
        cmocka_unit_test(test_cas_register__final_reads_ask_every_node_for_every_key),
        cmocka_unit_test(test_cas_register__most_expect_what_was_just_read),
    };
    return cmocka_run_group_tests_name("workloads/cas-register", tests, NULL, NULL);
}
