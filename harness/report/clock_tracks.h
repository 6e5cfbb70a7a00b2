/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_tracks.h - how far each node's clocks were off, over time: clocks.jsonl read back.
 *
 * The file may break off, since a run may be killed: what can be read is used, and lines that make
 * no sense are counted.
 */
#ifndef ORDEAL_REPORT_CLOCK_TRACKS_H
#define ORDEAL_REPORT_CLOCK_TRACKS_H

#include "../base/err.h"

#include <stddef.h>
#include <stdint.h>

enum {
    CLOCK_TRACKS_MAX = 64,
    CLOCK_POINTS_MAX = 1 << 20, /* of all nodes */
    CLOCK_NAME_MAX = 64,
};

struct clock_point {
    int64_t time_ns; /* since the run's start */
    int64_t wall_ns, monotonic_ns;
};

struct clock_track {
    char node[CLOCK_NAME_MAX];
    struct clock_point *points; /* in order of time */
    size_t count, capacity;
};

struct clock_tracks {
    struct clock_track tracks[CLOCK_TRACKS_MAX]; /* by name, numbers in it by value */
    size_t count;
    size_t points;   /* of all */
    size_t left_out; /* lines that make no sense, or beyond a limit */
};

/* Read run_dir/clocks.jsonl; no tracks if there is none. To be released in any case. */
int clock_tracks_read(struct clock_tracks *tracks, const char *run_dir, struct err *err) MUST_CHECK;
void clock_tracks_release(struct clock_tracks *tracks);

#endif
