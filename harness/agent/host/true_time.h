/* SPDX-License-Identifier: GPL-2.0-or-later */
/* true_time.h - what time it would be if nobody had touched this host's clock. */
#ifndef ORDEAL_AGENT_HOST_TRUE_TIME_H
#define ORDEAL_AGENT_HOST_TRUE_TIME_H

#include "entry.h"

/* The clocks at one moment, to some 50 ns. */
struct clock_pair {
    int64_t wall_ns, raw_ns;
    int64_t asleep_ns;
};

struct clock_pair clock_pair_read(void);

/* The true time at the moment of the pair: from `before` on, at the rate that it had. */
int64_t true_time(const struct clock_before *before, const struct clock_pair *pair);

/* Nanoseconds that a clock of this frequency and tick gains in a second of the raw one. */
double clock_gain(int64_t freq, int64_t tick);

/* Of a clock that is to gain so much: what adjtimex() is told, and what is left to be made by
 * jumps, in nanoseconds a second. */
struct clock_rate {
    int64_t freq, tick;
    double rest;
};

struct clock_rate clock_rate_of(double gain);

#endif
