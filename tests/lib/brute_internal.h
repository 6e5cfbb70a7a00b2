/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* brute_internal.h - what the files of the brute force share. */
#ifndef ORDEAL_TESTS_LIB_BRUTE_INTERNAL_H
#define ORDEAL_TESTS_LIB_BRUTE_INTERNAL_H

#include "brute.h"

/* -- objects (brute_model.c) ----------------------------------------------------------------- */

enum { BRUTE_ITEMS = 32 };

/* The state of one object; each model uses what it needs. */
struct brute_object {
    value_id items[BRUTE_ITEMS]; /* in order of arrival, or as pairs */
    int count;
    value_id value;
    int64_t number, token;
};

struct brute_model {
    const char *name;
    /* Whether `op`, taking effect now, can return what the history says it returned; and its
     * effect. The answer of an operation of unknown outcome fits always. */
    bool (*step)(const struct history *history, const struct op *op, struct brute_object *object);
    /* NULL: value = initial. */
    void (*begin)(const struct history *history, value_id initial, struct brute_object *object);
};

const struct brute_model *brute_model_find(const char *name);

/* -- levels ---------------------------------------------------------------------------------- */

/* One order of everything that happened: with real time (linearizable) or without (sequential). */
bool brute_one_order(const struct history *history, const struct brute_model *model,
                     value_id initial, bool real_time);

/* A read or write that happened, for the levels without one order for all. */
struct brute_event {
    int32_t process;
    bool is_write;
    value_id key, value;
};

/* Events of one process stand in program order. */
struct brute_events {
    struct brute_event at[BRUTE_MAX];
    int count;
    value_id initial;
};

static inline bool brute_po(const struct brute_events *events, int a, int b)
{
    return a < b && events->at[a].process == events->at[b].process;
}

bool brute_cc(const struct brute_events *events);
bool brute_ccv(const struct brute_events *events);
bool brute_cm(const struct brute_events *events);
bool brute_literally(const struct brute_events *events, const char *level);

/* One legal sequence for each process, of all writes and its reads, that respects what the level
 * asks for. */
bool brute_sessions(const struct brute_events *events, const char *level);

#endif
