/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Tests of harness/base/histogram.c against sorted numbers. */
#include "../../harness/base/histogram.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

#include <math.h>
#include <stdlib.h>

enum { COUNT = 20000 };

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void test_histogram__quantiles_are_those_of_sorted_numbers(void **state)
{
    (void)state;
    static struct histogram histogram;
    static int64_t values[COUNT];
    struct rng rng;

    rng_init(&rng, 1, 0);
    for (int i = 0; i < COUNT; i++) {
        values[i] = (int64_t)(rng_next(&rng) >> (1 + rng_below(&rng, 63)));
        histogram_add(&histogram, values[i]);
    }
    qsort(values, COUNT, sizeof *values, compare);
    for (int i = 1; i <= 1000; i++) {
        double exact = (double)values[(i * COUNT) / 1000 - 1];
        double got = (double)histogram_quantile(&histogram, i / 1000.0);
        assert_true(fabs(got - exact) <= exact / 60);
    }
    assert_int_equal(histogram.min, values[0]);
    assert_int_equal(histogram_quantile(&histogram, 0), values[0]);
    assert_int_equal(histogram_quantile(&histogram, 1), values[COUNT - 1]);
}

static void test_histogram__extremes(void **state)
{
    (void)state;
    static struct histogram histogram;
    assert_int_equal(histogram_quantile(&histogram, 0.5), 0);
    histogram_add(&histogram, INT64_MAX);
    assert_int_equal(histogram_quantile(&histogram, 0.5), INT64_MAX);
    histogram_add(&histogram, -5);
    histogram_add(&histogram, 63);
    histogram_add(&histogram, 64);
    assert_int_equal(histogram.min, 0);
    assert_int_equal(histogram_quantile(&histogram, 0.5), 63);
    assert_int_equal(histogram_quantile(&histogram, 0.75), 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_histogram__quantiles_are_those_of_sorted_numbers),
        cmocka_unit_test(test_histogram__extremes),
    };
    return cmocka_run_group_tests_name("base/histogram", tests, NULL, NULL);
}
