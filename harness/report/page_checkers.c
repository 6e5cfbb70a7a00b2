/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_checkers.c - what each checker found, and the operations by kind and node. */
#include "page.h"

#include "html.h"

#include <inttypes.h>
#include <string.h>

enum { GROUPS_MAX = 80 };

static const char *verdict_class(const json_t *finding, const char **word)
{
    const json_t *valid = json_object_get(finding, "valid");

    if (json_is_true(valid)) {
        *word = "passed";
        return "good";
    }
    *word = json_is_false(valid) ? "violated" : "undecided";
    return json_is_false(valid) ? "bad" : "open";
}

static void print_anomalies(struct page *page, const json_t *finding)
{
    const json_t *anomalies = json_object_get(finding, "anomalies");
    size_t count = json_array_size(anomalies);

    if (count == 0)
        return;
    buf_printf(page->html, "<details><summary>%zu anomal%s</summary><ul>\n", count,
               count == 1 ? "y" : "ies");
    for (size_t i = 0; i < count && i < PAGE_ANOMALIES_MAX; i++) {
        const json_t *anomaly = json_array_get(anomalies, i);
        const char *type = page_text(anomaly, "type");
        const char *explanation = page_text(anomaly, "explanation");
        buf_puts(page->html, "<li><b>");
        html_fit(page->html, str_of(type ? type : "anomaly"), 40);
        buf_puts(page->html, "</b> ");
        if (!json_is_true(json_object_get(anomaly, "verified")))
            buf_puts(page->html, "<span class=\"open\">not verified</span> ");
        html_fit(page->html, str_of(explanation ? explanation : ""), 1000);
        buf_puts(page->html, "</li>\n");
    }
    if (count > PAGE_ANOMALIES_MAX)
        buf_printf(page->html, "<li class=\"dim\">and %zu more in results.json</li>\n",
                   count - PAGE_ANOMALIES_MAX);
    buf_puts(page->html, "</ul></details>");
}

static void print_finding(struct page *page, const char *name, const json_t *finding, bool aside)
{
    const char *word, *style = verdict_class(finding, &word);
    const char *reason = page_text(finding, "reason");

    buf_puts(page->html, "<tr><th>");
    html_fit(page->html, str_of(name), 40);
    buf_printf(page->html, "</th><td><span class=\"badge %s\">%s</span></td><td>",
               aside ? "dim" : style, aside ? "beside it" : word);
    html_fit(page->html, str_of(reason ? reason : ""), 400);
    print_anomalies(page, finding);
    buf_puts(page->html, "</td></tr>\n");
}

void page_checkers(struct page *page)
{
    json_t *found = json_object_get(page->results, "checkers");
    json_t *aside = json_object_get(page->results, "aside");
    const char *name;
    json_t *finding;
    int left = 60;

    if (json_object_size(found) == 0)
        return;
    page_heading(page, "checkers", "What was checked");
    buf_puts(page->html, "<table class=\"checkers\">\n");
    json_object_foreach(found, name, finding)
    {
        if (left-- == 0)
            break;
        print_finding(page, name, finding, false);
    }
    json_object_foreach(aside, name, finding)
    {
        if (left-- == 0)
            break;
        if (json_string_length(json_object_get(finding, "reason"))) /* else it saw nothing */
            print_finding(page, name, finding, true);
    }
    buf_puts(page->html, "</table></section>\n");
}

static void print_quantile(struct page *page, const json_t *group, const char *name)
{
    const json_t *value = json_object_get(json_object_get(group, "latency_ns"), name);

    buf_puts(page->html, "<td class=\"num\">");
    if (json_is_integer(value))
        page_duration(page, json_integer_value(value));
    buf_puts(page->html, "</td>");
}

static void print_group(struct page *page, const char *name, const json_t *group)
{
    static const char *const counts[] = {"ok", "fail", "info"};
    static const char *const quantiles[] = {"p50", "p95", "p99", "max"};

    if (!group)
        return;
    buf_puts(page->html, "<tr><th>");
    html_fit(page->html, str_of(name), 40);
    buf_puts(page->html, "</th>");
    for (size_t i = 0; i < 3; i++) {
        json_int_t count = json_integer_value(json_object_get(group, counts[i]));
        buf_printf(page->html, "<td class=\"num%s\">", count ? "" : " dim");
        page_count(page, (uint64_t)count);
        buf_puts(page->html, "</td>");
    }
    for (size_t i = 0; i < 4; i++)
        print_quantile(page, group, quantiles[i]);
    buf_puts(page->html, "</tr>\n");
}

static void print_group_heads(struct page *page, const char *heading)
{
    buf_printf(page->html,
               "<tr class=\"head\"><th>%s</th><th class=\"num\">ok</th><th class=\"num\">fail</th>"
               "<th class=\"num\">info</th><th class=\"num\">median</th><th class=\"num\">95%%</th>"
               "<th class=\"num\">99%%</th><th class=\"num\">slowest</th></tr>\n",
               heading);
}

void page_operations(struct page *page)
{
    const json_t *finding = json_object_get(json_object_get(page->results, "checkers"), "stats");
    json_t *by_f = json_object_get(finding, "by_f"), *group;
    const char *f;
    int left = GROUPS_MAX;

    if (json_object_size(by_f) == 0)
        return;
    page_heading(page, "operations", "Operations");
    buf_puts(page->html, "<div class=\"scroll\"><table class=\"groups\">\n");
    print_group_heads(page, "by kind");
    json_object_foreach(by_f, f, group)
    {
        if (left-- > 0)
            print_group(page, f, group);
    }
    print_group_heads(page, "by node");
    for (int i = 0; i < page->history->node_count && i < GROUPS_MAX; i++)
        print_group(page, page->nodes[i],
                    json_object_get(json_object_get(finding, "by_node"), page->nodes[i]));
    buf_puts(page->html,
             "</table></div>\n<p class=\"note\">ok: it happened. fail: it certainly did not. info: "
             "nobody knows, it may still take effect later. Latencies are those of ok.</p>"
             "</section>\n");
}
