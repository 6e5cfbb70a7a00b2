/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of harness/history/canonical.c, and of values read through it: equal JSON values, however
 * they are spelled, are one value, and others are not. */
#include "../../harness/history/canonical.h"
#include "../../harness/base/rng.h"
#include "../../harness/history/history.h"
#include "../lib/check.h"
#include "../lib/effort.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_number(const char *json, const char *canonical)
{
    struct buf out;

    buf_init(&out, 0);
    canonical_number(str_of(json), &out);
    assert_false(out.failed);
    assert_string_equal(out.ptr, canonical);
    buf_release(&out);
}

static void test_canonical__a_number_has_one_spelling(void **state)
{
    (void)state;
    static const char *const same[][8] = {
        {"0", "-0", "0.0", "-0.00e5", "0e99999999999999999999", NULL},
        {"1", "1.0", "10e-1", "0.1e+1", "0.00001E5", "1.000e0", NULL},
        {"1000", "1e3", "1E+3", "1000.0", "0.1e4", NULL},
        {"-1.5", "-1.50", "-15e-1", "-0.15e1", NULL},
        {"0.001", "1e-3", "0.0010", "100e-5", NULL},
        {"0.000001", "1e-6", "10e-7", NULL},
        {"1e-7", "0.0000001", "0.1e-6", NULL},
        {"1e-8", "0.00000001", "10e-9", "1e-0000000000008", NULL},
        {"1.25e-9", "0.00000000125", "125e-11", NULL},
        {"5000000000000000000000", "5e21", "0.5e22", NULL},
        {"5e+22", "50000000000000000000000", "5e22", NULL},
        {"123456789012345678901234567890", "1.2345678901234567890123456789e29",
         "123456789012345678901234567890.000", NULL},
        {"0.1000000000000000055511151231257827", "1000000000000000055511151231257827e-34", NULL},
        {"1e1000000000", NULL}, /* as it stands */
        {"1e-12345678901", NULL},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        for (size_t k = 0; same[i][k]; k++)
            expect_number(same[i][k], same[i][0]);
    }
}

/* `digits` times ten to the power of `exponent`, in one of many spellings. */
static void spell(struct rng *rng, int64_t digits, int64_t exponent, struct buf *out)
{
    char text[32];
    int zeros = (int)rng_below(rng, 4);
    int len = snprintf(text, sizeof text, "%lld", (long long)digits);
    int point = 1 + (int)rng_below(rng, (unsigned)len);

    if (rng_below(rng, 2)) { /* with a point: after `point` digits */
        buf_printf(out, "%.*s", point, text);
        if (point < len || zeros)
            buf_printf(out, ".%s%.*s", text + point, zeros, "000");
        exponent += len - point;
    } else { /* with zeros for some of the exponent */
        buf_printf(out, "%s%.*s", text, zeros, "000");
        exponent -= zeros;
    }
    if (exponent || rng_below(rng, 2))
        buf_printf(out, "%c%s%lld", rng_below(rng, 2) ? 'e' : 'E',
                   exponent >= 0 && rng_below(rng, 2) ? "+" : "", (long long)exponent);
}

static void test_canonical__random_spellings_are_equal_exactly_if_the_numbers_are(void **state)
{
    (void)state;
    struct history history;
    struct budget budget;
    struct rng rng;
    struct err err;

    rng_init(&rng, 1, 0);
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    for (unsigned long i = 0; i < effort(100000); i++) {
        int64_t digits[2], exponents[2];
        value_id ids[2];
        for (int k = 0; k < 2; k++) {
            struct buf text;
            buf_init(&text, 0);
            digits[k] = 1 + (int64_t)rng_below(&rng, i % 2 ? 30 : 2000000000);
            exponents[k] = (int64_t)rng_below(&rng, 60) - 30;
            if (k && rng_below(&rng, 2)) {
                digits[1] = digits[0];
                exponents[1] = exponents[0];
            }
            while (digits[k] % 10 == 0) {
                digits[k] /= 10;
                exponents[k]++;
            }
            spell(&rng, digits[k], exponents[k], &text);
            assert_int_equal(history_value(&history, buf_str(&text), &ids[k], &err), 0);
            buf_release(&text);
            struct buf said, again;
            buf_init(&said, 0);
            buf_init(&again, 0);
            values_print(&history.values, ids[k], &said);
            double exact = strtod(said.ptr, NULL), scale = 1;
            for (int64_t e = llabs(exponents[k]); e > 0; e--)
                scale *= 10;
            double wanted =
                exponents[k] < 0 ? (double)digits[k] / scale : (double)digits[k] * scale;
            assert_true(exact > wanted * (1 - 1e-12) && exact < wanted * (1 + 1e-12));
            canonical_number(buf_str(&said), &again);
            assert_string_equal(again.ptr, said.ptr);
            buf_release(&said);
            buf_release(&again);
        }
        bool equal = digits[0] == digits[1] && exponents[0] == exponents[1];
        assert_int_equal(ids[0] == ids[1], equal);
    }
    history_release(&history);
}

static value_id read_into(struct history *history, const char *json)
{
    value_id id = VALUE_FAILED;
    struct err err;

    assert_int_equal(history_value(history, str_of(json), &id, &err), 0);
    return id;
}

