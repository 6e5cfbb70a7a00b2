/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_links.c - for each network fault who could not hear whom: a row for each sender, a column
 * for each receiver, and how many packets between them the fault has met. */
#include "page.h"

#include "describe.h"
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES_SHOWN_MAX = 24,
    OPEN_MAX = 3,         /* the rest unfolds */
    CELLS_MAX = 6000,     /* of all matrices */
    NAME_MAX_COLUMNS = 16 /* of a place */
};

/* What a link's packets have met: members of a link in the record, and of the receipt. */
static const struct {
    const char *name, *one, *many, *word;
} kinds[] = {
    {"packets_dropped", "packet dropped", "packets dropped", "dropped"},
    {"delayed", "packet delayed", "packets delayed", "delayed"},
    {"lost", "packet lost", "packets lost", "lost"},
    {"duplicated", "packet sent twice", "packets sent twice", "sent twice"},
    {"reordered", "packet overtaken", "packets overtaken", "overtaken"},
    {"corrupted", "packet corrupted", "packets corrupted", "corrupted"},
    {"resets", "connection reset", "connections reset", "reset"},
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct matrix {
    const json_t *links; /* {"n1>n2":{"lost":3}} */
    json_t *cut;         /* {"n2":["n1"]}: n2 no longer hears n1; NULL: not that kind of fault */
    json_t *names;       /* a set: the places that occur */
    const char *places[PLACES_SHOWN_MAX];
    size_t count, left_out;
    uint64_t sums[KINDS];
    size_t hit; /* links */
};

/* -- gathering ------------------------------------------------------------------------------------
 */

static bool is_clients(const char *name)
{
    return strcmp(name, "clients") == 0;
}

/* By name, numbers in it by value; the clients last. */
static int compare_places(const void *left, const void *right)
{
    const char *a = *(const char *const *)left, *b = *(const char *const *)right;

    return is_clients(a) != is_clients(b) ? is_clients(a) - is_clients(b) : strverscmp(a, b);
}

static void add_name(struct matrix *matrix, const char *name, size_t len)
{
    (void)json_object_setn_new(matrix->names, name, len, json_true());
}

static uint64_t count_of(const json_t *link, int kind)
{
    json_int_t count = json_integer_value(json_object_get(link, kinds[kind].name));

    return count > 0 ? (uint64_t)count : 0;
}

static void gather_links(struct matrix *matrix)
{
    const char *key;
    json_t *link;

    json_object_foreach((json_t *)(uintptr_t)matrix->links, key, link)
    {
        const char *between = strchr(key, '>');
        bool hit = false;
        if (!between || !json_is_object(link))
            continue;
        add_name(matrix, key, (size_t)(between - key));
        add_name(matrix, between + 1, strlen(between + 1));
        for (int kind = 0; kind < KINDS; kind++) {
            matrix->sums[kind] += count_of(link, kind);
            hit |= count_of(link, kind) > 0;
        }
        matrix->hit += hit;
    }
}

static void gather_cuts(struct matrix *matrix)
{
    const char *to;
    json_t *from;

    json_object_foreach(matrix->cut, to, from)
    {
        json_t *name;
        size_t i;
        add_name(matrix, to, strlen(to));
        json_array_foreach(from, i, name)
        {
            if (json_is_string(name))
                add_name(matrix, json_string_value(name), json_string_length(name));
        }
    }
}

static void sort_places(struct matrix *matrix)
{
    size_t all = json_object_size(matrix->names), count = 0;
    const char **names = calloc(all + 1, sizeof *names), *name;
    json_t *unused;

    if (!names)
        return;
    json_object_foreach(matrix->names, name, unused) names[count++] = name;
    qsort(names, count, sizeof *names, compare_places);
    for (size_t i = 0; i < count && i < PLACES_SHOWN_MAX; i++)
        matrix->places[matrix->count++] = names[i];
    matrix->left_out = count - matrix->count;
    free(names);
}

/* -- drawing --------------------------------------------------------------------------------------
 */

static bool is_cut(const struct matrix *matrix, const char *from, const char *to)
{
    json_t *name;
    size_t i;

    json_array_foreach(json_object_get(matrix->cut, to), i, name)
    {
        if (json_is_string(name) && strcmp(json_string_value(name), from) == 0)
            return true;
    }
    return false;
}

static void print_cell(struct page *page, const struct matrix *matrix, const char *from,
                       const char *to)
{
    struct buf key;
    bool any = false;

    buf_init(&key, 0);
    buf_printf(&key, "%s>%s", from, to);
    const json_t *link = json_object_get(matrix->links, key.ptr ? key.ptr : "");
    buf_release(&key);
    for (int kind = 0; kind < KINDS; kind++) {
        uint64_t count = count_of(link, kind);
        if (count == 0)
            continue;
        buf_puts(page->html, any ? "<br><span class=\"dim\">" : "<td class=\"num hit\">");
        page_count(page, count);
        if (any)
            buf_printf(page->html, " %s</span>", kinds[kind].word);
        any = true;
    }
    if (!any && strcmp(from, to) == 0)
        buf_puts(page->html, "<td class=\"num\">");
    else if (!any && is_cut(matrix, from, to))
        buf_puts(page->html, "<td class=\"num hit\">0");
    else if (!any)
        buf_puts(page->html, "<td class=\"num dim\">·");
    buf_puts(page->html, "</td>");
}

static void print_rows(struct page *page, const struct matrix *matrix)
{
    buf_puts(page->html, "<div class=\"scroll\"><table class=\"links\">\n<tr><th>from ↓ to →</th>");
    for (size_t to = 0; to < matrix->count; to++) {
        buf_puts(page->html, "<th class=\"num\">");
        html_fit(page->html, str_of(matrix->places[to]), NAME_MAX_COLUMNS);
        buf_puts(page->html, "</th>");
    }
    buf_puts(page->html, "</tr>\n");
    for (size_t from = 0; from < matrix->count; from++) {
        buf_puts(page->html, "<tr><th>");
        html_fit(page->html, str_of(matrix->places[from]), NAME_MAX_COLUMNS);
        buf_puts(page->html, "</th>");
        for (size_t to = 0; to < matrix->count; to++)
            print_cell(page, matrix, matrix->places[from], matrix->places[to]);
        buf_puts(page->html, "</tr>\n");
    }
    buf_puts(page->html, "</table></div>\n");
}

/* "1,204 packets delayed, 17 packets overtaken on 12 links" */
static void print_sums(struct page *page, const struct matrix *matrix)
{
    bool any = false;

    for (int kind = 0; kind < KINDS; kind++) {
        if (matrix->sums[kind] == 0)
            continue;
        buf_puts(page->html, any ? ", " : "");
        page_count(page, matrix->sums[kind]);
        buf_printf(page->html, " %s", matrix->sums[kind] == 1 ? kinds[kind].one : kinds[kind].many);
        any = true;
    }
    if (any)
        buf_printf(page->html, matrix->hit == 1 ? " on %zu link" : " on %zu links", matrix->hit);
    else
        buf_puts(page->html, "no packet met it");
}

static void print_matrix(struct page *page, const struct fault_window *window,
                         const struct matrix *matrix, bool open)
{
    const char *kind = page_kind(page, window->fault);

    buf_printf(page->html,
               "<details class=\"%s\"%s><summary><i class=\"swatch %s\"></i>%" PRId32 " ",
               html_tint(window->f), open ? " open" : "", html_tint(window->f), window->fault);
    html_fit(page->html, str_of(window->f), 40);
    if (kind[0] && strcmp(kind, window->f) != 0) {
        buf_puts(page->html, " ");
        html_fit(page->html, str_of(kind), 40);
    }
    buf_puts(page->html, ": ");
    print_sums(page, matrix);
    buf_puts(page->html, "</summary>\n");
    print_rows(page, matrix);
    if (matrix->left_out)
        buf_printf(page->html, "<p class=\"note\">%zu more places are in history.jsonl.</p>\n",
                   matrix->left_out);
    buf_puts(page->html, "</details>\n");
}

/* The member "links" of the event that told of the fault's healing; NULL if there is none. */
static json_t *links_of(const struct page *page, const struct fault_window *window)
{
    for (size_t i = 0; i < page->history->event_count; i++) {
        const struct event *event = &page->history->events[i];
        struct str links;
        if (event->fault == window->fault && event->edge == EVENT_ENDED &&
            event_member(event, "links", &links))
            return json_loadb(links.ptr, links.len, JSON_ALLOW_NUL, NULL);
    }
    return NULL;
}

/* How many cells it took; 0 if the fault is none of links. */
static size_t print_links(struct page *page, const struct fault_window *window, bool open)
{
    json_t *links = links_of(page, window);
    struct matrix matrix = {.links = links, .names = json_object()};

    if (json_is_object(links)) {
        matrix.cut = json_loads(window->value, JSON_ALLOW_NUL, NULL);
        gather_links(&matrix);
        gather_cuts(&matrix);
        sort_places(&matrix);
    }
    if (matrix.count)
        print_matrix(page, window, &matrix, open);
    size_t cells = matrix.count * matrix.count;
    json_decref(matrix.cut);
    json_decref(matrix.names);
    json_decref(links);
    return cells;
}

void page_links(struct page *page)
{
    size_t before = page->html->len, cells = 0;
    int open = 0;

    page_heading(page, "links", "What each link met");
    for (size_t i = 0; i < page->window_count && i < PAGE_FAULTS_MAX && cells < CELLS_MAX; i++) {
        size_t more = print_links(page, &page->windows[i], open < OPEN_MAX);
        cells += more;
        open += more > 0;
    }
    buf_puts(page->html, "<p class=\"note\">Packets from a row’s place to a column’s that met the "
                         "fault; 0 where a link was cut and nobody sent. All numbers are in "
                         "history.jsonl.</p></section>\n");
    if (open == 0 && page->html->ptr) { /* there is nothing to say */
        page->html->len = before;
        page->html->ptr[before] = '\0';
    }
}
