/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timeline.h"

#include "describe.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- what is to be seen
 * ---------------------------------------------------------------------------- */

static int row_of(struct timeline *timeline, const struct op *op)
{
    for (int i = 0; i < timeline->row_count; i++) {
        if (timeline->rows[i].process == op->process)
            return i;
    }
    timeline->rows[timeline->row_count] = (struct timeline_row){op->process, op->node};
    return timeline->row_count++;
}

static void add_bars(struct timeline *timeline, const uint32_t *ops, size_t count)
{
    const struct history *history = timeline->history;

    for (size_t i = 0; i < count; i++) {
        const struct op *op = &history->ops[ops[i]];
        if (timeline->bar_count == TIMELINE_OPS_MAX) {
            timeline->left_out = count - i;
            return;
        }
        struct timeline_bar *bar = &timeline->bars[timeline->bar_count++];
        struct buf label;
        *bar = (struct timeline_bar){.op = op, .number = timeline->bar_count};
        buf_init(&label, TIMELINE_LABEL_MAX);
        describe_label(history, op, &label);
        (void)snprintf(bar->label, sizeof bar->label, "%s", label.ptr ? label.ptr : "?");
        buf_release(&label);
    }
}

/* Rows from top to bottom by first invocation, so that the eye goes down as time goes on. */
static void add_rows(struct timeline *timeline)
{
    bool placed[TIMELINE_OPS_MAX] = {false};

    for (int n = 0; n < timeline->bar_count; n++) {
        int first = 0;
        while (placed[first])
            first++;
        for (int i = first + 1; i < timeline->bar_count; i++) {
            if (!placed[i] && timeline->bars[i].op->invoke_ns < timeline->bars[first].op->invoke_ns)
                first = i;
        }
        placed[first] = true;
        timeline->bars[first].row = row_of(timeline, timeline->bars[first].op);
    }
}

static void add_time(struct timeline *timeline, int64_t time_ns)
{
    int at = timeline->time_count;

    while (at > 0 && timeline->times[at - 1] > time_ns)
        at--;
    if ((at > 0 && timeline->times[at - 1] == time_ns) ||
        timeline->time_count == TIMELINE_TIMES_MAX)
        return;
    memmove(&timeline->times[at + 1], &timeline->times[at],
            (size_t)(timeline->time_count - at) * sizeof timeline->times[0]);
    timeline->times[at] = time_ns;
    timeline->time_count++;
}

static int find_time(const struct timeline *timeline, int64_t time_ns)
{
    int at = 0;
    while (at < timeline->time_count - 1 && timeline->times[at] < time_ns)
        at++;
    return at;
}

static bool is_open(const struct op *op)
{
    return op->type == OP_INFO;
}

/* Windows that touch the picture; their edges become times of the axis. */
static struct fault_window *get_faults(struct timeline *timeline, size_t *count)
{
    struct fault_window *windows = NULL;
    int64_t first = timeline->times[0], last = timeline->times[timeline->time_count - 1];
    struct err ignored;
    size_t kept = 0;

    *count = 0;
    if (!timeline->history->times_trusted ||
        history_windows(timeline->history, timeline->history->budget, &windows, count, &ignored) <
            0)
        return NULL;
    for (size_t i = 0; i < *count && kept < TIMELINE_FAULTS_MAX; i++) {
        struct fault_window *window = &windows[i];
        if (window->in_force_ns > last || (window->healed && window->healed_ns < first))
            continue;
        if (window->in_force_ns > first)
            add_time(timeline, window->in_force_ns);
        if (window->healed && window->healed_ns < last)
            add_time(timeline, window->healed_ns);
        windows[kept++] = *window;
    }
    *count = kept;
    return windows;
}

/* -- the axis -------------------------------------------------------------------------------------
 */

struct stretch {
    double widths[TIMELINE_TIMES_MAX]; /* [i]: from time i to time i + 1 */
    int count;
};

static double sum(const struct stretch *stretch, int from, int to)
{
    double total = 0;
    for (int i = from; i < to; i++)
        total += stretch->widths[i];
    return total;
}

/* Make [from, to) at least `wanted` long, each part by the same factor. */
static void widen(struct stretch *stretch, int from, int to, double wanted)
{
    double have = sum(stretch, from, to);

    for (int i = from; i < to && have < wanted; i++)
        stretch->widths[i] *= wanted / have;
}

static double label_width(const struct timeline *timeline, const struct timeline_bar *bar,
                          const struct timeline_scale *scale)
{
    char number[16];
    const char *label = bar->label;

    if (timeline->labels == LABELS_NUMBER) {
        (void)snprintf(number, sizeof number, "%d", bar->number);
        label = number;
    }
    double margin = timeline->labels == LABELS_WIDE ? scale->margin : scale->margin / 2;
    return text_columns(str_of(label)) * scale->character + margin;
}

/* The time at which an operation ends in the picture; time_count: at the axis' end. One that took
 * no time at all gets the stretch behind it, so that it can be seen. */
static int bar_end(const struct timeline *timeline, const struct op *op)
{
    int from = find_time(timeline, op->invoke_ns);

    if (is_open(op))
        return timeline->time_count;
    int to = find_time(timeline, op->complete_ns);
    return to > from ? to : from + 1;
}

