/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Histories of libordeal-check: read from files, or built event by event. */
#include "library.h"

#include "../../harness/base/clock.h"
#include "../../harness/history/read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void library_say(char message[ORDEAL_MESSAGE_BYTES], const char *text)
{
    if (message)
        (void)snprintf(message, ORDEAL_MESSAGE_BYTES, "%s", text);
}

struct ordeal_history *ordeal_history_new(const struct ordeal_limits *limits)
{
    struct ordeal_history *history = calloc(1, sizeof *history);

    if (!history)
        return NULL;
    budget_init(&history->budget, 0, limits ? limits->memory_bytes : 0);
    history_init(&history->history, &history->budget);
    pairing_init(&history->pairing, &history->history);
    (void)pthread_mutex_init(&history->lock, NULL);
    history->last_ns = INT64_MIN;
    history->built = true;
    return history;
}

static void end_building(struct ordeal_history *history)
{
    if (!history->built)
        return;
    pairing_release(&history->pairing);
    history->built = false;
}

void ordeal_history_free(struct ordeal_history *history)
{
    if (!history)
        return;
    end_building(history);
    history_release(&history->history);
    (void)pthread_mutex_destroy(&history->lock);
    free(history);
}

struct ordeal_history *ordeal_history_read(const char *path, const char *format,
                                           const struct ordeal_limits *limits,
                                           char message[ORDEAL_MESSAGE_BYTES])
{
    struct read_options options = {.format = format, .threads = limits ? limits->threads : 0};
    struct ordeal_history *history = ordeal_history_new(limits);
    struct err err = {0};

    if (!history) {
        library_say(message, "out of memory");
        return NULL;
    }
    end_building(history);
    if (limits && limits->time_ns)
        history->budget.deadline_ns = clock_now_ns() + limits->time_ns;
    if (history_read(&history->history, path, &options, &err) < 0) {
        library_say(message, err.msg);
        ordeal_history_free(history);
        return NULL;
    }
    history->budget.deadline_ns = 0;
    history->finished = true;
    return history;
}

size_t ordeal_history_operations(const struct ordeal_history *history)
{
    return history->history.count;
}

/* -- events ------------------------------------------------------------------------------------ */

static int read_value(struct ordeal_history *history, const char *what, const char *json,
                      value_id *value, struct err *err)
{
    if (history_value(&history->history, str_of(json ? json : "null"), value, err) == 0)
        return 0;
    return err_wrap(err, "the %s makes no sense", what);
}

/* A cas has a pair of values, old and new. */
static void split_pair(const struct values *values, struct pair_event *event)
{
    const value_id *elements;
    size_t count;

    if (event->f != OP_F_CAS || !values_get_list(values, event->value, &elements, &count) ||
        count != 2)
        return;
    event->is_pair = true;
    event->value = elements[0];
    event->value2 = elements[1];
}

/* Note the vector clock of the completion, if it has one. */
static int add_clock(struct ordeal_history *history, const struct ordeal_event *event,
                     struct err *err)
{
    value_id clock = VALUE_NIL;

    if (!event->clock || event->type != ORDEAL_OK)
        return 0;
    if (event->clock[0] != '{')
        return err_set(err, EINVAL, "the clock is no JSON object");
    if (read_value(history, "clock", event->clock, &clock, err) < 0)
        return -1;
    return history_add_clock(&history->history, history->event_count, clock, err);
}

static int add_event(struct ordeal_history *history, const struct ordeal_event *event,
                     struct err *err)
{
    struct pair_event pair = {.time_ns = event->time_ns,
                              .index = history->event_count,
                              .process = event->process,
                              .node = NODE_NONE};

    if (history->finished || !history->built)
        return err_set(err, EINVAL,
                       "the history has been read or checked and takes no more events");
    if (history->event_count == INDEX_NONE)
        return err_set(err, EOVERFLOW, "the history is full");
    if (!event->f || !*event->f)
        return err_set(err, EINVAL, "the event names no function");
    if (event->type > ORDEAL_INFO)
        return err_set(err, EINVAL, "the event is of no known type");
    if (event->time_ns < history->last_ns)
        return err_set(err, EINVAL, "the event is earlier than the one before it");
    int f = history_f(&history->history, str_of(event->f));
    if (f < 0)
        return err_set(err, EINVAL, "there are too many different functions");
    pair.f = (uint8_t)f;
    pair.type = (uint8_t)event->type;
    if (read_value(history, "key", event->key, &pair.key, err) < 0 ||
        read_value(history, "value", event->value, &pair.value, err) < 0)
        return -1;
    split_pair(&history->history.values, &pair);
    history->pairing.last_index = (int64_t)pair.index - 1; /* that of a refused event is free */
    size_t clock_count = history->history.clock_count;
    if (add_clock(history, event, err) < 0)
        return -1;
    if (pairing_add(&history->pairing, &pair, err) < 0) {
        history->history.clock_count = clock_count;
        return -1;
    }
    return 0;
}

int ordeal_history_add(struct ordeal_history *history, const struct ordeal_event *event,
                       char message[ORDEAL_MESSAGE_BYTES])
{
    struct err err = {0};

    if (add_event(history, event, &err) < 0) {
        library_say(message, err.msg);
        return -1;
    }
    history->event_count++;
    history->last_ns = event->time_ns;
    return 0;
}

int library_finish(struct ordeal_history *history, struct err *err)
{
    int result = 0;

    (void)pthread_mutex_lock(&history->lock);
    if (!history->finished) {
        end_building(history);
        result = history_finish(&history->history, err);
        history->finished = result == 0;
    }
    (void)pthread_mutex_unlock(&history->lock);
    return result;
}
