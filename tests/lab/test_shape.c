/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/lab/shape.c: what is drawn has the rates, means and spreads that were declared,
 * and is drawn again from the same seed. */
#include "../../harness/base/clock.h"
#include "../../harness/lab/shape.h"
#include "../lib/check.h"

#include <math.h>
#include <string.h>

enum { PACKETS = 100000, SEED = 11 };

static double loss_of(const struct link_shape *shape, double *mean_burst)
{
    struct shape_state state = {0};
    int lost = 0, bursts = 0;
    bool before = false;

    for (int i = 0; i < PACKETS; i++) {
        struct fate fate = {0};
        shape_judge(shape, SEED, &state, &fate);
        lost += fate.lost;
        bursts += fate.lost && !before;
        before = fate.lost;
    }
    *mean_burst = bursts > 0 ? (double)lost / bursts : 0;
    return (double)lost / PACKETS;
}

static void test_shape__loss_is_as_declared_however_it_comes(void **state)
{
    static const double losses[] = {0.001, 0.05, 0.3, 0.9, 1};
    double burst;

    (void)state;
    for (size_t i = 0; i < sizeof losses / sizeof losses[0]; i++) {
        for (int64_t mean = 1; mean <= 25; mean += 8) {
            struct link_shape shape = {.loss_ppm = (int64_t)(losses[i] * 1e6), .loss_burst = mean};
            double loss = loss_of(&shape, &burst);
            assert_true(fabs(loss - losses[i]) < 0.01 + 0.02 * losses[i] * (mean > 1));
            if (losses[i] < 0.5 && mean > 1 && losses[i] > 0.01)
                assert_true(fabs(burst / (double)mean - 1) < 0.1);
        }
    }
}

static void test_shape__bursts_are_bursts(void **state)
{
    const struct link_shape single = {.loss_ppm = 50000, .loss_burst = 1};
    double burst;

    (void)state;
    (void)loss_of(&single, &burst);
    assert_true(burst < 1.2);
}

static void test_shape__delays_have_the_declared_mean_and_spread(void **state)
{
    (void)state;
    for (int64_t kind = LINK_UNIFORM; kind <= LINK_PARETO; kind++) {
        struct link_shape shape = {
            .delay_ns = 50 * NS_PER_MS, .jitter_ns = 10 * NS_PER_MS, .distribution = kind};
        struct shape_state drawn = {0};
        double sum = 0, squares = 0;
        for (int i = 0; i < PACKETS; i++) {
            struct fate fate = {0};
            shape_judge(&shape, SEED, &drawn, &fate);
            double ms = (double)fate.delay_ns / 1e6;
            sum += ms;
            squares += ms * ms;
            if (kind == LINK_UNIFORM)
                assert_true(ms >= 40 && ms <= 60);
            assert_true(ms > 0);
        }
        double mean = sum / PACKETS, deviation = sqrt(squares / PACKETS - mean * mean);
        assert_true(fabs(mean - 50) < 0.5);
        if (kind == LINK_UNIFORM)
            assert_true(fabs(deviation - 10 / sqrt(3)) < 0.2);
        else
            assert_true(fabs(deviation - 10) < (kind == LINK_PARETO ? 2 : 0.3));
    }
}

static void test_shape__a_delay_without_jitter_is_exact(void **state)
{
    const struct link_shape shape = {.delay_ns = 12345678};
    struct shape_state drawn = {0};
    struct fate fate = {0};

    (void)state;
    shape_judge(&shape, SEED, &drawn, &fate);
    shape_judge(&shape, SEED, &drawn, &fate);
    assert_int_equal(fate.delay_ns, 2 * 12345678); /* of several shapes the sum */
}

static void test_shape__what_was_drawn_can_be_drawn_again(void **state)
{
    const struct link_shape shape = {.delay_ns = 1000,
                                     .jitter_ns = 500,
                                     .loss_ppm = 100000,
                                     .loss_burst = 3,
                                     .duplicate_ppm = 100000,
                                     .reorder_ppm = 100000,
                                     .corrupt_ppm = 100000,
                                     .reset_ppm = 100000};
    struct shape_state once = {0}, again = {0}, other = {0};
    int differing = 0;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        struct fate a = {0}, b = {0}, c = {0};
        shape_judge(&shape, shape_link_seed(7, 0, 1), &once, &a);
        shape_judge(&shape, shape_link_seed(7, 0, 1), &again, &b);
        shape_judge(&shape, shape_link_seed(7, 1, 0), &other, &c);
        assert_memory_equal(&a, &b, sizeof a);
        differing += memcmp(&a, &c, sizeof a) != 0;
    }
    assert_true(differing > 900);
}

static void test_shape__a_line_takes_its_time_and_drops_what_would_wait_too_long(void **state)
{
    const struct link_shape shape = {.rate_bps = 8000000}; /* a byte a microsecond */
    struct shape_state line = {0};
    int64_t wait = 0, last = 0;
    int taken = 0;

    (void)state;
    assert_int_equal(shape_queue(&shape, &line, 1000, 1000), 1000 * 1000);
    assert_int_equal(shape_queue(&shape, &line, 1000, 500), 1500 * 1000);
    assert_int_equal(shape_queue(&shape, &line, 1000 + 10 * NS_PER_MS, 500), 500 * 1000);
    while ((wait = shape_queue(&shape, &line, NS_PER_SEC, 1500)) >= 0) {
        assert_true(wait > last);
        last = wait;
        assert_true(++taken < 10000);
    }
    assert_true(last >= NS_PER_SEC / 4 && last < NS_PER_SEC / 4 + 4 * NS_PER_MS);
    assert_true(shape_queue(&shape, &line, 2 * NS_PER_SEC, 1500) > 0); /* it has emptied */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shape__loss_is_as_declared_however_it_comes),
        cmocka_unit_test(test_shape__bursts_are_bursts),
        cmocka_unit_test(test_shape__delays_have_the_declared_mean_and_spread),
        cmocka_unit_test(test_shape__a_delay_without_jitter_is_exact),
        cmocka_unit_test(test_shape__what_was_drawn_can_be_drawn_again),
        cmocka_unit_test(test_shape__a_line_takes_its_time_and_drops_what_would_wait_too_long),
    };
    return cmocka_run_group_tests_name("lab/shape", tests, NULL, NULL);
}
