/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline_svg.c - the timeline as a picture, styled by page_style.h. It says the same as the words
 * below it on the page, and each bar carries its sentence for whoever rests the pointer on it.
 */
#include "describe.h"
#include "html.h"
#include "text.h"
#include "timeline.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    GUTTER = 92, /* names of rows */
    RIGHT = 36,  /* half a time's label */
    WIDTH = 790,
    WIDTH_MAX = 1500, /* wider than the page: it scrolls */
    ROW = 38,
    BAR = 26,
    LANE = 22, /* a line of faults' names */
    AXIS = 26,
    CHARACTER = 8, /* a little more than any monospaced font takes at the bars' size */
    LANES_MAX = 8,
};

struct picture {
    const struct timeline *timeline;
    int lanes;
    int lane[TIMELINE_FAULTS_MAX];
    int top; /* of the first row */
    int height, width;
    struct buf *html;
};

static double fault_label_width(const struct timeline_fault *fault)
{
    return 6.6 * (text_columns(str_of(fault->f)) + text_columns(str_of(fault->who)) + 2) + 8;
}

/* Where the name of a fault stands: in its band, or as far left as it must to be seen. */
static double fault_label_at(const struct picture *picture, const struct timeline_fault *fault)
{
    double at = fault->from, most = picture->timeline->width - fault_label_width(fault);
    return at > most ? (most > 0 ? most : 0) : at;
}

static void choose_lanes(struct picture *picture)
{
    const struct timeline *timeline = picture->timeline;
    double used[LANES_MAX] = {0};

    for (int i = 0; i < timeline->fault_count; i++) {
        double from = fault_label_at(picture, &timeline->faults[i]);
        int lane = 0;
        while (lane < LANES_MAX - 1 && used[lane] > from)
            lane++;
        double label_to = from + fault_label_width(&timeline->faults[i]);
        used[lane] = timeline->faults[i].to > label_to ? timeline->faults[i].to : label_to;
        picture->lane[i] = lane;
        if (lane + 1 > picture->lanes)
            picture->lanes = lane + 1;
    }
}

static void draw_faults(struct picture *picture)
{
    struct buf *html = picture->html;

    for (int i = 0; i < picture->timeline->fault_count; i++) {
        const struct timeline_fault *fault = &picture->timeline->faults[i];
        const char *tint = html_tint(fault->f);
        int top = picture->lane[i] * LANE;
        buf_printf(
            html, "<rect class=\"band %s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
            tint, GUTTER + fault->from, top, fault->to - fault->from, picture->height - AXIS - top);
        buf_printf(html, "<text class=\"fault %s\" x=\"%.1f\" y=\"%d\"><tspan class=\"f\">", tint,
                   GUTTER + fault_label_at(picture, fault) + 5, top + 15);
        html_puts(html, fault->f);
        buf_puts(html, "</tspan> ");
        html_puts(html, fault->who);
        buf_puts(html, "</text>");
    }
}

static void draw_rows(struct picture *picture)
{
    const struct timeline *timeline = picture->timeline;
    struct buf *html = picture->html;

    for (int i = 0; i < timeline->row_count; i++) {
        int middle = picture->top + i * ROW + ROW / 2;
        buf_printf(html, "<path class=\"row\" d=\"M%d %dH%d\"/>", GUTTER, middle,
                   picture->width - RIGHT);
        buf_printf(html,
                   "<text class=\"who\" x=\"%d\" y=\"%d\">p%" PRId32 " <tspan class=\"node\">",
                   GUTTER - 12, middle + 4, timeline->rows[i].process);
        if (timeline->rows[i].node != NODE_NONE)
            html_fit(html, str_of(timeline->history->nodes[timeline->rows[i].node]), 6);
        buf_puts(html, "</tspan></text>");
    }
}

static const char *outcome_class(const struct op *op)
{
    return op->type == OP_OK ? "ok" : op->type == OP_FAIL ? "fail" : "info";
}

