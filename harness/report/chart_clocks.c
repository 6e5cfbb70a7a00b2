/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chart_clocks.c - how far each node's clocks were off, as a process there was told: a panel for
 * each node, all to one scale.
 *
 * Hours stand beside milliseconds, in one run and on one node, so the scale is logarithmic on both
 * sides of zero and linear around it. What a fault made of a clock at most is written above it.
 */
#include "chart.h"

#include "html.h"
#include "text.h"

#include <math.h>
#include <string.h>

enum {
    HEADING = 34, /* above the first panel */
    NAME = 20,    /* above each: its node, and values */
    PANEL = 54,
    PANELS_MAX = 12,
    TICK_ROOM = 13, /* between two */
    TICKS_MAX = 8,
    LABEL_MAX = 24,
    CHARACTER_TENTHS = 62,
};

/* Where the scale turns linear: from a thousandth of the greatest offset, within these. */
static const double linear_least_ns = 1e3, linear_most_ns = 1e6;

struct scale {
    double linear_ns;
    double least_ns, most_ns; /* offset; 0 at least or at most */
    double low, high;         /* of what scaled() makes of the offsets, 0 included */
};

static double scaled(const struct scale *scale, double offset_ns)
{
    double size = log10(1 + fabs(offset_ns) / scale->linear_ns);

    return offset_ns < 0 ? -size : size;
}

static double y_of(const struct scale *scale, int top, double offset_ns)
{
    double part = (scaled(scale, offset_ns) - scale->low) / (scale->high - scale->low);

    return top + PANEL * (1 - part);
}

static double offset_of(const struct clock_point *point, bool wall)
{
    return (double)(wall ? point->wall_ns : point->monotonic_ns);
}

/* The greatest on either side of zero. */
static void find_extremes(const struct clock_track *track, bool wall, double *least, double *most)
{
    for (size_t i = 0; i < track->count; i++) {
        double offset = offset_of(&track->points[i], wall);
        *least = fmin(*least, offset);
        *most = fmax(*most, offset);
    }
}

static struct scale find_scale(const struct clock_tracks *tracks)
{
    struct scale scale = {0};

    for (size_t i = 0; i < tracks->count; i++) {
        find_extremes(&tracks->tracks[i], true, &scale.least_ns, &scale.most_ns);
        find_extremes(&tracks->tracks[i], false, &scale.least_ns, &scale.most_ns);
    }
    double greatest_ns = fmax(-scale.least_ns, scale.most_ns);
    scale.linear_ns = fmin(linear_most_ns, fmax(linear_least_ns, greatest_ns / 1000));
    scale.low = scaled(&scale, scale.least_ns);
    scale.high = scaled(&scale, scale.most_ns);
    double room = (scale.high - scale.low) * 0.08 + 0.05; /* above and below the lines */
    scale.low -= room;
    scale.high += room;
    return scale;
}

/* Whether a clock was ever off by more than what asking for the time takes. */
static bool was_off(const struct scale *scale, const struct clock_track *track, bool wall)
{
    double least = 0, most = 0;

    find_extremes(track, wall, &least, &most);
    return fmax(-least, most) > scale->linear_ns / 2;
}

static bool is_shown(const struct scale *scale, const struct clock_track *track)
{
    return was_off(scale, track, true) || was_off(scale, track, false);
}

static int count_shown(const struct page *page)
{
    int count = 0;

    if (!page->clocks)
        return 0;
    const struct scale scale = find_scale(page->clocks);
    for (size_t i = 0; i < page->clocks->count; i++)
        count += is_shown(&scale, &page->clocks->tracks[i]);
    return count < PANELS_MAX ? count : PANELS_MAX;
}

int chart_clocks_height(const struct page *page)
{
    int count = count_shown(page);

    return count ? HEADING - NAME + count * (NAME + PANEL) : 0;
}

/* -- values ---------------------------------------------------------------------------------------
 */

