/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chart.c - the whole run on one time axis: faults, throughput, latency.
 *
 * Latency is drawn as the plane that it is, every operation at its time and duration. The plane is
 * a grid of small cells, each drawn once per outcome and darker the more operations fall into it:
 * ten operations are ten dots, a million are a density, and the page stays small.
 */
#include "chart.h"

#include "../base/histogram.h"
#include "describe.h"
#include "html.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LANE = 18,
    LANES_MAX = 6,
    RATE_HEIGHT = 110,
    LATENCY_HEIGHT = 190,
    GAP = 34, /* between panels; holds the name of the lower one */
    CELL = 3,
    CELLS_X = CHART_PLOT / CELL + 1,
    CELLS_Y = LATENCY_HEIGHT / CELL + 1,
    BINS = 170,
    LEVELS = 4,
    FEW = 3000, /* operations: drawn larger */
    OUTCOMES = 3,
    PHASES_MAX = 12,
    FAULTS_MAX = 1000, /* drawn */
};

static const char *const outcome_classes[OUTCOMES] = {"ok", "fail", "info"};

struct chart {
    struct page *page;
    struct buf *html;
    int64_t end_ns;
    int lanes;
    int rate_top, latency_top, bottom; /* of the panels, and of the last one */
    uint32_t bins[OUTCOMES][BINS];
    double decade_low, decade_high; /* powers of ten, in ns */
    uint16_t *cells;                /* [outcome][y][x], saturating */
};

static int outcome_of(const struct op *op)
{
    return op->type == OP_OK ? 0 : op->type == OP_FAIL ? 1 : 2;
}

double chart_x(const struct history *history, int64_t time_ns)
{
    double part = (double)time_ns / (double)history->end_ns;

    return CHART_LEFT + CHART_PLOT * (part < 0 ? 0 : part > 1 ? 1 : part);
}

static double x_of(const struct chart *chart, int64_t time_ns)
{
    return chart_x(chart->page->history, time_ns);
}

/* When its outcome was known; for what never ended, when it was invoked. */
static int64_t end_of(const struct op *op)
{
    return op->complete_ns == TIME_NEVER ? op->invoke_ns : op->complete_ns;
}

/* -- gathering ------------------------------------------------------------------------------------
 */

static void find_decades(struct chart *chart)
{
    const struct history *history = chart->page->history;
    int64_t least = INT64_MAX, most = 1;

    for (size_t i = 0; i < history->count; i++) {
        int64_t took = end_of(&history->ops[i]) - history->ops[i].invoke_ns;
        if (took > 0 && took < least)
            least = took;
        if (took > most)
            most = took;
    }
    chart->decade_low = floor(log10(least < most ? (double)least : (double)most));
    chart->decade_high = ceil(log10((double)most));
    if (chart->decade_high <= chart->decade_low)
        chart->decade_high = chart->decade_low + 1;
}

static double y_of(const struct chart *chart, int64_t latency_ns)
{
    double decade = log10((double)(latency_ns > 1 ? latency_ns : 1));
    double part = (decade - chart->decade_low) / (chart->decade_high - chart->decade_low);

    part = part < 0 ? 0 : part > 1 ? 1 : part;
    return chart->latency_top + LATENCY_HEIGHT * (1 - part);
}

static void count_op(struct chart *chart, const struct op *op)
{
    int outcome = outcome_of(op);
    int64_t bin = end_of(op) / (chart->end_ns / BINS + 1);
    int x = (int)((x_of(chart, op->invoke_ns) - CHART_LEFT) / CELL);
    int y = (int)((y_of(chart, end_of(op) - op->invoke_ns) - chart->latency_top) / CELL);
    uint16_t *cell = &chart->cells[(outcome * CELLS_Y + y) * CELLS_X + x];

    chart->bins[outcome][bin < 0 ? 0 : bin < BINS ? bin : BINS - 1]++;
    if (op->complete_ns != TIME_NEVER && *cell < UINT16_MAX)
        (*cell)++;
}

/* -- drawing --------------------------------------------------------------------------------------
 */