/* Neighbouring times a step apart, and more the longer it took; then room for labels. */
static void stretch_axis(const struct timeline *timeline, const struct timeline_scale *scale,
                         struct stretch *stretch)
{
    int last = timeline->time_count - 1;
    double shortest = INFINITY;

    for (int i = 0; i < last; i++)
        shortest = fmin(shortest, (double)(timeline->times[i + 1] - timeline->times[i]));
    stretch->count = last + 1; /* the last is for what never ended */
    for (int i = 0; i < last; i++) {
        double times = (double)(timeline->times[i + 1] - timeline->times[i]) / shortest;
        stretch->widths[i] = scale->step * (1 + log10(times));
    }
    stretch->widths[last] = 0;
    for (int i = 0; i < timeline->bar_count; i++) {
        if (bar_end(timeline, timeline->bars[i].op) > last)
            stretch->widths[last] = scale->step * 2;
    }
    for (int i = 0; i < timeline->bar_count; i++) {
        const struct op *op = timeline->bars[i].op;
        widen(stretch, find_time(timeline, op->invoke_ns), bar_end(timeline, op),
              label_width(timeline, &timeline->bars[i], scale));
    }
}

static void add_times(struct timeline *timeline)
{
    for (int i = 0; i < timeline->bar_count; i++) {
        const struct op *op = timeline->bars[i].op;
        add_time(timeline, op->invoke_ns);
        if (op->complete_ns != TIME_NEVER)
            add_time(timeline, op->complete_ns);
    }
}

static double place_of(const struct timeline *timeline, int64_t time_ns)
{
    return timeline->at[find_time(timeline, time_ns)];
}

static void place_all(struct timeline *timeline, const struct stretch *stretch,
                      const struct fault_window *windows, size_t window_count)
{
    double at = 0;

    for (int i = 0; i < timeline->time_count; i++) {
        timeline->at[i] = at;
        at += stretch->widths[i];
    }
    timeline->width = at;
    for (int i = 0; i < timeline->bar_count; i++) {
        struct timeline_bar *bar = &timeline->bars[i];
        int end = bar_end(timeline, bar->op);
        bar->from = place_of(timeline, bar->op->invoke_ns);
        bar->to = end < timeline->time_count ? timeline->at[end] : at;
        bar->known_to = is_open(bar->op) && bar->op->complete_ns != TIME_NEVER
                            ? place_of(timeline, bar->op->complete_ns)
                            : bar->to;
    }
    for (size_t i = 0; i < window_count; i++) {
        const struct fault_window *window = &windows[i];
        struct timeline_fault *fault = &timeline->faults[timeline->fault_count++];
        struct buf who;
        int64_t first = timeline->times[0], last = timeline->times[timeline->time_count - 1];
        *fault = (struct timeline_fault){.f = window->f, .to = at};
        fault->begins = window->in_force_ns > first;
        fault->ends = window->healed && window->healed_ns < last;
        fault->from = fault->begins ? place_of(timeline, window->in_force_ns) : 0;
        fault->to = fault->ends ? place_of(timeline, window->healed_ns) : at;
        buf_init(&who, 0);
        describe_victims(window->value, 40, &who);
        (void)snprintf(fault->who, sizeof fault->who, "%s", who.ptr ? who.ptr : "");
        buf_release(&who);
    }
}

void timeline_make(struct timeline *timeline, const struct history *history, const uint32_t *ops,
                   size_t count, const struct timeline_scale *scale)
{
    struct stretch stretch;
    size_t window_count;

    *timeline = (struct timeline){.history = history};
    add_bars(timeline, ops, count);
    if (timeline->bar_count == 0)
        return;
    add_rows(timeline);
    add_times(timeline);
    struct fault_window *windows = get_faults(timeline, &window_count);
    stretch_axis(timeline, scale, &stretch);
    while (sum(&stretch, 0, stretch.count) > scale->width_max &&
           timeline->labels != LABELS_NUMBER) {
        timeline->labels++;
        stretch_axis(timeline, scale, &stretch);
    }
    widen(&stretch, 0, stretch.count, scale->width);
    place_all(timeline, &stretch, windows, window_count);
    budget_free(history->budget, windows);
}

void timeline_time(const struct timeline *timeline, int64_t time_ns, struct buf *out)
{
    int64_t shortest = INT64_MAX;

    if (!timeline->history->times_trusted) {
        buf_printf(out, "line %" PRId64, time_ns);
        return;
    }
    for (int i = 1; i < timeline->time_count; i++) {
        int64_t apart = timeline->times[i] - timeline->times[i - 1];
        shortest = apart < shortest ? apart : shortest;
    }
    int decimals = shortest >= 1000000 ? 3 : shortest >= 1000 ? 6 : 9;
    int64_t unit = decimals == 3 ? 1000000 : decimals == 6 ? 1000 : 1;
    buf_printf(out, "%" PRId64 ".%0*" PRId64, time_ns / 1000000000, decimals,
               time_ns % 1000000000 / unit);
}
