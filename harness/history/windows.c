/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* windows.c - when which fault was declared, in force, withdrawn and healed: gathered from what the
 * harness recorded.
 */
#include "history.h"
#include "scan.h"

#include <errno.h>

/* The number that the event's further members give as "affected"; 0 if none. */
static uint64_t affected_by(const struct event *event, struct scan_scratch *scratch)
{
    struct scan scan = scan_of(str_of(event->extra));
    struct str key;
    int64_t number;

    if (!scan_take(&scan, '{'))
        return 0;
    while (scan_key(&scan, scratch, &key)) {
        if (str_eq(key, STR("affected")))
            return scan_int(&scan, &number) && number > 0 ? (uint64_t)number : 0;
        if (!scan_skip(&scan) || !scan_more(&scan, '}'))
            break;
    }
    return 0;
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

static void apply(struct fault_window *window, const struct event *event,
                  struct scan_scratch *scratch)
{
    uint64_t affected = affected_by(event, scratch);

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
    struct scan_scratch scratch;
    size_t count = 0;

    if (!windows)
        return err_set(err, ENOMEM, "%s while gathering the faults; give a larger --memory-limit",
                       budget_reason(budget));
    scan_scratch_init(&scratch, budget);
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
            apply(window, event, &scratch);
    }
    scan_scratch_release(&scratch);
    *out = windows;
    *count_out = count;
    return 0;
}
