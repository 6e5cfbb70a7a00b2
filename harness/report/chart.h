/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chart.h - what the panels of the run's chart share: one time axis, with the faults behind all.
 * Internal to harness/report/.
 */
#ifndef ORDEAL_REPORT_CHART_H
#define ORDEAL_REPORT_CHART_H

#include "page.h"

enum {
    CHART_LEFT = 66, /* room for what the values are called */
    CHART_RIGHT = 10,
    CHART_WIDTH = 924,
    CHART_PLOT = CHART_WIDTH - CHART_LEFT - CHART_RIGHT,
};

/* Where a time of the run is, from left to right. */
double chart_x(const struct history *history, int64_t time_ns);

void chart_text(struct buf *html, const char *style, double x, double y, const char *anchor,
                const char *text);

/* The panels of clocks, one for each node whose clocks were ever off: their height together, and
 * themselves; 0 and nothing if there is no such node. In chart_clocks.c. */
int chart_clocks_height(const struct page *page);
void chart_clocks(struct page *page, int top);

/* What there is to say below the chart, in the legend and behind it. */
void chart_clocks_legend(struct page *page);
void chart_clocks_note(struct page *page);

#endif
