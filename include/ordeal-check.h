/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* ordeal-check.h - from a recorded history, which consistency did the clients get?
 *
 * The checkers of Ordeal as a library: read a history or build one, ask for a level, get a verdict
 * with a witness that has been verified again. Link with `pkg-config --cflags --libs ordeal-check`.
 *
 *     struct ordeal_history *history = ordeal_history_read("history.jsonl", NULL, NULL, message);
 *     struct ordeal_result *result = ordeal_check(history, NULL, NULL, message);
 *     puts(ordeal_result_reason(result));
 *
 * The library never exits, aborts, prints, changes signal handlers or keeps global state; all that
 * it is given is copied. Time and memory are the caller's to limit: what does not get done within
 * them is ORDEAL_UNKNOWN, with the reason. A finished history may be checked by any number of
 * threads at once; nothing else may be shared between threads. Text is UTF-8.
 *
 * What operations, outcomes and levels mean, and the formats, is told in Ordeal's docs/formats.md.
 */
#ifndef ORDEAL_CHECK_H
#define ORDEAL_CHECK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Of this header; grows with it. What was there before stays as it was while the soname does. */
#define ORDEAL_CHECK_API 1

/* The version of the library, as `ordeal --version` says it: static text. */
const char *ordeal_check_version(void);

/* Messages for people: one sentence, in lower case, without full stop. Functions that can fail take
 * one to write to; NULL: not interested. */
enum { ORDEAL_MESSAGE_BYTES = 256 };

/* Zeroed, or NULL in its place: without limits, on all cores. */
struct ordeal_limits {
    int64_t time_ns;     /* from the call on; 0: none */
    size_t memory_bytes; /* allocated by the call; 0: none */
    int threads;         /* 0: as many as there are cores */
};

/* -- histories -------------------------------------------------------------------------------- */

struct ordeal_history;

/* Read a file ("-": standard input), plain, gzip or zstd; `format` as `ordeal list formats` names
 * them, NULL: told by the first bytes. NULL with the message if it cannot be read, or not within
 * `limits`. Free it with ordeal_history_free. */
struct ordeal_history *ordeal_history_read(const char *path, const char *format,
                                           const struct ordeal_limits *limits,
                                           char message[ORDEAL_MESSAGE_BYTES]);

/* An empty history; memory_bytes of `limits` is for all that is added. NULL: out of memory. */
struct ordeal_history *ordeal_history_new(const struct ordeal_limits *limits);

enum ordeal_event_type {
    ORDEAL_INVOKE, /* a process begins an operation */
    ORDEAL_OK,     /* it happened */
    ORDEAL_FAIL,   /* it did not happen */
    ORDEAL_INFO    /* nobody knows: the process may not go on under the same number */
};

struct ordeal_event {
    enum ordeal_event_type type;
    int32_t process;   /* has at most one operation open */
    const char *f;     /* "read", "write", "cas", "enqueue", ... */
    const char *key;   /* JSON; NULL: there is one object */
    const char *value; /* JSON; NULL: null. Invocations: what is written, [old,new] of a cas. OK:
                        * what the operation returned */
    int64_t time_ns;   /* monotonic, since any moment; not before the last event's */
    const char *clock; /* of an OK: the system's vector clock then, {"n1":3,"n2":1}; NULL: none */
};

/* Append an event. 0, or -1 with the message if it does not fit what came before or memory is used
 * up: the history is as it was. Events are numbered from 0; results name operations by the number
 * of their invocation. No events may be added once the history has been checked. */
int ordeal_history_add(struct ordeal_history *history, const struct ordeal_event *event,
                       char message[ORDEAL_MESSAGE_BYTES]);

/* How many operations it has: invocations, completed or not. */
size_t ordeal_history_operations(const struct ordeal_history *history);

/* NULL is fine. */
void ordeal_history_free(struct ordeal_history *history);

/* -- checking --------------------------------------------------------------------------------- */

/* Zeroed, or NULL in its place, is a sensible default. */
struct ordeal_question {
    const char *level; /* "linearizable" (NULL), "sequential", "causal", ..., "ladder": all of them,
                        * "staleness": as `ordeal list checkers` names them */
    const char *model; /* "register", "queue", ...; NULL: the one that fits the operations */
    const char *initial; /* the objects' initial value as JSON; NULL: nil */
};

enum ordeal_verdict {
    ORDEAL_VALID,
    ORDEAL_UNKNOWN, /* undecided: ordeal_result_reason says why */
    ORDEAL_INVALID  /* ordeal_result_anomalies say what shows it */
};

struct ordeal_result;

/* Judge. Independent of the history's limits; it may outlive the history. NULL with the message
 * only if the question makes no sense or not even the result has memory. */
struct ordeal_result *ordeal_check(struct ordeal_history *history,
                                   const struct ordeal_question *question,
                                   const struct ordeal_limits *limits,
                                   char message[ORDEAL_MESSAGE_BYTES]);

/* NULL is fine. */
void ordeal_result_free(struct ordeal_result *result);

enum ordeal_verdict ordeal_result_verdict(const struct ordeal_result *result);

/* One sentence; may be empty if valid. All texts are the result's. */
const char *ordeal_result_reason(const struct ordeal_result *result);

/* Everything as one JSON object, as in Ordeal's results.json: {"valid":...,"reason":...,
 * "anomalies":[...], ...}. */
const char *ordeal_result_json(const struct ordeal_result *result);

/* What shows a violation. Others than the first are further ones. */
size_t ordeal_result_anomalies(const struct ordeal_result *result);

/* Of anomaly `i`: its type ("nonlinearizable", ...), sentences that explain it, and the operations
 * that it needs, of which *count is set. NULL (0) if there is none such. */
const char *ordeal_anomaly_type(const struct ordeal_result *result, size_t i);
const char *ordeal_anomaly_explanation(const struct ordeal_result *result, size_t i);
const uint32_t *ordeal_anomaly_operations(const struct ordeal_result *result, size_t i,
                                          size_t *count);

#ifdef __cplusplus
}
#endif

#endif
