/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the machine that carries out each request at most once. */
#include "../../targets/reference/runtime/machine.c"
#include "../../targets/reference/runtime/table.c"
#include "../lib/check.h"

/* Apply {session, number, first, cas key 1 from -> to}; the answer's type, or "none". */
static const char *cas(struct machine *machine, int number, int first, int from, int to)
{
    static char type[32];
    json_t *request =
        json_pack("{s:s, s:i, s:i, s:{s:s, s:i, s:i, s:i}}", "session", "a", "number", number,
                  "first", first, "command", "type", "cas", "key", 1, "from", from, "to", to);
    json_t *answer = machine_apply(machine, request);
    const char *found = json_string_value(json_object_get(answer, "type"));

    (void)snprintf(type, sizeof type, "%s", found ? found : "none");
    json_decref(answer);
    json_decref(request);
    return type;
}

static json_int_t value_of(const struct machine *machine)
{
    json_t *key = json_integer(1);
    json_int_t value = json_integer_value(table_get(machine->table, key));
    json_decref(key);
    return value;
}

static void machine_open(struct machine *machine)
{
    json_t *key = json_integer(1), *value = json_integer(10);

    *machine = (struct machine){0};
    machine_load(machine, NULL);
    table_put(machine->table, key, value);
    json_decref(key);
    json_decref(value);
}

static void machine_close(struct machine *machine)
{
    json_decref(machine->table);
    json_decref(machine->sessions);
}

static void test_machine__a_request_that_comes_again_has_its_answer_and_no_effect(void **state)
{
    (void)state;
    struct machine machine;

    machine_open(&machine);
    assert_string_equal(cas(&machine, 0, 0, 10, 11), "cas_ok");
    assert_string_equal(cas(&machine, 1, 0, 11, 10), "cas_ok");
    assert_string_equal(cas(&machine, 0, 0, 10, 11), "cas_ok");
    assert_int_equal(value_of(&machine), 10);
    machine_close(&machine);
}

static void test_machine__what_was_given_up_is_not_carried_out(void **state)
{
    (void)state;
    struct machine machine;

    machine_open(&machine);
    assert_string_equal(cas(&machine, 5, 5, 10, 11), "cas_ok");
    assert_string_equal(cas(&machine, 4, 0, 11, 12), "none");
    assert_int_equal(value_of(&machine), 11);
    machine_close(&machine);
}

static void test_machine__a_saved_machine_remembers_answers(void **state)
{
    (void)state;
    struct machine machine, other = {0};

    machine_open(&machine);
    assert_string_equal(cas(&machine, 0, 0, 10, 11), "cas_ok");
    json_t *saved = machine_save(&machine);
    assert_string_equal(cas(&machine, 1, 0, 11, 12), "cas_ok"); /* not in what was saved */
    machine_load(&other, saved);
    json_decref(saved);
    assert_int_equal(value_of(&other), 11);
    assert_string_equal(cas(&other, 0, 0, 10, 11), "cas_ok");
    assert_int_equal(value_of(&other), 11);
    machine_close(&machine);
    machine_close(&other);
}

static void test_machine__nonsense_has_no_effect(void **state)
{
    (void)state;
    struct machine machine;

    machine_open(&machine);
    assert_null(machine_apply(&machine, NULL));
    json_t *request = json_pack("{s:s}", "session", "a");
    json_t *answer = machine_apply(&machine, request);
    assert_false(answer_is_ok(answer));
    json_decref(answer);
    json_decref(request);
    assert_int_equal(value_of(&machine), 10);
    machine_close(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_machine__a_request_that_comes_again_has_its_answer_and_no_effect),
        cmocka_unit_test(test_machine__what_was_given_up_is_not_carried_out),
        cmocka_unit_test(test_machine__a_saved_machine_remembers_answers),
        cmocka_unit_test(test_machine__nonsense_has_no_effect),
    };
    return cmocka_run_group_tests_name("targets/machine", tests, NULL, NULL);
}