void chart_text(struct buf *html, const char *style, double x, double y, const char *anchor,
                const char *text)
{
    buf_printf(html, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", style, x, y,
               anchor);
    html_puts(html, text);
    buf_puts(html, "</text>");
}

static void text_at(struct chart *chart, const char *style, double x, double y, const char *anchor,
                    const char *text)
{
    chart_text(chart->html, style, x, y, anchor, text);
}

/* A round number near `raw`: 1, 2 or 5 times a power of ten. */
static double round_step(double raw)
{
    double power = pow(10, floor(log10(raw)));
    double lead = raw / power;
    return power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
}

/* In the unit that suits the whole run, a round number apart. */
static void draw_time_axis(struct chart *chart)
{
    static const struct {
        double ns;
        const char *name;
    } units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "µs"}};
    size_t unit = chart->end_ns >= 1000000000 ? 0 : chart->end_ns >= 1000000 ? 1 : 2;
    double end = (double)chart->end_ns / units[unit].ns, step = round_step(end / 9);
    int last = (int)(end / step * 1.0001);

    for (int i = 0; i <= last; i++) {
        double x = CHART_LEFT + CHART_PLOT * i * step / end;
        struct buf text;
        buf_init(&text, 0);
        buf_printf(&text, "%.*f", step >= 1 ? 0 : step >= 0.1 ? 1 : 2, i * step);
        if (i == last)
            buf_printf(&text, " %s", units[unit].name);
        buf_printf(chart->html, "<path class=\"grid\" d=\"M%.1f %dv4\"/>", x, chart->bottom);
        text_at(chart, "tick-label", x, chart->bottom + 16, "middle", text.ptr ? text.ptr : "");
        buf_release(&text);
    }
}

/* The fault's name, and who it hit if there is room up to `limit`. */
static double draw_fault_name(struct chart *chart, const struct fault_window *window, double x,
                              int y, double limit)
{
    enum { CHARACTER_TENTHS = 62 };
    struct buf name, who;

    buf_init(&name, 0);
    buf_init(&who, 0);
    text_fit(&name, str_of(window->f), 24);
    describe_victims(window->value, 40, &who);
    double name_width = 0.1 * CHARACTER_TENTHS * text_columns(buf_str(&name));
    double whole = name_width + 0.1 * CHARACTER_TENTHS * (text_columns(buf_str(&who)) + 1);
    bool with_who = x + whole <= limit;
    bool fits = with_who || x + name_width <= limit;
    if (fits) {
        buf_printf(chart->html, "<text class=\"fault\" x=\"%.1f\" y=\"%d\">", x, y);
        html_text(chart->html, buf_str(&name));
        buf_puts(chart->html, " ");
        if (with_who)
            html_text(chart->html, buf_str(&who));
        buf_puts(chart->html, "</text>");
    }
    buf_release(&who);
    buf_release(&name);
    return fits ? x + (with_who ? whole : name_width) : x;
}

static void draw_fault(struct chart *chart, const struct fault_window *window, int lane)
{
    double from = x_of(chart, window->in_force_ns), to = x_of(chart, window->healed_ns);
    double width = to - from > 1 ? to - from : 1;
    int top = lane * LANE;
    struct buf who;

    buf_init(&who, 0);
    describe_victims(window->value, 80, &who);
    buf_printf(chart->html, "<title>%" PRId32 " ", window->fault);
    html_fit(chart->html, str_of(window->f), 40);
    buf_puts(chart->html, " ");
    html_text(chart->html, buf_str(&who));
    buf_printf(chart->html,
               "</title><rect class=\"band\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
               "<rect class=\"%s\" x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"4\" rx=\"2\"/>",
               from, top, width, chart->bottom - top, window->affected ? "gantt" : "idle", from,
               top, width);
    buf_release(&who);
}

