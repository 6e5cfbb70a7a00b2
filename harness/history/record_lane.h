/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* record_lane.h - inside the record: what its workers and its writer share.
 *
 * A lane is a ring that one worker fills and the writer empties, without a lock. Beside it stands
 * the lane's floor: no event that the lane has yet to append is earlier. The writer reads the clock
 * first, then every lane's floor, then what is in the rings; the least of all these is the
 * watermark, and whatever is earlier can be sorted and written. An idle lane has no floor; when it
 * wakes it raises one *before* it reads the clock, so that the writer either sees the floor or has
 * read the clock earlier.
 */
#ifndef ORDEAL_HISTORY_RECORD_LANE_H
#define ORDEAL_HISTORY_RECORD_LANE_H

#include "../base/buf.h"
#include "record.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LANE_CELLS = 4096 }; /* a power of two; 256 KiB a lane, touched only when used */

#define FLOOR_NONE INT64_MAX

/* One event waiting to be written: a cache line. */
struct cell {
    _Alignas(64) int64_t time_ns;
    int64_t key, a, b;
    char *text; /* owned: the value's JSON, then the error as a JSON string */
    uint32_t json_len, error_len;
    int32_t process;
    uint8_t type, f, node, kind;
};

_Static_assert(sizeof(struct cell) == 64, "a cell is a cache line");

struct lane {
    /* Written by the worker. */
    _Alignas(64) _Atomic int64_t floor_ns;
    _Atomic uint32_t head; /* cells filled, ever */
    uint32_t tail_seen;
    int64_t last_ns; /* the latest time given out */
    bool idle, closed;
    struct cell *cells;

    /* Written by the writer. */
    _Alignas(64) _Atomic uint32_t tail; /* cells emptied, ever */
};

/* An event of the harness: all but its index, as text. */
struct note {
    struct note *next;
    int64_t time_ns;
    size_t len;
    char text[]; /* the line from "type" on, with its end */
};

struct record {
    int fd;
    char *path;
    int64_t start_ns;
    struct lane *lanes;
    int lane_count;
    char **nodes; /* ,"node":"n1" by number */
    int node_count;

    pthread_t writer;
    pthread_mutex_t lock;
    pthread_cond_t work;  /* for the writer: lanes fill up, or the end */
    pthread_cond_t space; /* for workers with a full lane */

    /* Under the lock. */
    struct note *notes, **notes_end;
    int64_t note_ns; /* time of the last one */
    bool ending;
    struct err err; /* the first failure */

    _Atomic bool asleep; /* the writer waits for work */
    _Atomic bool failed;
    _Atomic uint64_t written;
};

/* The writer's thread; its argument is the record. */
void *record_writer(void *arg);

/* Remember the first failure and wake whoever waits. */
void record_fail(struct record *record, int code, const char *what);

#endif
