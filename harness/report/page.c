/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "page.h"

#include "../base/version.h"
#include "describe.h"
#include "html.h"
#include "text.h"
#include "timeline.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* -- helpers --------------------------------------------------------------------------------------
 */

const char *page_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

void page_heading(struct page *page, const char *id, const char *heading)
{
    buf_printf(page->html, "<section id=\"%s\"><h2>%s</h2>\n", id, heading);
}

void page_time(struct page *page, int64_t time_ns)
{
    describe_time(page->history, time_ns, page->html);
}

void page_duration(struct page *page, int64_t time_ns)
{
    text_duration(page->html, time_ns);
}

void page_count(struct page *page, uint64_t count)
{
    text_count(page->html, count);
}

/* -- the verdict ----------------------------------------------------------------------------------
 */

struct face {
    const char *outcome, *style, *word;
};

static const struct face faces[] = {
    {"violation", "bad", "Violation"},
    {"passed", "good", "Passed"},
    {"harness-failed", "broken", "Harness failed"},
    {"undecided", "open", "Undecided"},
};

static const struct face not_judged = {NULL, "open", "Not judged"};

static const struct face *face_of(const json_t *results)
{
    const char *outcome = page_text(results, "outcome");
    const json_t *valid = json_object_get(results, "valid");

    if (!results)
        return &not_judged;
    if (!outcome)
        outcome = json_is_true(valid) ? "passed" : json_is_false(valid) ? "violation" : "undecided";
    for (size_t i = 0; i < sizeof faces / sizeof *faces; i++) {
        if (strcmp(faces[i].outcome, outcome) == 0)
            return &faces[i];
    }
    return &faces[3];
}

static void fact(struct page *page, const char *name)
{
    buf_printf(page->html, "<div><dt>%s</dt><dd>", name);
}

static void print_faults_fact(struct page *page)
{
    size_t bit = 0;

    for (size_t i = 0; i < page->window_count; i++)
        bit += page->windows[i].affected > 0;
    fact(page, "Faults");
    if (page->window_count == 0)
        buf_puts(page->html, "none");
    else if (bit == page->window_count)
        buf_printf(page->html, bit == 1 ? "1, it bit" : "%zu, all bit", bit);
    else
        buf_printf(page->html, "%zu, %zu bit", page->window_count, bit);
    buf_puts(page->html, "</dd></div>");
}

static void print_facts(struct page *page)
{
    const struct history *history = page->history;
    size_t ok = 0;

    for (size_t i = 0; i < history->count; i++)
        ok += history->ops[i].type == OP_OK;
    buf_puts(page->html, "<dl class=\"facts\">");
    fact(page, "Operations");
    page_count(page, history->count);
    if (history->count)
        buf_printf(page->html, ", %.4g%% succeeded", 100.0 * (double)ok / (double)history->count);
    buf_puts(page->html, "</dd></div>");
    if (history->times_trusted) {
        fact(page, "Lasted");
        page_duration(page, history->end_ns);
        buf_puts(page->html, "</dd></div>");
    }
    if (history->node_count) {
        fact(page, "Nodes");
        buf_printf(page->html, "%d</dd></div>", history->node_count);
    }
    print_faults_fact(page);
    if (page_text(page->test, "consistency")) {
        fact(page, "Judged by");
        html_fit(page->html, str_of(page_text(page->test, "consistency")), 40);
        buf_puts(page->html, "</dd></div>");
    }
    const json_t *seed = json_object_get(page->test, "seed");
    if (json_is_integer(seed)) {
        fact(page, "Seed");
        buf_printf(page->html, "%" PRIu64 "</dd></div>", (uint64_t)json_integer_value(seed));
    }
    buf_puts(page->html, "</dl>\n");
}

/* With a capital letter and a full stop. */
static void print_sentence(struct page *page, const char *text, int columns)
{
    struct buf sentence;

    buf_init(&sentence, 0);
    html_fit(&sentence, str_of(text), columns);
    if (sentence.len && sentence.ptr[0] >= 'a' && sentence.ptr[0] <= 'z')
        sentence.ptr[0] = (char)(sentence.ptr[0] - 'a' + 'A');
    buf_add(page->html, sentence.ptr ? sentence.ptr : "", sentence.len);
    if (sentence.len && !strchr(".!?:", sentence.ptr[sentence.len - 1]))
        buf_puts(page->html, ".");
    buf_release(&sentence);
}

void page_verdict(struct page *page)
{
    const struct face *face = face_of(page->results);
    const char *reason = page_text(page->results, "reason");

    buf_printf(page->html, "<header class=\"verdict %s\"><p class=\"run\">", face->style);
    html_fit(page->html, str_of(page->title), 200);
    buf_printf(page->html, "</p>\n<p class=\"word\">%s</p>\n<h1>", face->word);
    if (!page->results)
        reason = "The run ended before its record was checked; ordeal check does that.";
    size_t skip = 0; /* the word is there already, large and in colour */
    if (reason && (strncmp(reason, "Passed: ", 8) == 0))
        skip = 8;
    else if (reason && strncmp(reason, "Undecided: ", 11) == 0)
        skip = 11;
    print_sentence(page, reason ? reason + skip : "no reason was given", 500);
    buf_puts(page->html, "</h1>\n");
    print_facts(page);
    if (page->history->torn)
        buf_puts(page->html, "<p class=\"note\">The record breaks off: the run was killed. What is "
                             "there is complete up to that time.</p>\n");
    buf_puts(page->html, "</header>\n");
}

/* -- the command ----------------------------------------------------------------------------------
 */

