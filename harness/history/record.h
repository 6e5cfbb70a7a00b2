/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* record.h - writing the record of a run while it happens.
 *
 * Each worker appends to a buffer of its own and never waits for a lock that another holds; one
 * writer thread merges by time and writes in batches. An event is published only when every open
 * lane has passed its time, so that the file is always a prefix of the run in time: a harness
 * killed at any instant leaves a history that can be checked, up to its last batch.
 */
#ifndef ORDEAL_HISTORY_RECORD_H
#define ORDEAL_HISTORY_RECORD_H

#include "../base/err.h"
#include "../base/str.h"
#include "op.h"

/* A value while the run goes on, before it is interned. */
enum op_value_kind { OP_VALUE_NIL, OP_VALUE_INT, OP_VALUE_PAIR, OP_VALUE_JSON };

struct op_value {
    enum op_value_kind kind;
    int64_t a, b;    /* OP_VALUE_INT: a; OP_VALUE_PAIR: [a, b], a cas's old and new */
    struct str json; /* OP_VALUE_JSON: compact JSON; borrowed, copied by record_op */
};

#define OP_NIL ((struct op_value){.kind = OP_VALUE_NIL})
#define OP_INT(x) ((struct op_value){.kind = OP_VALUE_INT, .a = (x)})
#define OP_PAIR(x, y) ((struct op_value){.kind = OP_VALUE_PAIR, .a = (x), .b = (y)})

/* One event of an operation. */
struct record_event {
    int64_t time_ns; /* since the run's start; a lane's times never go back */
    int64_t key;     /* RECORD_NO_KEY: a single object */
    struct op_value value;
    struct str error; /* why a fail or info; may be empty; borrowed */
    int32_t process;
    uint8_t type; /* enum op_type */
    uint8_t f;    /* enum op_f */
    uint8_t node; /* index of the node that the client talks to */
};

#define RECORD_NO_KEY INT64_MIN

struct record;

/* Start a record at `path` (which must not exist) with `lanes` buffers, and its writer. node_names:
 * by record_event.node; borrowed until record_close. start_ns: of clock_now_ns(), times count from
 * there. */
int record_open(struct record **out, const char *path, int lanes, const char *const *node_names,
                int node_count, int64_t start_ns, struct err *err) MUST_CHECK;

/* Append to a lane; one thread per lane at a time. The event's time is the one that record_time
 * gave the lane last, or later than that. Waits only when the lane is full, that is when the disk
 * is slower than the load. Returns false once the record has failed (disk full, or an event that
 * breaks this contract): stop. What is on disk then stays a valid prefix. */
bool record_op(struct record *record, int lane, const struct record_event *event);

/* Append an event of the harness itself (process "nemesis") at the time now; the event's own time
 * and index are ignored. Any thread. Returns the time it was given, -1 once the record has failed.
 */
struct event;
int64_t record_event_add(struct record *record, const struct event *event);

/* The time now, for the lane's next event: from here to record_op the watermark stays below it. A
 * lane takes all its times from here; each is later than the one before. */
int64_t record_time(struct record *record, int lane);

/* The lane is about to wait (for a reply, for its next turn): whatever it appends later gets a
 * later time from record_time, so that the watermark may pass meanwhile. A lane that waits without
 * saying so holds back the whole file. Lanes start idle. */
void record_idle(struct record *record, int lane);

/* The lane appends no more. Once all lanes are closed and record_finish is called, everything is
 * written and synced. */
void record_close_lane(struct record *record, int lane);

/* Write what is left, fsync, stop the writer, free. Every lane is closed, or nobody will touch it
 * again. -1 if anything could not be written: err says what, and what is on disk is a valid prefix.
 */
int record_finish(struct record *record, struct err *err);

/* Events written to disk so far. */
uint64_t record_written(const struct record *record);

#endif
