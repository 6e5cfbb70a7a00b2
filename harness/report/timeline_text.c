/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timeline_text.c - the timeline on a terminal:
 *
 *              ░░░░░░░░░ partition n1 | n2 n3 ░░░░░░░░░
 *     p0  n1   ├── write 57 ──┤
 *     p1  n3                      ├── read → 41 ──┤
 *              1.000      1.001   2.201       2.202
 */
#include "describe.h"
#include "text.h"
#include "timeline.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { COLUMNS_MAX = 240, NAME_MAX_COLUMNS = 20, FAULT_LINES_MAX = 6 };

/* What lines are drawn with. */
struct pens {
    const char *begin, *line, *end, *unknown, *fault, *arrow;
};

static const struct pens unicode = {"├", "─", "┤", "┄", "░", "→"};
static const struct pens plain = {"|", "-", "|", ".", "#", "->"};

/* One line of the picture, a character per cell. */
struct cells {
    char at[COLUMNS_MAX][8]; /* UTF-8; empty: a blank */
    int count;
};

static void set(struct cells *cells, int at, const char *character)
{
    if (at >= 0 && at < cells->count)
        (void)snprintf(cells->at[at], sizeof cells->at[at], "%s", character);
}

static void fill(struct cells *cells, int from, int to, const char *character)
{
    for (int i = from; i < to; i++)
        set(cells, i, character);
}

/* Text from cell `at`, as far as `room` goes. */
static void write_at(struct cells *cells, int at, int room, const char *text)
{
    struct buf fitted;

    buf_init(&fitted, 0);
    text_fit(&fitted, str_of(text), room);
    for (size_t i = 0; i < fitted.len; at++) {
        char character[8] = {fitted.ptr[i++]};
        for (size_t k = 1; i < fitted.len && ((unsigned char)fitted.ptr[i] & 0xc0) == 0x80; i++)
            if (k < sizeof character - 1)
                character[k++] = fitted.ptr[i];
        set(cells, at, character);
    }
    buf_release(&fitted);
}

static void put_line(const char *name, int name_columns, const struct cells *cells, struct buf *out)
{
    int last = cells->count;

    while (last > 0 && !cells->at[last - 1][0])
        last--;
    buf_puts(out, "  ");
    text_fit(out, str_of(name), name_columns);
    for (int i = text_columns(str_of(name)); i < name_columns && last > 0; i++)
        buf_puts(out, " ");
    for (int i = 0; i < last; i++)
        buf_puts(out, cells->at[i][0] ? cells->at[i] : " ");
    buf_puts(out, "\n");
}

static int column(double at)
{
    return (int)lround(at);
}

/* Whether a fault's bar and label fit on the line as it is; then they are drawn. */
static bool draw_fault(const struct timeline_fault *fault, const struct pens *pens,
                       struct cells *cells)
{
    char label[128];
    int from = column(fault->from), to = column(fault->to) + fault->ends;

    (void)snprintf(label, sizeof label, " %s%s%s ", fault->f, fault->who[0] ? " " : "", fault->who);
    int width = text_columns(str_of(label)), inside = to - from - width;
    int at = inside >= 2 ? from + inside / 2 : cells->count - to >= width ? to : from - width;
    if (at < 0)
        at = 0;
    int first = at < from ? at : from, last = at + width > to ? at + width : to;
    for (int i = first; i < last && i < cells->count; i++) {
        if (cells->at[i][0])
            return false;
    }
    fill(cells, from, to, pens->fault);
    write_at(cells, at, width, label);
    return true;
}

static void draw_faults(const struct timeline *timeline, int name_columns, int width,
                        const struct pens *pens, struct buf *out)
{
    struct cells lines[FAULT_LINES_MAX];
    int count = 0, left_out = 0;

    for (int i = 0; i < timeline->fault_count; i++) {
        int line = 0;
        while (line < count && !draw_fault(&timeline->faults[i], pens, &lines[line]))
            line++;
        if (line < count)
            continue;
        if (count == FAULT_LINES_MAX) {
            left_out++;
            continue;
        }
        lines[count] = (struct cells){.count = width};
        (void)draw_fault(&timeline->faults[i], pens, &lines[count++]);
    }
    for (int i = 0; i < count; i++)
        put_line("", name_columns, &lines[i], out);
    if (left_out)
        buf_printf(out, "  (and %d more faults)\n", left_out);
}

/* The label with the plain pens' arrow in place of ours. */
static void spell(const char *label, const struct pens *pens, char *out, size_t size)
{
    size_t len = 0;

    for (const char *at = label; *at && len + 1 < size;) {
        bool arrow = strncmp(at, unicode.arrow, strlen(unicode.arrow)) == 0;
        const char *from = arrow ? pens->arrow : at;
        size_t take = arrow ? strlen(from) : 1;
        at += arrow ? strlen(unicode.arrow) : 1;
        for (size_t i = 0; i < take && len + 1 < size; i++)
            out[len++] = from[i];
    }
    out[len] = '\0';
}

static void print_label(const struct timeline *timeline, const struct timeline_bar *bar,
                        const struct pens *pens, char *label, size_t size)
{
    const char *mark = bar->op->type == OP_INFO ? "?" : bar->op->type == OP_FAIL ? "!" : "";
    char spelt[TIMELINE_LABEL_MAX];

    spell(bar->label, pens, spelt, sizeof spelt);
    if (timeline->labels == LABELS_NUMBER)
        (void)snprintf(label, size, "%d%s", bar->number, mark);
    else
        (void)snprintf(label, size, " %s%s ", spelt, mark);
}