/* "+1 h", "−20 ms", in the greatest unit of which it is at least one, to three digits. */
static void print_offset(double offset_ns, struct buf *out)
{
    static const struct {
        double ns;
        const char *name;
    } units[] = {{86400e9 * 365, "y"}, {86400e9, "d"}, {3600e9, "h"}, {60e9, "min"},
                 {1e9, "s"},           {1e6, "ms"},    {1e3, "µs"},   {1, "ns"}};
    size_t unit = 0, last = sizeof units / sizeof *units - 1;

    while (unit < last && fabs(offset_ns) < units[unit].ns * 0.9995)
        unit++;
    double number = offset_ns / units[unit].ns;
    int digits = fabs(number) >= 99.95 ? 0 : fabs(number) >= 9.995 ? 1 : 2;
    double power = pow(10, digits);
    number = round(number * power) / power;
    buf_puts(out, number == 0 ? "" : number > 0 ? "+" : "−");
    buf_printf(out, "%.15g %s", fabs(number), number == 0 ? "" : units[unit].name);
}

static void draw_tick(struct page *page, const struct scale *scale, int top, double offset_ns)
{
    double y = y_of(scale, top, offset_ns);
    struct buf text;

    buf_init(&text, 0);
    if (offset_ns == 0)
        buf_puts(&text, "0");
    else
        print_offset(offset_ns, &text);
    buf_printf(page->html, "<path class=\"%s\" d=\"M%d %.1fH%d\"/>",
               offset_ns == 0 ? "zero" : "grid", CHART_LEFT, y, CHART_LEFT + CHART_PLOT);
    chart_text(page->html, "tick-label", CHART_LEFT - 8, y + 4, "end", text.ptr ? text.ptr : "");
    buf_release(&text);
}

/* Zero, and as many round values as there is room for, the greatest first. */
static void draw_ticks(struct page *page, const struct scale *scale, int top)
{
    static const double named[] = {3650 * 86400e9, 365 * 86400e9, 30 * 86400e9, 86400e9, 3600e9,
                                   600e9,          60e9,          10e9,         1e9,     100e6,
                                   10e6,           1e6,           100e3,        10e3,    1e3};
    double placed[TICKS_MAX] = {y_of(scale, top, 0)};
    int count = 1;

    draw_tick(page, scale, top, 0);
    for (size_t i = 0; i < 2 * sizeof named / sizeof *named && count < TICKS_MAX; i++) {
        double offset = i % 2 ? -named[i / 2] : named[i / 2];
        double y = y_of(scale, top, offset);
        bool fits = offset >= scale->least_ns * 1.01 && offset <= scale->most_ns * 1.01;
        for (int k = 0; k < count && fits; k++)
            fits = fabs(y - placed[k]) >= TICK_ROOM;
        if (!fits)
            continue;
        draw_tick(page, scale, top, offset);
        placed[count++] = y;
    }
}

/* What the clock was off at most between two times; 0 if it was not. */
static double greatest_within(const struct scale *scale, const struct clock_track *track, bool wall,
                              const struct fault_window *window)
{
    double greatest = 0;

    for (size_t i = 0; i < track->count; i++) {
        const struct clock_point *point = &track->points[i];
        if (point->time_ns < window->declared_ns || point->time_ns > window->withdrawn_ns)
            continue;
        if (fabs(offset_of(point, wall)) > fabs(greatest))
            greatest = offset_of(point, wall);
    }
    return fabs(greatest) > scale->linear_ns / 2 ? greatest : 0;
}

/* Behind the node's name, at each fault of clocks: how far off they were at most. */
static void draw_values(struct page *page, const struct scale *scale,
                        const struct clock_track *track, int y)
{
    double free_x = CHART_LEFT + 0.1 * CHARACTER_TENTHS * (text_columns(str_of(track->node)) + 2);

    for (size_t i = 0; i < page->window_count; i++) {
        const struct fault_window *window = &page->windows[i];
        if (strcmp(window->f, "clock") != 0 || window->in_force_ns == TIME_NEVER)
            continue;
        double wall = greatest_within(scale, track, true, window);
        double x = chart_x(page->history, window->in_force_ns) + 1;
        struct buf text;
        buf_init(&text, 0);
        if (wall != 0)
            print_offset(wall, &text);
        else
            print_offset(greatest_within(scale, track, false, window), &text);
        double width = 0.1 * CHARACTER_TENTHS * text_columns(buf_str(&text));
        x = fmin(x, CHART_LEFT + CHART_PLOT - width);
        if (text.ptr && text.ptr[0] != '0' && x >= free_x) {
            chart_text(page->html, "value", x, y, "start", text.ptr);
            free_x = x + width + CHARACTER_TENTHS / 10.0;
        }
        buf_release(&text);
    }
}