/* Bands behind all panels, and a bar per fault above them, in as many lanes as overlap asks for. */
static void draw_faults(struct chart *chart)
{
    const struct page *page = chart->page;
    double used[LANES_MAX] = {0}, named[LANES_MAX] = {0};
    size_t shown = page->window_count < FAULTS_MAX ? page->window_count : FAULTS_MAX;

    for (size_t i = 0; i < shown; i++) {
        const struct fault_window *window = &page->windows[i];
        if (window->in_force_ns == TIME_NEVER)
            continue;
        double from = x_of(chart, window->in_force_ns), next = CHART_WIDTH;
        int lane = 0;
        while (lane < chart->lanes - 1 && used[lane] > from)
            lane++;
        used[lane] = x_of(chart, window->healed_ns);
        for (size_t k = i + 1; k < shown; k++) { /* whoever may get the same lane */
            int64_t begin_ns = page->windows[k].in_force_ns;
            if (begin_ns == TIME_NEVER || begin_ns < window->healed_ns)
                continue;
            next = x_of(chart, begin_ns) - 4;
            break;
        }
        buf_printf(chart->html, "<g class=\"%s\">", html_tint(window->f));
        draw_fault(chart, window, lane);
        if (named[lane] <= from)
            named[lane] = draw_fault_name(chart, window, from + 1, lane * LANE + 15, next);
        buf_puts(chart->html, "</g>\n");
    }
}

static int count_lanes(const struct page *page)
{
    int64_t used[LANES_MAX] = {0};
    int lanes = 0;

    for (size_t i = 0; i < page->window_count; i++) {
        const struct fault_window *window = &page->windows[i];
        int lane = 0;
        while (lane < LANES_MAX - 1 && used[lane] > window->in_force_ns)
            lane++;
        used[lane] = window->healed_ns;
        lanes = lane + 1 > lanes ? lane + 1 : lanes;
    }
    return lanes;
}

static void draw_phases(struct chart *chart)
{
    const struct history *history = chart->page->history;
    double last = -100;
    int left = PHASES_MAX;

    for (size_t i = 0; i < history->event_count && left > 0; i++) {
        const struct event *event = &history->events[i];
        if (strcmp(event->f, "phase") != 0)
            continue;
        double x = x_of(chart, event->time_ns);
        struct buf name;
        buf_init(&name, 0);
        describe_victims(event->value, 12, &name);
        buf_printf(chart->html, "<path class=\"phase\" d=\"M%.1f %dV%d\"/>", x, chart->rate_top,
                   chart->bottom);
        double width = 5.6 * (double)name.len + 6;
        bool before = x + width > CHART_WIDTH; /* no room behind it */
        if ((before ? x - width : x) >= last) {
            text_at(chart, "phase-name", x, chart->bottom + 31, before ? "end" : "start",
                    name.ptr ? name.ptr : "");
            last = before ? x : x + width;
        }
        buf_release(&name);
        left--;
    }
}

static void draw_rate_axis(struct chart *chart, double step, int steps)
{
    for (int i = 0; i <= steps; i++) {
        double y = chart->rate_top + RATE_HEIGHT * (1 - (double)i / steps);
        struct buf text;
        buf_init(&text, 0);
        if (step >= 1e5)
            buf_printf(&text, "%.4g M", i * step / 1e6);
        else if (step >= 1)
            text_count(&text, (uint64_t)(i * step + 0.5));
        else
            buf_printf(&text, "%.2g", i * step);
        buf_printf(chart->html, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", CHART_LEFT, y,
                   CHART_LEFT + CHART_PLOT);
        text_at(chart, "tick-label", CHART_LEFT - 8, y + 4, "end", text.ptr ? text.ptr : "");
        buf_release(&text);
    }
    text_at(chart, "name", CHART_LEFT, chart->rate_top - 10, "start", "Operations per second");
}

