/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* The brute force's entry, and the two levels that ask for one order of all operations. */
#include "brute_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- one order: linearizable, sequential ----------------------------------------------------- */

enum { KEYS_MAX = 8 };

struct objects {
    value_id keys[KEYS_MAX];
    struct brute_object at[KEYS_MAX];
    int count;
};

struct search {
    const struct history *history;
    const struct brute_model *model;
    const struct op *ops[BRUTE_MAX];
    int count;
    bool before[BRUTE_MAX][BRUTE_MAX]; /* [a][b]: a comes before b in every order allowed */
    struct brute_memo in_vain;
    struct brute_effort effort;
};

static struct brute_object *object_of(struct objects *objects, value_id key)
{
    int i = 0;
    while (objects->keys[i] != key)
        i++;
    return &objects->at[i];
}

/* Whether these operations, in some order, left these states before, in vain. */
static bool was_tried(struct search *search, uint64_t placed, const struct objects *objects)
{
    unsigned char key[sizeof placed + sizeof objects->at];
    size_t size = (size_t)objects->count * sizeof objects->at[0];

    memcpy(key, &placed, sizeof placed);
    memcpy(key + sizeof placed, objects->at, size);
    return brute_memo_seen(&search->in_vain, key, sizeof placed + size);
}

/* Whether what is not yet in `placed` can follow. An operation of unknown outcome that is left over
 * at the end did not happen: nothing ever comes after it by necessity. */
static bool place(struct search *search, uint64_t placed, const struct objects *objects)
{
    bool done = true;

    for (int i = 0; i < search->count; i++)
        done = done && ((placed >> i & 1) || search->ops[i]->type == OP_INFO);
    if (done)
        return true;
    if (brute_too_much(&search->effort) || was_tried(search, placed, objects))
        return false;
    for (int i = 0; i < search->count; i++) {
        bool ready = !(placed >> i & 1);
        for (int k = 0; k < search->count && ready; k++)
            ready = !search->before[k][i] || (placed >> k & 1);
        if (!ready)
            continue;
        struct objects next = *objects;
        if (brute_step(search->model, &search->history->values, search->ops[i],
                       object_of(&next, search->ops[i]->key)) &&
            place(search, placed | UINT64_C(1) << i, &next))
            return true;
    }
    return false;
}

static bool precedes(const struct op *a, const struct op *b, bool real_time)
{
    if (a->process == b->process)
        return a->index < b->index;
    return real_time && a->type != OP_INFO && a->complete_ns < b->invoke_ns;
}

static void too_many(void)
{
    fprintf(stderr, "more operations than the brute force takes: %d\n", BRUTE_MAX);
    abort();
}

static void add_object(struct objects *objects, const struct history *history, value_id key,
                       value_id initial)
{
    for (int i = 0; i < objects->count; i++) {
        if (objects->keys[i] == key)
            return;
    }
    if (objects->count == KEYS_MAX)
        too_many();
    brute_begin(&objects->at[objects->count], &history->values, initial);
    objects->keys[objects->count++] = key;
}

enum verdict brute_one_order(const struct history *history, const struct brute_model *model,
                             value_id initial, bool real_time)
{
    struct search search = {.history = history, .model = model};
    struct objects objects = {.count = 0};

    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_FAIL)
            continue;
        if (search.count == BRUTE_MAX)
            too_many();
        search.ops[search.count++] = &history->ops[i];
        add_object(&objects, history, history->ops[i].key, initial);
    }
    for (int a = 0; a < search.count; a++) {
        for (int b = 0; b < search.count; b++)
            search.before[a][b] = precedes(search.ops[a], search.ops[b], real_time);
    }
    bool found = place(&search, 0, &objects);
    brute_memo_release(&search.in_vain);
    if (search.effort.gave_up && !found)
        return VERDICT_UNKNOWN;
    return found ? VERDICT_VALID : VERDICT_INVALID;
}

/* -- many orders: the levels below sequential ------------------------------------------------ */

