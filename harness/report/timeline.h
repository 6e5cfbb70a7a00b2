/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline.h - a few operations drawn per process over time: the layout that text and picture
 * share.
 *
 * A witness may hold a write of 1 ms, and a read of 1 ms an hour later. So the axis keeps the order
 * of all times, but not their distances: between any two neighbouring times there is enough room to
 * tell them apart, and every operation is wide enough for its label. Longer stretches still get
 * more, logarithmically.
 */
#ifndef ORDEAL_REPORT_TIMELINE_H
#define ORDEAL_REPORT_TIMELINE_H

#include "../history/history.h"

enum {
    TIMELINE_OPS_MAX = 40, /* the rest is left out, and counted */
    TIMELINE_FAULTS_MAX = 24,
    TIMELINE_TIMES_MAX = 2 * TIMELINE_OPS_MAX + 2 * TIMELINE_FAULTS_MAX + 2,
    TIMELINE_LABEL_MAX = 96,
};

/* How an operation is named in its bar, from most to least room. */
enum timeline_labels { LABELS_WIDE, LABELS_TIGHT, LABELS_NUMBER };

struct timeline_bar {
    const struct op *op;
    int number;      /* from 1, in the order in which the story is told */
    int row;         /* from 0 */
    double from, to; /* on the axis; to is the axis' end if the outcome is unknown */
    double known_to; /* where the client gave up; `to` if that is not so */
    char label[TIMELINE_LABEL_MAX];
};

struct timeline_row {
    int32_t process;
    uint8_t node;
};

/* A fault that was in force while something happened. */
struct timeline_fault {
    const char *f;
    char who[64];
    double from, to;
    bool begins, ends; /* within the picture; else it goes on beyond */
};

struct timeline {
    const struct history *history;
    struct timeline_bar bars[TIMELINE_OPS_MAX];
    int bar_count;
    size_t left_out;
    struct timeline_row rows[TIMELINE_OPS_MAX];
    int row_count;
    struct timeline_fault faults[TIMELINE_FAULTS_MAX];
    int fault_count;
    int64_t times[TIMELINE_TIMES_MAX]; /* sorted, distinct */
    double at[TIMELINE_TIMES_MAX];     /* their places */
    int time_count;
    enum timeline_labels labels;
    double width; /* of the whole axis */
};

/* The unit of all lengths is the caller's: columns or pixels. */
struct timeline_scale {
    double width;     /* to fill; more only where even numbers as labels do not fit */
    double width_max; /* with full labels; beyond it they are given up */
    double character; /* width of one in a label */
    double margin;    /* of a bar beside its label, both sides together; half if tight */
    double step;      /* least distance of two times */
};

/* Lay out `ops` (places in history->ops) in their order. */
void timeline_make(struct timeline *timeline, const struct history *history, const uint32_t *ops,
                   size_t count, const struct timeline_scale *scale);

/* A time as it stands below the axis: seconds with as many decimals as tell all times apart, or a
 * line's number where times are not to be trusted. */
void timeline_time(const struct timeline *timeline, int64_t time_ns, struct buf *out);

/* Draw with characters, at most `columns` wide, each line indented by two and ended. `ascii`: no
 * character beyond it from us. */
void timeline_text(const struct history *history, const uint32_t *ops, size_t count, int columns,
                   bool ascii, struct buf *out);

/* Draw as one <svg> element for page.c's style sheet. `decisive`: place in ops of the operation to
 * stand out; `count` for none. */
void timeline_svg(const struct history *history, const uint32_t *ops, size_t count, size_t decisive,
                  struct buf *html);

#endif