static void draw_rate(struct chart *chart)
{
    int64_t bin_ns = chart->end_ns / BINS + 1;
    double seconds = (double)bin_ns / 1e9, most = 1;
    int bottom = chart->rate_top + RATE_HEIGHT;

    for (int i = 0; i < BINS; i++)
        most = fmax(most, (double)(chart->bins[0][i] + chart->bins[1][i] + chart->bins[2][i]));
    double step = round_step(most / seconds / 3);
    int steps = (int)ceil(most / seconds / step);
    double top = steps * step;
    draw_rate_axis(chart, step, steps);
    for (int outcome = 0; outcome < OUTCOMES; outcome++) {
        double bin = (double)CHART_PLOT / BINS;
        buf_printf(chart->html, "<path class=\"a-%s\" d=\"", outcome_classes[outcome]);
        for (int i = 0; i < BINS; i++) {
            if (chart->bins[outcome][i] == 0)
                continue;
            double below = 0, scale = RATE_HEIGHT / (top * seconds);
            for (int under = 0; under < outcome; under++)
                below += chart->bins[under][i];
            double height = chart->bins[outcome][i] * scale;
            buf_printf(chart->html, "M%.1f %.1fh%.1fv%.1fh-%.1fz", CHART_LEFT + i * bin,
                       bottom - below * scale, bin - 0.4, -(height > 0.6 ? height : 0.6),
                       bin - 0.4);
        }
        buf_puts(chart->html, "\"/>\n");
    }
}

static void draw_latency_axis(struct chart *chart)
{
    static const char *const labels[] = {"1 ns",   "10 ns", "100 ns", "1 µs",   "10 µs",
                                         "100 µs", "1 ms",  "10 ms",  "100 ms", "1 s",
                                         "10 s",   "100 s", "1,000 s"};
    int count = (int)(sizeof labels / sizeof *labels);
    int64_t ns = 1;

    for (int decade = 0; decade < count; decade++, ns *= 10) {
        if (decade < chart->decade_low || decade > chart->decade_high)
            continue;
        double y = y_of(chart, ns);
        buf_printf(chart->html, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", CHART_LEFT, y,
                   CHART_LEFT + CHART_PLOT);
        text_at(chart, "tick-label", CHART_LEFT - 8, y + 4, "end", labels[decade]);
    }
    text_at(chart, "name", CHART_LEFT, chart->latency_top - 10, "start",
            "Latency of each operation, at its invocation");
}

/* 0 for one, and one more for each factor of eight. */
static int level_of(uint16_t count)
{
    int level = (31 - __builtin_clz(count)) / 3;
    return level < LEVELS ? level : LEVELS - 1;
}

static void draw_cells(struct chart *chart, int outcome, int level)
{
    static const char *const opacities[LEVELS] = {".45", ".65", ".85", "1"};
    const uint16_t *cells = &chart->cells[outcome * CELLS_Y * CELLS_X];
    bool begun = false;

    for (int y = 0; y < CELLS_Y; y++) {
        int at_x = 0;
        bool row_begun = false;
        for (int x = 0; x < CELLS_X; x++) {
            uint16_t count = cells[y * CELLS_X + x];
            if (count == 0 || level_of(count) != level)
                continue;
            if (!begun)
                buf_printf(chart->html, "<path class=\"p %s\" stroke-opacity=\"%s\" d=\"",
                           outcome_classes[outcome], opacities[level]);
            begun = true;
            if (!row_begun)
                buf_printf(chart->html, "M%d %dh0", CHART_LEFT + x * CELL,
                           chart->latency_top + y * CELL);
            else
                buf_printf(chart->html, "m%d 0h0", (x - at_x) * CELL);
            row_begun = true;
            at_x = x;
        }
    }
    if (begun)
        buf_puts(chart->html, "\"/>\n");
}

/* Median or 99% of the operations that succeeded, over time, where there are enough of them. */
static void draw_quantile(struct chart *chart, struct histogram *histogram, double part,
                          const char *style)
{
    const struct history *history = chart->page->history;
    int64_t bin_ns = chart->end_ns / (BINS / 2) + 1;
    bool down = false;
    size_t at = 0;

    buf_printf(chart->html, "<path class=\"q %s\" d=\"", style);
    for (int bin = 0; bin < BINS / 2; bin++) {
        memset(histogram, 0, sizeof *histogram);
        for (; at < history->count && history->ops[at].invoke_ns < (bin + 1) * bin_ns; at++) {
            const struct op *op = &history->ops[at];
            if (op->type == OP_OK)
                histogram_add(histogram, op->complete_ns - op->invoke_ns);
        }
        if (histogram->count < 20) {
            down = false;
            continue;
        }
        buf_printf(chart->html, "%s%.1f %.1f", down ? "L" : "M",
                   x_of(chart, bin * bin_ns + bin_ns / 2),
                   y_of(chart, histogram_quantile(histogram, part)));
        down = true;
    }
    buf_puts(chart->html, "\"/>\n");
}