static void draw_bar(const struct timeline *timeline, const struct timeline_bar *bar,
                     const struct pens *pens, struct cells *cells)
{
    char label[TIMELINE_LABEL_MAX + 16];
    int from = column(bar->from), to = column(bar->to), known = column(bar->known_to);

    print_label(timeline, bar, pens, label, sizeof label);
    int room = to - from - 2, width = text_columns(str_of(label));
    int at = from + 1 + (room > width ? (room - width) / 2 : 0);
    fill(cells, from, to, pens->line);
    set(cells, from, pens->begin);
    if (bar->op->type == OP_INFO) {
        at = from + 2;
        fill(cells, known < to ? known : from + 1, to, pens->unknown);
    } else {
        set(cells, to - 1 > from ? to - 1 : from, pens->end);
    }
    write_at(cells, at, room > 1 ? room : 1, label);
}

/* The times below the axis: beginnings first, then what else there is room for. */
static void draw_axis(const struct timeline *timeline, struct cells *cells)
{
    bool taken[COLUMNS_MAX + 1] = {false};

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < timeline->time_count; i++) {
            bool begins = false;
            for (int k = 0; k < timeline->bar_count; k++)
                begins |= timeline->bars[k].op->invoke_ns == timeline->times[i];
            if (begins != (round == 0))
                continue;
            struct buf text;
            buf_init(&text, 0);
            timeline_time(timeline, timeline->times[i], &text);
            int width = (int)text.len, at = column(timeline->at[i]);
            if (at + width > cells->count)
                at = cells->count - width;
            bool free = at >= 0;
            for (int c = at > 0 ? at - 1 : 0; free && c <= at + width && c < cells->count; c++)
                free = !taken[c];
            for (int c = at; free && c < at + width && c < cells->count; c++)
                taken[c] = true;
            if (free)
                write_at(cells, at, width, text.ptr ? text.ptr : "");
            buf_release(&text);
        }
    }
}

static void row_name(const struct timeline *timeline, int row, char name[NAME_MAX_COLUMNS * 4])
{
    const struct timeline_row *of = &timeline->rows[row];
    bool known = of->node != NODE_NONE;
    struct buf text;

    buf_init(&text, 0);
    buf_printf(&text, "p%-3" PRId32 "%s%s", of->process, known ? " " : "",
               known ? timeline->history->nodes[of->node] : "");
    struct buf fitted;
    buf_init(&fitted, 0);
    text_fit(&fitted, buf_str(&text), NAME_MAX_COLUMNS);
    (void)snprintf(name, NAME_MAX_COLUMNS * 4, "%s", fitted.ptr ? fitted.ptr : "");
    buf_release(&fitted);
    buf_release(&text);
}

static int names_columns(const struct timeline *timeline)
{
    char name[NAME_MAX_COLUMNS * 4];
    int widest = 7; /* "seconds" */

    for (int i = 0; i < timeline->row_count; i++) {
        row_name(timeline, i, name);
        int width = text_columns(str_of(name));
        widest = width > widest ? width : widest;
    }
    return widest + 2;
}

/* What the numbers in the bars stand for. */
static void draw_legend(const struct timeline *timeline, int columns, const struct pens *pens,
                        struct buf *out)
{
    int used = 0;

    for (int i = 0; i < timeline->bar_count && timeline->labels == LABELS_NUMBER; i++) {
        char label[TIMELINE_LABEL_MAX + 16], spelt[TIMELINE_LABEL_MAX];
        spell(timeline->bars[i].label, pens, spelt, sizeof spelt);
        (void)snprintf(label, sizeof label, "  %d: %s", timeline->bars[i].number, spelt);
        int width = text_columns(str_of(label));
        if (used && used + width > columns) {
            buf_puts(out, "\n");
            used = 0;
        }
        text_fit(out, str_of(label), columns);
        used += width;
    }
    buf_puts(out, used ? "\n" : "");
}

static void draw(const struct timeline *timeline, int name_columns, int width,
                 const struct pens *pens, struct buf *out)
{
    char name[NAME_MAX_COLUMNS * 4];

    draw_faults(timeline, name_columns, width, pens, out);
    for (int row = 0; row < timeline->row_count; row++) {
        struct cells cells = {.count = width};
        for (int i = 0; i < timeline->bar_count; i++) {
            if (timeline->bars[i].row == row)
                draw_bar(timeline, &timeline->bars[i], pens, &cells);
        }
        row_name(timeline, row, name);
        put_line(name, name_columns, &cells, out);
    }
    struct cells axis = {.count = width};
    draw_axis(timeline, &axis);
    put_line(timeline->history->times_trusted ? "seconds" : "", name_columns, &axis, out);
    draw_legend(timeline, name_columns + width + 2, pens, out);
    if (timeline->left_out)
        buf_printf(out, "  (and %zu more operations)\n", timeline->left_out);
}

void timeline_text(const struct history *history, const uint32_t *ops, size_t count, int columns,
                   bool ascii, struct buf *out)
{
    struct timeline *timeline = budget_calloc(history->budget, 1, sizeof *timeline);
    struct timeline_scale scale = {.character = 1, .margin = 8, .step = 2};

    if (!timeline)
        return;
    /* Twice: how wide names are depends on who is in the picture. */
    timeline_make(timeline, history, ops, count, &scale);
    int name_columns = names_columns(timeline);
    int width = (columns < COLUMNS_MAX ? columns : COLUMNS_MAX) - 2 - name_columns;
    scale.width = scale.width_max = width;
    for (size_t shown = timeline->bar_count > 0 ? count : 0; shown > 0 && width >= 20; shown--) {
        timeline_make(timeline, history, ops, shown, &scale);
        if (timeline->width > width + 0.5)
            continue;
        timeline->left_out += count - shown;
        draw(timeline, name_columns, width, ascii ? &plain : &unicode, out);
        break;
    }
    budget_free(history->budget, timeline);
}
