/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page.h - the parts of report.html, from top to bottom. Internal to harness/report/.
 *
 * Everything that comes from outside (values, node names, log lines, file contents) passes through
 * html.h. Lists have a limit and say how much they left out, so that the page stays below 2 MB.
 */
#ifndef ORDEAL_REPORT_PAGE_H
#define ORDEAL_REPORT_PAGE_H

#include "../history/history.h"
#include "clock_tracks.h"
#include "results.h"

#include <jansson.h>

enum {
    PAGE_FAULTS_MAX = 200,
    PAGE_CELLS_MAX = 4000, /* of the table of availability */
    PAGE_ANOMALIES_MAX = 20,
};

struct page {
    const struct history *history;
    const json_t *test;           /* test.json; NULL: only a history was checked */
    const json_t *results;        /* results.json; NULL: never judged */
    const char *title;            /* what was run, or the history's file */
    const char *run_dir;          /* NULL: no logs at hand */
    const char *nodes[NODE_NONE]; /* the history's, in order of their names: n2 before n10 */
    const struct fault_window *windows;
    size_t window_count;
    const struct clock_tracks *clocks; /* NULL: none were recorded */

    /* Of the decisive anomaly; none: NULL and 0. */
    const json_t *anomaly;
    uint32_t *witness; /* places in history->ops */
    size_t witness_count;
    size_t decisive; /* in witness: the one that gives it away */

    struct buf *html;
};

extern const char *const page_style[]; /* ends with NULL */

/* Sections. Those with nothing to say add nothing. */
void page_verdict(struct page *page);
void page_command(struct page *page);
void page_witness(struct page *page);
void page_overview(struct page *page);     /* chart.c */
void page_faults(struct page *page);       /* page_faults.c */
void page_links(struct page *page);        /* page_links.c */
void page_availability(struct page *page); /* page_faults.c */
void page_checkers(struct page *page);     /* page_checkers.c */
void page_operations(struct page *page);   /* page_checkers.c */
void page_logs(struct page *page);         /* page_logs.c */
void page_settings(struct page *page);

/* The whole page. */
void page_print(struct page *page);

/* Helpers for the sections. */
void page_heading(struct page *page, const char *id, const char *heading);
void page_time(struct page *page, int64_t time_ns);     /* "12.304 s" */
void page_duration(struct page *page, int64_t time_ns); /* "45.2 ms" */
void page_count(struct page *page, uint64_t count);     /* "1,234" */

/* The plan's word for what this fault was, e.g. "majorities-ring"; "" if there is no plan. In
 * page_faults.c. */
const char *page_kind(const struct page *page, int32_t fault);

/* A member's text, or NULL; of an object or NULL. */
const char *page_text(const json_t *object, const char *key);

#endif
