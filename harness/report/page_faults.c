/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_faults.c - what was broken, with the receipts that prove it, and who still answered then. */
#include "page.h"

#include "describe.h"
#include "html.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* -- receipts -------------------------------------------------------------------------------------
 */

const char *page_kind(const struct page *page, int32_t fault)
{
    const json_t *faults = json_object_get(json_object_get(page->test, "plan"), "faults");
    const json_t *planned;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)faults, i, planned)
    {
        const json_t *number = json_object_get(planned, "number");
        const char *kind = page_text(planned, "kind");
        if ((number ? json_integer_value(number) : (json_int_t)i) == fault && kind)
            return kind;
    }
    return "";
}

/* What "affected" counts, one or many of it. */
static const char *affected_unit(const char *f, bool one)
{
    static const struct {
        const char *f, *one, *many;
    } units[] = {
        {"partition", " packet dropped", " packets dropped"},
        {"delay", " packet delayed", " packets delayed"},
        {"loss", " packet lost", " packets lost"},
        {"flap", " packet lost", " packets lost"},
        {"duplicate", " packet sent twice", " packets sent twice"},
        {"reorder", " packet overtaken", " packets overtaken"},
        {"corrupt", " packet corrupted", " packets corrupted"},
        {"rate", " packet held up", " packets held up"},
        {"reset", " connection reset", " connections reset"},
        {"kill", " process killed", " processes killed"},
        {"pause", " process stopped", " processes stopped"},
        {"crash", " process killed", " processes killed"},
        {"stop", " process ended", " processes ended"},
        {"restart", " process ended", " processes ended"},
        {"upgrade", " node restarted with the other version",
         " nodes restarted with the other version"},
        {"members", " member removed", " members removed"},
        {"restart-loop", " process killed", " processes killed"},
        {"slow", " stop", " stops"},
        {"memory", " process killed", " processes killed"},
        {"files", " time out of files", " times out of files"},
        {"clock", " wrong time read", " wrong times read"},
        {"power-cut", " process or byte lost", " processes, bytes and names lost"},
        {"slow-disk", " sync delayed", " syncs delayed"},
        {"stalled-disk", " sync held up", " syncs held up"},
        {"disk-error", " call failed", " calls failed"},
        {"disk-full", " call failed", " calls failed"},
        {"read-only", " call failed", " calls failed"},
        {"bit-flip", " bit flipped", " bits flipped"},
        {"truncate", " byte cut off", " bytes cut off"},
        {"stale-snapshot", " byte made older", " bytes made older"},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strcmp(f, units[i].f) == 0)
            return one ? units[i].one : units[i].many;
    }
    return "";
}

static void print_affected(struct page *page, const struct fault_window *window)
{
    if (window->affected) {
        page_count(page, window->affected);
        buf_puts(page->html, affected_unit(window->f, window->affected == 1));
    } else if (window->healed) {
        buf_puts(page->html, "<span class=\"open\">nothing: it did not bite</span>");
    } else {
        buf_puts(page->html, "<span class=\"open\">no receipt</span>");
    }
}

static void print_fault(struct page *page, const struct fault_window *window)
{
    struct buf *html = page->html, who;
    bool in_force = window->in_force_ns != TIME_NEVER;
    const char *kind = page_kind(page, window->fault);

    buf_init(&who, 0);
    describe_victims(window->value, 160, &who);
    buf_printf(html, "<tr><td class=\"num\">%" PRId32 "</td><td><i class=\"swatch %s\"></i>",
               window->fault, html_tint(window->f));
    html_fit(html, str_of(window->f), 40);
    if (kind[0] && strcmp(kind, window->f) != 0) {
        buf_puts(html, " <span class=\"dim\">");
        html_fit(html, str_of(kind), 40);
        buf_puts(html, "</span>");
    }
    buf_puts(html, "</td><td>");
    html_text(html, buf_str(&who));
    buf_puts(html, "</td><td class=\"num\">");
    page_time(page, window->declared_ns);
    buf_puts(html, "</td><td class=\"num\">");
    if (in_force)
        page_duration(page, window->in_force_ns - window->declared_ns);
    else
        buf_puts(html, "<span class=\"open\">never</span>");
    buf_puts(html, "</td><td class=\"num\">");
    if (in_force && window->healed)
        page_duration(page, window->healed_ns - window->in_force_ns);
    buf_puts(html, "</td><td class=\"num\">");
    if (window->healed)
        page_time(page, window->healed_ns);
    else
        buf_puts(html, "<span class=\"open\">not healed</span>");
    buf_puts(html, "</td><td>");
    print_affected(page, window);
    buf_puts(html, "</td></tr>\n");
    buf_release(&who);
}

