/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "true_time.h"

#include "../../base/clock.h"

#include <math.h>
#include <stdlib.h>

enum {
    TICK = 10000, /* microseconds, of 100 in a second */
    TICK_REACH = 1000,
    FREQ_REACH = 32768000, /* 500 ppm */
    FREQ_UNITS = 65536,    /* of a ppm */
    NS_PER_TICK = 100000,  /* a second's gain by one more */
    NS_PER_PPM = 1000,
    READINGS = 16,
};

#define SLEEP_MIN_NS (10 * NS_PER_MS)

static int64_t read_ns(clockid_t clock)
{
    struct timespec ts;

    (void)clock_gettime(clock, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* Of several readings the one between whose two raw times the least went by. */
struct clock_pair clock_pair_read(void)
{
    struct clock_pair best = {0};
    int64_t least_ns = INT64_MAX;

    for (int i = 0; i < READINGS; i++) {
        int64_t before_ns = read_ns(CLOCK_MONOTONIC_RAW);
        int64_t wall_ns = read_ns(CLOCK_REALTIME);
        int64_t after_ns = read_ns(CLOCK_MONOTONIC_RAW);
        if (after_ns - before_ns >= least_ns)
            continue;
        least_ns = after_ns - before_ns;
        best.wall_ns = wall_ns;
        best.raw_ns = before_ns + least_ns / 2;
    }
    int64_t monotonic_ns = read_ns(CLOCK_MONOTONIC);
    best.asleep_ns = read_ns(CLOCK_BOOTTIME) - monotonic_ns;
    return best;
}

double clock_gain(int64_t freq, int64_t tick)
{
    return (double)(tick - TICK) * NS_PER_TICK + (double)freq * NS_PER_PPM / FREQ_UNITS;
}

int64_t true_time(const struct clock_before *before, const struct clock_pair *pair)
{
    int64_t gone_ns = pair->raw_ns - before->raw_ns;
    int64_t slept_ns = pair->asleep_ns - before->asleep_ns;
    double gained_ns =
        (double)gone_ns / (double)NS_PER_SEC * clock_gain(before->freq, before->tick);

    /* Less than that is the time between two readings. */
    return before->wall_ns + gone_ns + llrint(gained_ns) +
           (llabs(slept_ns) >= SLEEP_MIN_NS ? slept_ns : 0);
}

static int64_t clamp(double value, int64_t reach)
{
    return value > (double)reach ? reach : value < -(double)reach ? -reach : llrint(value);
}

struct clock_rate clock_rate_of(double gain)
{
    struct clock_rate rate = {.tick = TICK + clamp(gain / NS_PER_TICK, TICK_REACH)};
    double left = gain - (double)(rate.tick - TICK) * NS_PER_TICK;

    rate.freq = clamp(left / NS_PER_PPM * FREQ_UNITS, FREQ_REACH);
    rate.rest = gain - clock_gain(rate.freq, rate.tick);
    if (fabs(rate.rest) < 1) /* 1 ns a second is nobody's jump */
        rate.rest = 0;
    return rate;
}
