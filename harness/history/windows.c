/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* windows.c - when which fault was declared, in force, withdrawn and healed: gathered from what the
 * harness recorded.
 */
#include "history.h"

#include <errno.h>

/* What the event says about how much the fault affected; 0 if nothing. */
static uint64_t affected_by(const struct event *event)
{
    struct str text;
    int64_t number;

    if (!event_member(event, "affected", &text) || !str_to_int(text, &number) || number < 0)
        return 0;
    return (uint64_t)number;
}

/* The latest window of the fault; NULL if it has none. */
static struct fault_window *find(struct fault_window *windows, size_t count, int32_t fault)
{
    for (size_t i = count; i-- > 0;) {
        if (windows[i].fault == fault)
            return &windows[i];
    }
    return NULL;
}

static void apply(struct fault_window *window, const struct event *event)
{
    uint64_t affected = affected_by(event);

    switch ((enum event_edge)event->edge) {
    case EVENT_BEGUN:
        if (window->in_force_ns == TIME_NEVER)
            window->in_force_ns = event->time_ns;
        break;
    case EVENT_END:
        window->withdrawn_ns = event->time_ns;
        break;
    case EVENT_ENDED:
        window->healed_ns = event->time_ns;
        window->healed = true;
        break;
    case EVENT_BEGIN:
    case EVENT_POINT:
        break;
    }
    if (affected > window->affected)
        window->affected = affected;
}

static size_t count_begins(const struct history *history)
{
    size_t count = 0;

    for (size_t i = 0; i < history->event_count; i++)
        count += history->events[i].edge == EVENT_BEGIN && history->events[i].fault >= 0;
    return count;
}

int history_windows(const struct history *history, struct budget *budget, struct fault_window **out,
                    size_t *count_out, struct err *err)
{
    struct fault_window *windows =
        budget_calloc(budget, count_begins(history) + 1, sizeof *windows);
    size_t count = 0;

    if (!windows)
        return err_set(err, ENOMEM, "%s while gathering the faults; give a larger --memory-limit",
                       budget_reason(budget));
    for (size_t i = 0; i < history->event_count; i++) {
        const struct event *event = &history->events[i];
        if (event->fault < 0)
            continue;
        if (event->edge == EVENT_BEGIN)
            windows[count++] = (struct fault_window){.fault = event->fault,
                                                     .f = event->f,
                                                     .value = event->value,
                                                     .declared_ns = event->time_ns,
                                                     .in_force_ns = TIME_NEVER,
                                                     .withdrawn_ns = history->end_ns,
                                                     .healed_ns = history->end_ns};
        struct fault_window *window = find(windows, count, event->fault);
        if (window)
            apply(window, event);
    }
    *out = windows;
    *count_out = count;
    return 0;
}