/* Faults of the plan that made no sense when their time came. */
static size_t print_skipped(struct page *page, size_t left)
{
    size_t skipped = 0;

    for (size_t i = 0; i < page->history->event_count; i++) {
        const struct event *event = &page->history->events[i];
        if (event->fault < 0 || event->edge != EVENT_POINT || skipped++ >= left)
            continue;
        json_t *extra = json_loads(event->extra, JSON_ALLOW_NUL, NULL);
        const char *why = page_text(extra, "skipped");
        buf_printf(page->html,
                   "<tr><td class=\"num\">%" PRId32 "</td><td><i class=\"swatch %s\"></i>",
                   event->fault, html_tint(event->f));
        html_fit(page->html, str_of(event->f), 40);
        buf_puts(page->html, "</td><td></td><td class=\"num\">");
        page_time(page, event->time_ns);
        buf_puts(page->html, "</td><td colspan=\"4\"><span class=\"open\">skipped: ");
        html_fit(page->html, str_of(why ? why : "no reason given"), 200);
        buf_puts(page->html, "</span></td></tr>\n");
        json_decref(extra);
    }
    return skipped;
}

void page_faults(struct page *page)
{
    size_t shown = page->window_count < PAGE_FAULTS_MAX ? page->window_count : PAGE_FAULTS_MAX;
    size_t before = page->html->len;

    page_heading(page, "faults", "Faults and their receipts");
    buf_puts(page->html,
             "<div class=\"tall\"><table>\n<tr><th class=\"num\">No</th><th>Fault</th>"
             "<th>Where</th><th class=\"num\">Declared</th><th class=\"num\">In force after</th>"
             "<th class=\"num\">Lasted</th><th class=\"num\">Healed</th><th>Affected</th></tr>\n");
    for (size_t i = 0; i < shown; i++)
        print_fault(page, &page->windows[i]);
    size_t skipped = print_skipped(page, PAGE_FAULTS_MAX - shown);
    buf_puts(page->html, "</table></div>\n");
    if (page->window_count + skipped > PAGE_FAULTS_MAX)
        buf_printf(page->html, "<p class=\"note\">%zu more are in history.jsonl.</p>\n",
                   page->window_count + skipped - PAGE_FAULTS_MAX);
    buf_puts(page->html,
             "<p class=\"note\">A fault is in force once whoever enforces it has answered with a "
             "receipt, and it bit if the receipts’ counters moved.</p></section>\n");
    if (page->window_count + skipped == 0) {
        page->html->len = before; /* there is nothing to say */
        page->html->ptr[before] = '\0';
    }
}

/* -- availability ---------------------------------------------------------------------------------
 */

/* The share of operations on a node that succeeded before anything was broken: what is normal for
 * this load, in which some operations may rightly fail. */
static double normal_share(const json_t *before, const char *node)
{
    const json_t *tally = json_object_get(json_object_get(before, "nodes"), node);
    double ok = (double)json_integer_value(json_object_get(tally, "ok"));
    double fail = (double)json_integer_value(json_object_get(tally, "fail"));
    double info = (double)json_integer_value(json_object_get(tally, "info"));

    return ok > 0 ? ok / (ok + fail + info) : 1;
}

/* From "as usual" to "nothing", for the cell's mark. */
static int share_step(double share, double normal)
{
    double part = share / normal;
    return part >= 0.95 ? 3 : part >= 0.4 ? 2 : part > 0 ? 1 : 0;
}