static bool is_distinct(const struct brute_events *events)
{
    for (int a = 0; a < events->count; a++) {
        const struct brute_event *x = &events->at[a];
        if (x->is_write && x->value == events->initial)
            return false;
        for (int b = a + 1; b < events->count; b++) {
            const struct brute_event *y = &events->at[b];
            if (x->is_write && y->is_write && x->key == y->key && x->value == y->value)
                return false;
        }
    }
    return true;
}

static bool holds(const struct brute_events *events, const char *level, bool literally)
{
    if (literally)
        return brute_literally(events, level);
    if (strcmp(level, "cc") == 0)
        return brute_cc(events);
    if (strcmp(level, "ccv") == 0)
        return brute_ccv(events);
    if (strcmp(level, "causal") == 0)
        return brute_cm(events);
    return brute_sessions(events, level);
}

enum { UNKNOWN_MAX = 12 };

/* Whether there is a choice of unknown writes that happened for which the level holds. */
static enum verdict check_reads_and_writes(const struct history *history, const char *level,
                                           value_id initial, bool literally)
{
    const struct op *unknown[UNKNOWN_MAX];
    struct brute_effort effort = {0};
    int unknown_count = 0;

    for (size_t i = 0; i < history->count; i++) {
        const struct op *op = &history->ops[i];
        if (op->type == OP_FAIL)
            continue;
        if (op->f != OP_F_READ && op->f != OP_F_WRITE)
            return VERDICT_UNKNOWN;
        if (op->type == OP_INFO && op->f == OP_F_WRITE) {
            if (unknown_count == UNKNOWN_MAX)
                too_many();
            unknown[unknown_count++] = op;
        }
    }
    for (unsigned happened = 0; happened < 1u << unknown_count; happened++) {
        struct brute_events events = {.initial = initial, .effort = &effort};
        for (size_t i = 0; i < history->count; i++) {
            const struct op *op = &history->ops[i];
            bool exists = op->type == OP_OK;
            for (int k = 0; k < unknown_count; k++)
                exists = exists || (unknown[k] == op && (happened >> k & 1));
            if (!exists)
                continue;
            if (events.count == BRUTE_MAX)
                too_many();
            bool is_write = op->f == OP_F_WRITE;
            events.at[events.count++] =
                (struct brute_event){op->process, is_write, op->key, is_write ? op->in : op->out};
        }
        if (strcmp(level, "writes-follow-reads") == 0 && !is_distinct(&events))
            return VERDICT_UNKNOWN;
        if (holds(&events, level, literally))
            return VERDICT_VALID;
    }
    return effort.gave_up ? VERDICT_UNKNOWN : VERDICT_INVALID;
}

/* -- entry ----------------------------------------------------------------------------------- */

static const char *const weak_levels[] = {
    "causal",
    "ccv",
    "cc",
    "pram",
    "read-your-writes",
    "monotonic-reads",
    "monotonic-writes",
    "writes-follow-reads",
};

bool brute_knows(const char *level, const char *model)
{
    if (!brute_model_find(model))
        return false;
    if (strcmp(level, "linearizable") == 0 || strcmp(level, "sequential") == 0)
        return true;
    for (size_t i = 0; i < sizeof weak_levels / sizeof *weak_levels; i++) {
        if (strcmp(level, weak_levels[i]) == 0)
            return true;
    }
    return false;
}

static bool has_success(const struct history *history)
{
    for (size_t i = 0; i < history->count; i++) {
        if (history->ops[i].type == OP_OK)
            return true;
    }
    return false;
}

enum verdict brute_check(const struct history *history, const char *level, const char *model,
                         value_id initial)
{
    if (!brute_knows(level, model)) {
        fprintf(stderr, "the brute force does not know level '%s' of model '%s'\n", level, model);
        abort();
    }
    if (!has_success(history))
        return VERDICT_UNKNOWN;
    bool real_time = strcmp(level, "linearizable") == 0;
    if (real_time || strcmp(level, "sequential") == 0)
        return brute_one_order(history, brute_model_find(model), initial, real_time);
    return check_reads_and_writes(history, level, initial, false);
}

enum verdict brute_check_literally(const struct history *history, const char *level,
                                   value_id initial)
{
    if (!has_success(history))
        return VERDICT_UNKNOWN;
    return check_reads_and_writes(history, level, initial, true);
}
