/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* bite.c - whether the run put the system to the test at all.
 *
 * A pass means nothing if no fault affected anything, or if the cluster was broken before the first
 * one. Faults are known by their receipts (how many packets were dropped, processes killed), never
 * by having been asked for. Faults that did nothing among others that did are only told.
 */
#include "../harness/checker.h"

#include <errno.h>
#include <stdlib.h>

/* The cluster's health before the first fault: -1 if nobody asked. */
static int health(const struct history *history)
{
    for (size_t i = 0; i < history->event_count; i++) {
        if (strcmp(history->events[i].f, "health") == 0)
            return strcmp(history->events[i].value, "true") == 0;
    }
    return -1;
}

/* Faults of the plan that made no sense when their time came. */
static size_t count_skipped(const struct history *history)
{
    size_t skipped = 0;

    for (size_t i = 0; i < history->event_count; i++)
        skipped += history->events[i].edge == EVENT_POINT && history->events[i].fault >= 0;
    return skipped;
}

static void print_idle(const struct fault_window *windows, size_t count, struct buf *json)
{
    buf_puts(json, ",\"idle\":[");
    for (size_t i = 0; i < count; i++) {
        if (windows[i].affected || !windows[i].healed)
            continue;
        buf_json_next(json, NULL);
        buf_puts(json, "{");
        buf_json_int(json, "fault", windows[i].fault);
        buf_json_str(json, "f", str_of(windows[i].f));
        buf_json_raw(json, "value", str_of(windows[i].value));
        buf_puts(json, "}");
    }
    buf_puts(json, "]");
}

struct count {
    size_t faults;  /* declared */
    size_t bit;     /* affected something */
    size_t open;    /* the run ended before their receipt */
    size_t skipped; /* made no sense when their time came */
};

static void judge(const struct count *count, int healthy, size_t planned, struct finding *finding)
{
    size_t known = count->faults + count->skipped;

    if (planned < known)
        planned = known;
    if (healthy == 0)
        finding_set(finding, VERDICT_UNKNOWN, "the cluster was not healthy before the first fault");
    else if (planned == 0)
        finding_set(finding, VERDICT_VALID, "no fault was planned");
    else if (count->faults == 0)
        finding_set(finding, VERDICT_UNKNOWN, "none of %zu planned faults came about", planned);
    else if (count->bit > 0)
        finding_set(finding, VERDICT_VALID, "%zu of %zu faults bit", count->bit, count->faults);
    else if (count->open > 0)
        finding_set(finding, VERDICT_UNKNOWN,
                    "no fault is known to have affected anything: the run ended before %zu of %zu "
                    "had a receipt",
                    count->open, count->faults);
    else
        finding_set(finding, VERDICT_UNKNOWN, "none of %zu faults affected anything",
                    count->faults);
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    struct fault_window *windows = NULL;
    struct count count = {.skipped = count_skipped(history)};

    if (history_windows(history, budget, &windows, &count.faults, err) < 0) {
        if (!budget_spent(budget))
            return -1;
        finding_set(finding, VERDICT_UNKNOWN, "%s while gathering the faults",
                    budget_reason(budget));
        return 0;
    }
    for (size_t i = 0; i < count.faults; i++) {
        count.bit += windows[i].affected > 0;
        count.open += windows[i].affected == 0 && !windows[i].healed;
    }
    judge(&count, health(history), options->faults_planned, finding);
    buf_printf(&finding->details, "\"faults\":%zu,\"bit\":%zu,\"open\":%zu,\"skipped\":%zu",
               count.faults, count.bit, count.open, count.skipped);
    print_idle(windows, count.faults, &finding->details);
    budget_free(budget, windows);
    return 0;
}

const struct checker checker_bite = {
    .name = "bite",
    .about = "the cluster was healthy at first, and some fault really had an effect",
    .check = check,
};