static void test_canonical__the_order_of_members_is_not_part_of_a_value(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"a\":1,\"b\":[{\"x\":null,\"y\":2}],\"ab\":\"s\"}",
        "{\"b\" : [ {\"y\": 2.0, \"x\": null} ], \"ab\":\"\\u0073\", \"a\": 1}",
        " {\"ab\":\"s\",\"a\":10e-1,\"b\":[{\"x\":null,\"y\":2}]} ",
    };
    static const char *const others[] = {
        "{\"a\":1,\"b\":[{\"x\":null,\"y\":2}]}",
        "{\"a\":1,\"b\":[{\"x\":null,\"y\":2}],\"ab\":\"t\"}",
        "{\"a\":\"s\",\"b\":[{\"x\":null,\"y\":2}],\"ab\":1}",
        "{\"a\":1,\"b\":[{\"x\":2,\"y\":null}],\"ab\":\"s\"}",
        "[{\"a\":1,\"b\":[{\"x\":null,\"y\":2}],\"ab\":\"s\"}]",
        "{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":2,\"a\":1}", /* which of the two holds nobody knows */
    };
    struct history history;
    struct budget budget;
    struct buf text;

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    value_id id = read_into(&history, same[0]);
    for (int i = 1; i < 3; i++)
        assert_int_equal(read_into(&history, same[i]), id);
    for (int i = 0; i < 8; i++) {
        for (int k = 0; k < i; k++)
            assert_int_not_equal(read_into(&history, others[i]), read_into(&history, others[k]));
        assert_int_not_equal(read_into(&history, others[i]), id);
    }
    buf_init(&text, 0);
    values_print(&history.values, id, &text);
    assert_string_equal(text.ptr, "{\"a\":1,\"ab\":\"s\",\"b\":[{\"x\":null,\"y\":2}]}");
    buf_release(&text);
    history_release(&history);
    assert_int_equal(budget.used_bytes, 0);
}

static void test_canonical__many_members_in_any_order(void **state)
{
    (void)state;
    struct history history;
    struct budget budget;
    struct rng rng;
    value_id first = VALUE_NIL;

    rng_init(&rng, 2, 0);
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    for (int round = 0; round < 50; round++) {
        int order[40];
        struct buf text;
        buf_init(&text, 0);
        for (int i = 0; i < 40; i++) {
            int k = (int)rng_below(&rng, (unsigned)i + 1);
            order[i] = order[k];
            order[k] = i;
        }
        for (int i = 0; i < 40; i++)
            buf_printf(&text, "%s\"%d\":{\"b\":%d,\"a\":\"%d\"}", i ? "," : "{",
                       order[i] * order[i], order[i], order[i]);
        buf_puts(&text, "}");
        value_id id = read_into(&history, text.ptr);
        first = round ? first : id;
        assert_int_equal(id, first);
        buf_release(&text);
    }
    history_release(&history);
}

static void test_canonical__a_copy_of_values_grows_alone(void **state)
{
    (void)state;
    struct history history, own;
    struct budget budget;
    value_id ids[200];
    char json[32];

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(json, sizeof json, i % 2 ? "\"v%d\"" : "[%d,\"x\"]", i);
        ids[i] = read_into(&history, json);
    }
    own = history;
    assert_true(values_copy(&own.values, &history.values, &budget));
    uint32_t count = history.values.count;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(json, sizeof json, i % 2 ? "\"v%d\"" : "[%d,\"x\"]", i);
        value_id id = read_into(&own, json);
        assert_true(i >= 100 || id == ids[i]);
    }
    assert_true(own.values.count > count);
    assert_int_equal(history.values.count, count);
    values_release(&own.values);
    history_release(&history);
    assert_int_equal(budget.used_bytes, 0);

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    assert_true(values_copy(&own.values, &history.values, &budget)); /* of nothing */
    values_release(&own.values);
    history_release(&history);
}

static void test_canonical__what_is_no_json_is_refused(void **state)
{
    (void)state;
    struct history history;
    struct budget budget;
    struct err err;
    value_id id;

    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    assert_int_equal(history_value(&history, STR("{\"a\":}"), &id, &err), -1);
    assert_string_equal(err.msg, "'{\"a\":}' is no JSON: a value is expected");
    assert_int_equal(history_value(&history, STR("1 2"), &id, &err), -1);
    assert_string_equal(err.msg, "'1 2' is more than one JSON value");
    assert_int_equal(history_value(&history, STR(""), &id, &err), -1);
    history_release(&history);
    assert_int_equal(budget.used_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_canonical__a_number_has_one_spelling),
        cmocka_unit_test(test_canonical__random_spellings_are_equal_exactly_if_the_numbers_are),
        cmocka_unit_test(test_canonical__the_order_of_members_is_not_part_of_a_value),
        cmocka_unit_test(test_canonical__many_members_in_any_order),
        cmocka_unit_test(test_canonical__a_copy_of_values_grows_alone),
        cmocka_unit_test(test_canonical__what_is_no_json_is_refused),
    };
    return cmocka_run_group_tests_name("history/canonical", tests, NULL, NULL);
}
