/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MS INT64_C(1000000)

static void add(struct history *history, const struct event *event)
{
    struct err err;

    if (history_add_event(history, event, &err) < 0) {
        (void)fprintf(stderr, "events: %s\n", err.msg);
        abort();
    }
    if (event->time_ns > history->end_ns)
        history->end_ns = event->time_ns;
}

void events_note(struct history *history, int64_t time_ns, const char *f, const char *value)
{
    add(history, &(struct event){.time_ns = time_ns, .fault = -1, .f = f, .value = value});
}

static void add_edge(struct history *history, int32_t fault, const char *f, const char *value,
                     int64_t time_ns, enum event_edge edge, const char *extra)
{
    add(history, &(struct event){.time_ns = time_ns,
                                 .fault = fault,
                                 .edge = (uint8_t)edge,
                                 .f = f,
                                 .value = value,
                                 .extra = extra});
}

void events_open_fault(struct history *history, int32_t fault, const char *f, const char *value,
                       int64_t from_ns)
{
    add_edge(history, fault, f, value, from_ns, EVENT_BEGIN, "");
    add_edge(history, fault, f, value, from_ns + MS, EVENT_BEGUN, "{\"receipt\":{\"version\":1}}");
}

void events_fault(struct history *history, int32_t fault, const char *f, const char *value,
                  int64_t from_ns, int64_t to_ns, uint64_t affected)
{
    char extra[128];

    events_open_fault(history, fault, f, value, from_ns);
    (void)snprintf(extra, sizeof extra, "{\"receipt\":{\"version\":2},\"affected\":%" PRIu64 "}",
                   affected);
    add_edge(history, fault, f, value, to_ns, EVENT_END, "");
    add_edge(history, fault, f, value, to_ns + MS, EVENT_ENDED, extra);
}

void events_skipped_fault(struct history *history, int32_t fault, const char *f, int64_t time_ns,
                          const char *why)
{
    char extra[128];

    (void)snprintf(extra, sizeof extra, "{\"skipped\":\"%s\"}", why);
    add_edge(history, fault, f, "null", time_ns, EVENT_POINT, extra);
}
