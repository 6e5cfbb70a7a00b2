/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* clock.h - the only place that reads a clock. Nanoseconds, monotonic unless said. */
#ifndef ORDEAL_BASE_CLOCK_H
#define ORDEAL_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

static inline int64_t clock_now_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* The wall clock, for names of runs and for people; nothing is ordered by it. */
static inline int64_t clock_wall_ns(void)
{
    struct timespec ts;
    (void)clock_gettime(CLOCK_REALTIME, &ts);
    return ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

/* Sleep until the monotonic time given, through signals. For pacing and polling only: whoever can
 * wait for an event waits for it. */
void clock_sleep_until(int64_t deadline_ns);

#endif
