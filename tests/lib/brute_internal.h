/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* brute_internal.h - what the files of the brute force share. */
#ifndef ORDEAL_TESTS_LIB_BRUTE_INTERNAL_H
#define ORDEAL_TESTS_LIB_BRUTE_INTERNAL_H

#include "brute.h"

/* -- what was tried in vain (brute_memo.c) --------------------------------------------------- */

struct brute_memo {
    struct brute_memo_entry *entries;
    uint32_t count;
    uint32_t *slots; /* open addressing by hash: 1 + place of the entry */
    uint32_t slot_count;
    unsigned char *bytes;
    size_t used, capacity;
    uint64_t asked;
};

/* Whether these bytes are known to have been seen before; now they are. */
bool brute_memo_seen(struct brute_memo *memo, const void *key, size_t size);
void brute_memo_release(struct brute_memo *memo);

/* How much was tried. When it is too much, searches end without having found anything. */
struct brute_effort {
    uint64_t steps;
    bool gave_up;
};

static inline bool brute_too_much(struct brute_effort *effort)
{
    effort->gave_up = effort->gave_up || ++effort->steps > 300000;
    return effort->gave_up;
}

/* -- objects (brute_model.c) ----------------------------------------------------------------- */

enum { BRUTE_ITEMS = 32, BRUTE_TEXT = 64 };

/* The state of one object; each model uses what it needs. */
struct brute_object {
    value_id items[BRUTE_ITEMS]; /* in order of arrival, or as pairs */
    int count;
    value_id value;
    int64_t number, token;
    int32_t holder;
    char text[BRUTE_TEXT];
};

enum brute_answer_kind {
    ANSWER_NOTHING, /* there is nothing to say but that it is done */
    ANSWER_VALUE,
    ANSWER_NUMBER,
    ANSWER_TRUTH,
    ANSWER_CHANGED, /* the same, but it need not be said */
    ANSWER_TEXT,    /* JSON; "" is nil */
    ANSWER_LIST,    /* nil is the empty one */
    ANSWER_BAG,     /* a list in any order */
    ANSWER_TOKEN,   /* any number greater than this one; or none said */
    ANSWER_TXN,     /* a transaction whose reads return the items */
};

struct brute_answer {
    enum brute_answer_kind kind;
    value_id value;
    int64_t number; /* truth: 0 or 1 */
    value_id items[BRUTE_ITEMS];
    int count;
    char text[BRUTE_TEXT];
};

struct brute_model {
    const char *name;
    /* What `op` answers when it takes effect now, and its effect. False, and no effect, where it
     * cannot take effect in this state (a lock that is held, a collection with BRUTE_ITEMS). */
    bool (*apply)(const struct values *values, const struct op *op, struct brute_object *object,
                  struct brute_answer *answer);
};

const struct brute_model *brute_model_find(const char *name);

/* The parts of a micro-operation ["r", key, value] or ["w", key, value]; false if it is none. */
struct brute_micro {
    bool is_write;
    value_id key, value;
};
bool brute_micro(const struct values *values, value_id id, struct brute_micro *micro);

/* The object before any operation. */
void brute_begin(struct brute_object *object, const struct values *values, value_id initial);

/* Whether `op`, taking effect now, can return what the history says that it returned; and its
 * effect. */
bool brute_step(const struct brute_model *model, const struct values *values, const struct op *op,
                struct brute_object *object);

/* -- levels ---------------------------------------------------------------------------------- */

/* One order of everything that happened: with real time (linearizable) or without (sequential). */
enum verdict brute_one_order(const struct history *history, const struct brute_model *model,
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
    struct brute_effort *effort;
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