static void print_tally(struct page *page, const json_t *tally, double normal)
{
    json_int_t ok = json_integer_value(json_object_get(tally, "ok"));
    json_int_t fail = json_integer_value(json_object_get(tally, "fail"));
    json_int_t info = json_integer_value(json_object_get(tally, "info"));
    const json_t *recovered = json_object_get(tally, "recovered_ns");
    json_int_t all = ok + fail + info;
    struct buf *html = page->html;

    if (all <= 0) {
        buf_puts(html, "<td class=\"cell\"><span class=\"dim\">none invoked</span>");
    } else {
        double share = (double)ok / (double)all;
        buf_printf(html, "<td class=\"cell s%d\" title=\"", share_step(share, normal));
        buf_printf(html, "%lld ok, %lld fail, %lld info\"><b>%.0f%%</b> <span class=\"dim\">of ",
                   (long long)ok, (long long)fail, (long long)info,
                   share > 0.995 && ok < all ? 99.0 : share * 100);
        page_count(page, (uint64_t)all);
        buf_puts(html, "</span>");
    }
    if (json_is_integer(recovered)) {
        buf_puts(html, "<br><span class=\"dim\">back in ");
        page_duration(page, json_integer_value(recovered));
        buf_puts(html, "</span>");
    } else if (json_is_null(recovered)) {
        buf_puts(html, "<br><span class=\"open\">never back</span>");
    }
    buf_puts(html, "</td>");
}

static void print_period(struct page *page, const json_t *before, const json_t *period,
                         const char *name)
{
    const json_t *nodes = json_object_get(period, "nodes");
    const json_t *fault = json_object_get(period, "fault");
    const char *f = page_text(period, "f");

    buf_puts(page->html, "<tr><th>");
    if (json_is_integer(fault)) {
        buf_printf(page->html, "<i class=\"swatch %s\"></i>%lld ", html_tint(f ? f : ""),
                   (long long)json_integer_value(fault));
        html_fit(page->html, str_of(f ? f : ""), 30);
    } else {
        html_puts(page->html, name);
    }
    buf_puts(page->html, "</th>");
    for (int i = 0; i < page->history->node_count; i++) {
        const char *node = page->nodes[i];
        print_tally(page, json_object_get(nodes, node), normal_share(before, node));
    }
    buf_puts(page->html, "</tr>\n");
}

void page_availability(struct page *page)
{
    const json_t *finding =
        json_object_get(json_object_get(page->results, "checkers"), "availability");
    const json_t *faults = json_object_get(finding, "faults");
    const json_t *before = json_object_get(finding, "before");
    size_t columns = (size_t)page->history->node_count, rows = json_array_size(faults);

    if (!before || columns == 0)
        return;
    size_t shown = rows * columns > PAGE_CELLS_MAX ? PAGE_CELLS_MAX / columns : rows;
    page_heading(page, "availability", "Who answered, and when again");
    buf_puts(page->html, "<div class=\"tall\"><table class=\"availability\">\n<tr><th></th>");
    for (size_t i = 0; i < columns; i++) {
        buf_puts(page->html, "<th>");
        html_fit(page->html, str_of(page->nodes[i]), 24);
        buf_puts(page->html, "</th>");
    }
    buf_puts(page->html, "</tr>\n");
    print_period(page, before, before, rows ? "before the first" : "whole run");
    for (size_t i = 0; i < shown; i++)
        print_period(page, before, json_array_get(faults, i), "");
    if (json_object_get(finding, "after"))
        print_period(page, before, json_object_get(finding, "after"), "after the last");
    buf_puts(page->html, "</table></div>\n");
    if (shown < rows)
        buf_printf(page->html, "<p class=\"note\">%zu more are in results.json.</p>\n",
                   rows - shown);
    buf_puts(page->html, "<p class=\"note\">Operations that succeeded, of all invoked while the "
                         "fault was in force; below it how long after healing the node’s first "
                         "success came.</p></section>\n");
}