/* -- lines ----------------------------------------------------------------------------------------
 */

/* What falls into one pixel's width: where it begins, its extremes, where it ends. */
struct column {
    double x, first, least, most, last; /* y but for x */
    size_t count;
};

static void flush_column(struct buf *html, const struct column *column, bool *begun)
{
    const double ys[] = {column->first, column->least, column->most, column->last};
    double at = NAN;

    for (size_t i = 0; i < sizeof ys / sizeof *ys && column->count; i++) {
        if (ys[i] == at)
            continue;
        at = ys[i];
        buf_printf(html, "%s%.1f %.1f", *begun ? "L" : "M", column->x, at);
        *begun = true;
    }
}

static void draw_line(struct page *page, const struct scale *scale, const struct clock_track *track,
                      bool wall, int top)
{
    struct column column = {0};
    bool begun = false;

    if (!was_off(scale, track, wall))
        return;
    buf_printf(page->html, "<path class=\"clock%s\" d=\"", wall ? "" : " monotonic");
    for (size_t i = 0; i < track->count; i++) {
        double x = round(chart_x(page->history, track->points[i].time_ns) * 2) / 2;
        double y = y_of(scale, top, offset_of(&track->points[i], wall));
        if (column.count == 0 || x != column.x) {
            flush_column(page->html, &column, &begun);
            column = (struct column){.x = x, .first = y, .least = y, .most = y};
        }
        column.least = fmin(column.least, y);
        column.most = fmax(column.most, y);
        column.last = y;
        column.count++;
    }
    flush_column(page->html, &column, &begun);
    buf_puts(page->html, "\"/>\n");
}

void chart_clocks(struct page *page, int top)
{
    int left = count_shown(page);

    if (left == 0)
        return;
    const struct scale scale = find_scale(page->clocks);
    chart_text(page->html, "name", CHART_LEFT, top + HEADING - NAME + 2, "start",
               "How far each node’s clocks were off, as a process there was told");
    top += HEADING - NAME;
    for (size_t i = 0; i < page->clocks->count && left > 0; i++) {
        const struct clock_track *track = &page->clocks->tracks[i];
        if (!is_shown(&scale, track))
            continue;
        chart_text(page->html, "node", CHART_LEFT + 3, top + NAME - 4, "start", track->node);
        draw_values(page, &scale, track, top + NAME - 4);
        top += NAME;
        draw_ticks(page, &scale, top);
        draw_line(page, &scale, track, true, top);
        draw_line(page, &scale, track, false, top);
        top += PANEL;
        left--;
    }
}

/* -- below ----------------------------------------------------------------------------------------
 */

void chart_clocks_legend(struct page *page)
{
    if (count_shown(page) > 0)
        buf_puts(page->html, "<span><i class=\"line clocks\"></i>wall clock</span><span><i "
                             "class=\"line clocks dash\"></i>monotonic clock</span>");
}

void chart_clocks_note(struct page *page)
{
    int shown = 0, right = 0;

    if (!page->clocks || page->clocks->count == 0)
        return;
    const struct scale scale = find_scale(page->clocks);
    buf_puts(page->html, "<p class=\"note\">");
    for (size_t i = 0; i < page->clocks->count; i++) {
        if (is_shown(&scale, &page->clocks->tracks[i])) {
            shown++;
            continue;
        }
        buf_puts(page->html, right++ ? ", " : "Clocks that were never off are not drawn: ");
        html_puts(page->html, page->clocks->tracks[i].node);
    }
    buf_puts(page->html, right ? ". " : "");
    if (shown > PANELS_MAX)
        buf_printf(page->html, "There is no room for those of %d more nodes. ", shown - PANELS_MAX);
    if (page->clocks->left_out)
        buf_printf(page->html, "Lines of clocks.jsonl that could not be used: %zu. ",
                   page->clocks->left_out);
    buf_puts(page->html, "All readings are in clocks.jsonl.</p>\n");
}
