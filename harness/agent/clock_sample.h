/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_sample.h - what a process of a node was told of the time at a moment, and how agents tell
 * the controller: the event {"event":"clock","samples":[[time,wall,monotonic,error],...]}.
 */
#ifndef ORDEAL_AGENT_CLOCK_SAMPLE_H
#define ORDEAL_AGENT_CLOCK_SAMPLE_H

#include "../base/buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct clock_sample {
    int64_t time_ns;             /* by the machine's monotonic clock, as clock_now_ns() */
    int64_t wall_offset_ns;      /* what was told less what is true */
    int64_t monotonic_offset_ns; /* likewise */
    int64_t error_ns;            /* offsets may be wrong by at most so much */
};

/* Append it as an array to an array under way. */
void clock_sample_print(const struct clock_sample *sample, struct buf *json);

/* False: it makes no sense. */
bool clock_sample_read(const json_t *from, struct clock_sample *sample);

#endif