static void draw_witness(struct chart *chart)
{
    const struct page *page = chart->page;

    if (page->witness_count == 0)
        return;
    const struct op *op = &page->history->ops[page->witness[page->decisive]];
    double x = x_of(chart, end_of(op));
    buf_printf(chart->html, "<path class=\"witness\" d=\"M%.1f %dV%d\"/>", x, chart->rate_top - 6,
               chart->bottom);
    text_at(chart, "witness", x > CHART_WIDTH - 60 ? x - 5 : x + 5, chart->rate_top + 4,
            x > CHART_WIDTH - 60 ? "end" : "start", "witness");
}

static void draw_all(struct chart *chart)
{
    struct histogram *histogram = budget_alloc(chart->page->history->budget, sizeof *histogram);

    chart->lanes = count_lanes(chart->page);
    chart->rate_top = chart->lanes * LANE + 26;
    chart->latency_top = chart->rate_top + RATE_HEIGHT + GAP;
    int clocks_top = chart->latency_top + LATENCY_HEIGHT;
    chart->bottom = clocks_top + chart_clocks_height(chart->page);
    find_decades(chart);
    for (size_t i = 0; i < chart->page->history->count; i++)
        count_op(chart, &chart->page->history->ops[i]);

    buf_printf(chart->html,
               "<div class=\"scroll\"><svg class=\"chart%s\" viewBox=\"0 0 %d %d\" role=\"img\">"
               "<title>Throughput and latency over the run, with the faults in force</title>\n",
               chart->page->history->count < FEW ? " few" : "", CHART_WIDTH, chart->bottom + 36);
    draw_faults(chart);
    draw_phases(chart);
    draw_rate(chart);
    draw_latency_axis(chart);
    for (int outcome = 0; outcome < OUTCOMES; outcome++) {
        for (int level = 0; level < LEVELS; level++)
            draw_cells(chart, outcome, level);
    }
    if (histogram) {
        draw_quantile(chart, histogram, 0.5, "p50");
        draw_quantile(chart, histogram, 0.99, "p99");
    }
    chart_clocks(chart->page, clocks_top);
    draw_time_axis(chart);
    draw_witness(chart);
    buf_puts(chart->html, "</svg></div>\n");
    budget_free(chart->page->history->budget, histogram);
}

void page_overview(struct page *page)
{
    struct budget *budget = page->history->budget;
    struct chart *chart;

    if (page->history->count == 0 || !page->history->times_trusted || page->history->end_ns <= 0)
        return;
    chart = budget_calloc(budget, 1, sizeof *chart);
    if (!chart)
        return;
    *chart = (struct chart){.page = page, .html = page->html, .end_ns = page->history->end_ns};
    chart->cells = budget_calloc(budget, OUTCOMES * CELLS_X * CELLS_Y, sizeof *chart->cells);
    page_heading(page, "overview", "The run over time");
    if (chart->cells)
        draw_all(chart);
    buf_puts(page->html,
             "<p class=\"legend\"><span><i class=\"ok\"></i>ok</span><span><i class=\"fail\"></i>"
             "fail: certainly did not happen</span><span><i class=\"info\"></i>info: outcome "
             "unknown</span><span><i class=\"line\"></i>median</span><span><i class=\"line "
             "dash\"></i>99%</span>");
    chart_clocks_legend(page);
    buf_puts(page->html, "</p>\n");
    chart_clocks_note(page);
    buf_puts(page->html, "</section>\n");
    budget_free(budget, chart->cells);
    budget_free(budget, chart);
}
