/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* history.h - the record of a run in memory: paired operations, what the nemesis did, and the
 * values and names that they mention.
 *
 * An operation is one invocation with its completion. Operations are in order of their invocation:
 * by invoke_ns, at equal times as in the file. a precedes b if a completed strictly before b was
 * invoked; operations of one process are ordered as in the file, even at equal times. An operation
 * whose outcome is not known (OP_INFO, or an invocation that nothing completed) may take effect at
 * any time after its invocation, or never.
 *
 * Values are interned: equal values have equal ids, so that checkers compare numbers. Small
 * integers are their own id. Everything is owned by the history and immutable once it is built, so
 * that any number of threads may read it.
 */
#ifndef ORDEAL_HISTORY_HISTORY_H
#define ORDEAL_HISTORY_HISTORY_H

#include "../base/budget.h"
#include "../base/buf.h"
#include "../base/err.h"
#include "op.h"
#include "values.h"

enum { NODE_NONE = 255 };

#define INDEX_NONE UINT32_MAX

#define TIME_NEVER INT64_MAX

/* 48 bytes. */
struct op {
    int64_t invoke_ns;   /* since the run's start; the line's number where times are not to be
                          * trusted */
    int64_t complete_ns; /* when its completion was recorded; TIME_NEVER if it never was */
    int32_t process;
    value_id key;            /* VALUE_NIL: a single object */
    value_id in, in2;        /* the invocation's value; cas: old, new; in2 is VALUE_NIL otherwise */
    value_id out;            /* the completion's value (a read's result); VALUE_NIL if none. A write
                              * or cas that says nothing new has out = VALUE_NIL */
    uint32_t index;          /* of the invocation: its "index" in the record */
    uint32_t complete_index; /* INDEX_NONE if never completed */
    uint8_t type;            /* enum op_type: OP_OK, OP_FAIL or OP_INFO */
    uint8_t f;               /* enum op_f, or OP_F_KNOWN and above: history_f_name */
    uint8_t node;            /* index into nodes; NODE_NONE if not recorded */
    uint8_t flags;           /* reserved, 0 */
};

/* The latest time at which the operation can take effect. */
static inline int64_t op_end_ns(const struct op *op)
{
    return op->type == OP_INFO ? TIME_NEVER : op->complete_ns;
}

/* Something the harness itself did: an event of process "nemesis". */
struct event {
    int64_t time_ns;
    uint32_t index;
    int32_t fault;     /* number in the plan; -1 for what belongs to no fault (phases) */
    uint8_t edge;      /* enum event_edge */
    const char *f;     /* "partition", "kill", "phase", ... */
    const char *value; /* JSON text; "null" if none */
    const char
        *extra; /* JSON object with the event's further members ("receipt", "nodes"); or "" */
};

/* A fault's begin and end are each declared and then confirmed by a receipt ("in force"). */
enum event_edge {
    EVENT_POINT, /* no duration: a phase, a note */
    EVENT_BEGIN, /* declared */
    EVENT_BEGUN, /* in force */
    EVENT_END,   /* withdrawn */
    EVENT_ENDED, /* healed: no longer in force */
};

/* The vector clock that was recorded with a completion: JSON of an object, {"n1":3,...}. */
struct clock_note {
    uint32_t index; /* of the completion */
    value_id clock;
};

struct history {
    struct op *ops;
    size_t count, capacity;
    struct event *events; /* in order of time */
    size_t event_count, event_capacity;
    struct values values;
    char **nodes; /* names, by op.node */
    int node_count;
    char **fs; /* names of f >= OP_F_KNOWN, at [f - OP_F_KNOWN] */
    int f_count;
    int64_t end_ns;     /* time of the last event of the record */
    bool times_trusted; /* false: times are line numbers, for order only */
    bool timeless;      /* the format says nothing about real time: all times are 0, so that only
                         * the order within a process counts */
    bool torn;          /* the last line was incomplete and dropped: the run was killed */
    char *path;         /* of the file it came from; NULL if built in memory */
    uint64_t *offsets;  /* sparse: file offset of event i * OFFSET_EVERY; NULL if none */
    size_t offset_count;
    struct clock_note *clocks; /* by index */
    size_t clock_count, clock_capacity;
    struct budget *budget; /* whose memory it is */
};

enum { OFFSET_EVERY = 256 };

/* An empty history that allocates from `budget`, which must outlive it. */
void history_init(struct history *history, struct budget *budget);
void history_release(struct history *history);

/* Append an operation. They may come in any order; call history_finish before reading. -1 only when
 * the budget is used up. */
int history_add(struct history *history, const struct op *op, struct err *err) MUST_CHECK;

/* Append an event of the harness; the texts are copied. */
int history_add_event(struct history *history, const struct event *event,
                      struct err *err) MUST_CHECK;

/* Note the clock of the completion with that index. */
int history_add_clock(struct history *history, uint32_t index, value_id clock,
                      struct err *err) MUST_CHECK;

/* The clock of an operation that succeeded; VALUE_NIL if none was recorded. */
value_id history_clock(const struct history *history, const struct op *op);

/* The number of a name, made if new; -1 when there are too many (255), the name holds a NUL, or
 * memory is out. */
int history_f(struct history *history, struct str name);
int history_node(struct history *history, struct str name);

const char *history_f_name(const struct history *history, uint8_t f);

/* The JSON text of one of the event's further members ("receipt", "skipped"); false if it has none.
 * It lies in event->extra. */
bool event_member(const struct event *event, const char *name, struct str *json);

/* Append the event's members, but index and time, to a JSON object: as in history.jsonl. */
void event_print(const struct event *event, struct buf *json);

/* The id of the value that a JSON text says, added if the history does not know it. */
int history_value(struct history *history, struct str json, value_id *out,
                  struct err *err) MUST_CHECK;

/* Sort by invocation, set end_ns, and check what holds for every history: a process has one
 * operation open at a time (intervals of one process do not overlap), completion after
 * invocation, no operation of a process after one of unknown outcome, no cas, acquire or release
 * that is 'ok' with the value false. The error names the indexes. */
int history_finish(struct history *history, struct err *err) MUST_CHECK;

/* A fault from its declaration to its healing, gathered from the events. */
struct fault_window {
    int32_t fault;
    const char *f;                    /* borrowed from the history */
    const char *value;                /* JSON: what was declared, nodes resolved */
    int64_t declared_ns, in_force_ns; /* TIME_NEVER if it never came to that */
    int64_t withdrawn_ns, healed_ns;  /* end_ns of the history if the run ended first */
    uint64_t affected; /* packets, processes, ...: "affected" of its receipts; 0: did not bite */
    bool healed;       /* an ENDED event was recorded */
};

/* Windows by declared_ns. *out is allocated from `budget`; the caller frees it. */
int history_windows(const struct history *history, struct budget *budget, struct fault_window **out,
                    size_t *count_out, struct err *err) MUST_CHECK;

#endif