/* A word as a shell takes it back. */
static void print_word(struct page *page, const char *word)
{
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-+=./:,@%";
    if (*word && word[strspn(word, safe)] == '\0') {
        html_puts(page->html, word);
        return;
    }
    html_puts(page->html, "'");
    for (const char *at = word; *at; at++) {
        if (*at == '\'')
            html_puts(page->html, "'\\''");
        else
            html_text(page->html, (struct str){at, 1});
    }
    html_puts(page->html, "'");
}

void page_command(struct page *page)
{
    const json_t *command = json_object_get(page->test, "command");
    size_t count = json_array_size(command);

    if (count == 0)
        return;
    page_heading(page, "again", "Run it again");
    buf_puts(page->html, "<pre class=\"command\"><code>");
    for (size_t i = 0; i < count && i < 200; i++) {
        const char *word = json_string_value(json_array_get(command, i));
        buf_puts(page->html, i ? " <span>" : "<span>");
        print_word(page, word ? word : "");
        buf_puts(page->html, "</span>");
    }
    buf_puts(page->html,
             "</code></pre>\n<p class=\"note\">The seed brings back the faults and what "
             "each client does; the network’s and the scheduler’s timing are "
             "their own.</p></section>\n");
}

/* -- the witness ----------------------------------------------------------------------------------
 */

static void print_story(struct page *page)
{
    buf_puts(page->html, "<ol class=\"story\">\n");
    for (size_t i = 0; i < page->witness_count && i < TIMELINE_OPS_MAX; i++) {
        struct buf sentence;
        buf_init(&sentence, 0);
        describe_op(page->history, &page->history->ops[page->witness[i]], &sentence);
        if (sentence.len && sentence.ptr[0] == 'a')
            sentence.ptr[0] = 'A';
        buf_printf(page->html, "<li%s>", i == page->decisive ? " class=\"decisive\"" : "");
        html_fit(page->html, buf_str(&sentence), 600);
        buf_printf(page->html, ". <span class=\"index\">index %" PRIu32 "</span></li>\n",
                   page->history->ops[page->witness[i]].index);
        buf_release(&sentence);
    }
    buf_puts(page->html, "</ol>\n");
}

void page_witness(struct page *page)
{
    const char *explanation = page_text(page->anomaly, "explanation");

    if (!page->anomaly)
        return;
    page_heading(page, "witness", "What cannot be explained");
    if (explanation) {
        buf_puts(page->html, "<p class=\"explanation\">");
        print_sentence(page, explanation, 4000);
        buf_puts(page->html, "</p>\n");
    }
    if (page->witness_count) {
        timeline_svg(page->history, page->witness, page->witness_count, page->decisive, page->html);
        buf_puts(
            page->html,
            "<p class=\"note\">Each bar is an operation from its invocation to its completion; "
            "shaded behind it what was broken at that time. ");
        buf_puts(page->html, page->history->times_trusted
                                 ? "Seconds since the run’s start, in order but not to scale.</p>\n"
                                 : "By line of the record.</p>\n");
        print_story(page);
    }
    buf_puts(page->html, "</section>\n");
}

/* -- settings -------------------------------------------------------------------------------------
 */

static void print_setting(struct page *page, const char *key, const json_t *value)
{
    char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    size_t len = strlen(key);

    buf_puts(page->html, "<tr><th>");
    html_fit(page->html, str_of(key), 60);
    buf_puts(page->html, "</th><td>");
    if (len > 3 && strcmp(key + len - 3, "_ns") == 0 && json_is_integer(value))
        page_duration(page, json_integer_value(value));
    else
        html_fit(page->html, str_of(text ? text : json_string_value(value)), 300);
    buf_puts(page->html, "</td></tr>\n");
    free(text);
}

void page_settings(struct page *page)
{
    const char *key;
    json_t *value;
    int left = 100;

    if (!page->test)
        return;
    page_heading(page, "settings", "Settings");
    buf_puts(page->html, "<table class=\"settings\">\n");
    json_object_foreach((json_t *)(uintptr_t)page->test, key, value)
    {
        bool elsewhere = strcmp(key, "command") == 0 || strcmp(key, "plan") == 0;
        if (!elsewhere && left-- > 0)
            print_setting(page, key, value);
    }
    buf_puts(page->html, "</table>\n<p class=\"note\">The plan of all faults is in test.json; "
                         "<code>--plan test.json</code> replays it.</p></section>\n");
}

/* -- all of it ------------------------------------------------------------------------------------
 */

static void print_head(struct page *page)
{
    buf_puts(page->html,
             "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'\">\n"
             "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
             "<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    buf_puts(page->html, face_of(page->results)->word);
    buf_puts(page->html, ": ");
    html_fit(page->html, str_of(page->title), 120);
    buf_puts(page->html, "</title>\n<style>");
    for (size_t i = 0; page_style[i]; i++)
        buf_puts(page->html, page_style[i]);
    buf_puts(page->html, "</style></head>\n<body><main>\n");
}

void page_print(struct page *page)
{
    print_head(page);
    page_verdict(page);
    page_witness(page);
    page_command(page);
    page_overview(page);
    page_faults(page);
    page_links(page);
    page_checkers(page);
    page_availability(page);
    page_operations(page);
    page_logs(page);
    page_settings(page);
    buf_puts(page->html, "<footer>Ordeal ");
    const char *version = page_text(page->test, "version");
    html_fit(page->html, str_of(version ? version : ordeal_version), 60);
    if (page->run_dir)
        buf_puts(page->html, ". The record is in history.jsonl, the verdicts in results.json; "
                             "<code>ordeal check history.jsonl</code> checks again.");
    buf_puts(page->html, "</footer>\n</main></body></html>\n");
}