static void draw_bar(struct picture *picture, const struct timeline_bar *bar, bool decisive)
{
    const struct history *history = picture->timeline->history;
    struct buf *html = picture->html, sentence;
    int top = picture->top + bar->row * ROW + (ROW - BAR) / 2;
    double from = GUTTER + bar->from, to = GUTTER + bar->to, known = GUTTER + bar->known_to;
    bool open = bar->op->type == OP_INFO;

    buf_init(&sentence, 0);
    describe_op(history, bar->op, &sentence);
    buf_printf(html, "<g class=\"bar %s%s\"><title>", outcome_class(bar->op),
               decisive ? " decisive" : "");
    html_text(html, buf_str(&sentence));
    buf_release(&sentence);
    buf_puts(html, "</title>");
    if (open)
        buf_printf(html,
                   "<path class=\"open\" d=\"M%.1f %dH%.1fV%dH%.1f\"/><rect class=\"start\" "
                   "x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>",
                   to, top, from, top + BAR, to, from, top, (known < to ? known : to) - from, BAR);
    else
        buf_printf(html, "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"4\"/>", from,
                   top, to - from, BAR);
    buf_printf(html, "<text x=\"%.1f\" y=\"%d\"%s><tspan class=\"no\">%d</tspan>",
               open ? from + 8 : (from + to) / 2, top + 17, open ? " class=\"left\"" : "",
               bar->number);
    if (picture->timeline->labels != LABELS_NUMBER) {
        buf_puts(html, " ");
        html_puts(html, bar->label);
        buf_puts(html, bar->op->type == OP_FAIL ? " ✗" : open ? " ?" : "");
    }
    buf_puts(html, "</text></g>");
}

/* The times, beginnings of operations first, as far as there is room; each with a fine line up. */
static void draw_axis(struct picture *picture)
{
    const struct timeline *timeline = picture->timeline;
    double taken_from[TIMELINE_TIMES_MAX], taken_to[TIMELINE_TIMES_MAX];
    int taken = 0, bottom = picture->height - AXIS;

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < timeline->time_count; i++) {
            struct buf text;
            bool begins = false, free = true;
            for (int k = 0; k < timeline->bar_count; k++)
                begins |= timeline->bars[k].op->invoke_ns == timeline->times[i];
            if (begins != (round == 0))
                continue;
            buf_init(&text, 0);
            timeline_time(timeline, timeline->times[i], &text);
            double half = (double)text.len * 3.4 + 5, at = GUTTER + timeline->at[i];
            for (int k = 0; k < taken; k++)
                free = free && (at + half < taken_from[k] || at - half > taken_to[k]);
            if (free) {
                taken_from[taken] = at - half;
                taken_to[taken++] = at + half;
                buf_printf(picture->html,
                           "<path class=\"tick\" d=\"M%.1f %dV%d\"/><text class=\"time\" "
                           "x=\"%.1f\" y=\"%d\">",
                           at, picture->top, bottom + 5, at, bottom + 18);
                html_text(picture->html, buf_str(&text));
                buf_puts(picture->html, "</text>");
            }
            buf_release(&text);
        }
    }
}

void timeline_svg(const struct history *history, const uint32_t *ops, size_t count, size_t decisive,
                  struct buf *html)
{
    struct timeline *timeline = budget_calloc(history->budget, 1, sizeof *timeline);
    const struct timeline_scale scale = {.width = WIDTH,
                                         .width_max = WIDTH_MAX,
                                         .character = CHARACTER,
                                         .margin = 40, /* the number is in it */
                                         .step = 18};
    if (!timeline)
        return;
    timeline_make(timeline, history, ops, count, &scale);
    struct picture picture = {.timeline = timeline, .html = html};
    choose_lanes(&picture);
    picture.top = picture.lanes * LANE + (picture.lanes ? 4 : 0);
    picture.height = picture.top + timeline->row_count * ROW + AXIS;
    picture.width = GUTTER + (int)(timeline->width + 0.5) + RIGHT;
    buf_printf(html,
               "<div class=\"scroll\"><svg class=\"timeline\" viewBox=\"0 0 %d %d\" width=\"%d\" "
               "height=\"%d\" role=\"img\"><title>The operations of the witness per process over "
               "time; the list below says the same in words</title>",
               picture.width, picture.height, picture.width, picture.height);
    draw_faults(&picture);
    draw_rows(&picture);
    draw_axis(&picture);
    for (int i = 0; i < timeline->bar_count; i++)
        draw_bar(&picture, &timeline->bars[i], (size_t)i == decisive);
    buf_puts(html, "</svg></div>\n");
    if (timeline->left_out)
        buf_printf(html, "<p class=\"note\">%zu more operations are not drawn.</p>\n",
                   timeline->left_out);
    budget_free(history->budget, timeline);
}
