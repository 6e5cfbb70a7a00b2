/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of targets/reference/runtime/table.c: what each command does to the stores' common table.
 */
#include "../../targets/reference/runtime/table.c"

#include "../lib/check.h"

/* Apply the command in `text`, expect the answer in `expected`. */
static void expect(json_t *table, const char *text, const char *expected)
{
    json_t *command = json_loads(text, 0, NULL);
    assert_non_null(command);
    json_t *answer = table_apply(table, command);
    char *said = json_dumps(answer, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(said, expected);
    free(said);
    json_decref(answer);
    json_decref(command);
}

static void test_table__lists_grow_at_their_end(void **state)
{
    json_t *table = json_object();
    (void)state;

    expect(table, "{\"type\":\"append\",\"key\":1,\"value\":5}", "{\"type\":\"append_ok\"}");
    expect(table, "{\"type\":\"append\",\"key\":1,\"value\":4}", "{\"type\":\"append_ok\"}");
    expect(table, "{\"type\":\"append\",\"key\":1,\"value\":5}", "{\"type\":\"append_ok\"}");
    expect(table, "{\"type\":\"read\",\"key\":1}", "{\"type\":\"read_ok\",\"value\":[5,4,5]}");
    json_decref(table);
}

static void test_table__a_list_that_was_read_does_not_grow(void **state)
{
    json_t *table = json_object();
    json_t *read = json_pack("{s:s, s:i}", "type", "read", "key", 1);
    (void)state;

    expect(table, "{\"type\":\"append\",\"key\":1,\"value\":5}", "{\"type\":\"append_ok\"}");
    json_t *answer = table_apply(table, read);
    expect(table, "{\"type\":\"append\",\"key\":1,\"value\":6}", "{\"type\":\"append_ok\"}");
    assert_int_equal(json_array_size(json_object_get(answer, "value")), 1);
    json_decref(answer);
    json_decref(read);
    json_decref(table);
}

static void test_table__sets_hold_an_element_once(void **state)
{
    json_t *table = json_object();
    (void)state;

    expect(table, "{\"type\":\"add\",\"key\":1,\"element\":5}", "{\"type\":\"add_ok\"}");
    expect(table, "{\"type\":\"add\",\"key\":1,\"element\":4}", "{\"type\":\"add_ok\"}");
    expect(table, "{\"type\":\"add\",\"key\":1,\"element\":5}", "{\"type\":\"add_ok\"}");
    expect(table, "{\"type\":\"read\",\"key\":1}", "{\"type\":\"read_ok\",\"value\":[5,4]}");
    json_decref(table);
}

static void test_table__counters_add_up(void **state)
{
    json_t *table = json_object();
    (void)state;

    expect(table, "{\"type\":\"add\",\"key\":1,\"delta\":2}", "{\"type\":\"add_ok\"}");
    expect(table, "{\"type\":\"add\",\"key\":1,\"delta\":-5}", "{\"type\":\"add_ok\"}");
    expect(table, "{\"type\":\"read\",\"key\":1}", "{\"type\":\"read_ok\",\"value\":-3}");
    json_decref(table);
}

static void test_table__what_does_not_fit_is_refused(void **state)
{
    static const char *const wrong[] = {
        "{\"type\":\"append\",\"key\":1,\"value\":1}", /* to a number */
        "{\"type\":\"add\",\"key\":1,\"element\":1}",
        "{\"type\":\"add\",\"key\":2,\"delta\":1}", /* to a list */
        "{\"type\":\"add\",\"key\":3}",
        "{\"type\":\"add\",\"key\":3,\"delta\":\"x\"}",
        "{\"type\":\"append\",\"key\":3}",
        "{\"type\":\"append\",\"value\":3}",
        "{\"type\":\"shuffle\",\"key\":3}",
        "{}",
    };
    json_t *table = json_object();
    (void)state;

    expect(table, "{\"type\":\"write\",\"key\":1,\"value\":7}", "{\"type\":\"write_ok\"}");
    expect(table, "{\"type\":\"append\",\"key\":2,\"value\":7}", "{\"type\":\"append_ok\"}");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        json_t *command = json_loads(wrong[i], 0, NULL);
        json_t *answer = table_apply(table, command);
        assert_false(answer_is_ok(answer));
        json_decref(answer);
        json_decref(command);
    }
    expect(table, "{\"type\":\"read\",\"key\":1}", "{\"type\":\"read_ok\",\"value\":7}");
    expect(table, "{\"type\":\"read\",\"key\":2}", "{\"type\":\"read_ok\",\"value\":[7]}");
    json_decref(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__lists_grow_at_their_end),
        cmocka_unit_test(test_table__a_list_that_was_read_does_not_grow),
        cmocka_unit_test(test_table__sets_hold_an_element_once),
        cmocka_unit_test(test_table__counters_add_up),
        cmocka_unit_test(test_table__what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests_name("targets/table", tests, NULL, NULL);
}
