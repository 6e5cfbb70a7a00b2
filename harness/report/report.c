/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report.c - gathers what a page is made of: the files of a run's folder, or results at hand. */
#include "report.h"

#include "../history/read.h"
#include "describe.h"
#include "file.h"
#include "page.h"
#include "timeline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define JSON_LIMIT_BYTES (size_t)(64 << 20)

/* -- the witness ----------------------------------------------------------------------------------
 */

/* The first verified anomaly of the decisive checker; NULL if there is none. */
static const json_t *find_anomaly(const json_t *results)
{
    const char *decisive = page_text(results, "decisive");
    json_t *checkers_found = json_object_get(results, "checkers");
    const char *name;
    json_t *finding;

    json_object_foreach(checkers_found, name, finding)
    {
        json_t *anomaly;
        size_t i;
        if (!json_is_false(json_object_get(finding, "valid")) ||
            (decisive && strcmp(decisive, name) != 0))
            continue;
        json_array_foreach(json_object_get(finding, "anomalies"), i, anomaly)
        {
            if (json_is_true(json_object_get(anomaly, "verified")))
                return anomaly;
        }
    }
    return NULL;
}

/* The places of operations by their "index", in the anomaly's order. Unknown ones are left out. */
static void find_witness(struct page *page)
{
    const json_t *wanted = json_object_get(page->anomaly, "ops");
    size_t count = json_array_size(wanted);
    json_int_t indexes[TIMELINE_OPS_MAX + 1];
    uint32_t places[TIMELINE_OPS_MAX + 1];

    if (count > TIMELINE_OPS_MAX + 1)
        count = TIMELINE_OPS_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        indexes[i] = json_integer_value(json_array_get(wanted, i));
        places[i] = INDEX_NONE;
    }
    for (size_t at = 0; at < page->history->count; at++) {
        for (size_t i = 0; i < count; i++) {
            if (page->history->ops[at].index == indexes[i])
                places[i] = (uint32_t)at;
        }
    }
    page->witness = malloc((count + 1) * sizeof *page->witness);
    for (size_t i = 0; page->witness && i < count; i++) {
        if (places[i] != INDEX_NONE)
            page->witness[page->witness_count++] = places[i];
    }
    if (page->witness_count)
        page->decisive = describe_decisive(page->history, page->witness, page->witness_count);
}

/* -- the files ------------------------------------------------------------------------------------
 */

/* A JSON file; *json stays NULL if there is none. */
static int read_json(const char *dir, const char *name, json_t **json, struct err *err)
{
    char path[4096];
    struct buf text;
    json_error_t why;

    *json = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    buf_init(&text, 0);
    if (file_read(path, JSON_LIMIT_BYTES, &text, err) < 0) {
        buf_release(&text);
        return err->code == ENOENT ? 0 : -1;
    }
    *json = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_ALLOW_NUL, &why);
    buf_release(&text);
    if (*json && json_is_object(*json))
        return 0;
    json_decref(*json);
    return err_set(err, EINVAL, "'%s' is damaged, line %d: %s", path, why.line, why.text);
}

/* What the page is called: "etcd register, 20251121T011300Z-7", or the history's file. */
static void print_title(const char *run_dir, const json_t *test, struct buf *title)
{
    const char *target = page_text(test, "target"), *workload = page_text(test, "workload");
    const char *base = run_dir;

    for (const char *at = run_dir; *at; at++) {
        if (*at == '/' && at[1] && at[1] != '/')
            base = at + 1;
    }
    if (target)
        buf_printf(title, "%s %s · ", target, workload ? workload : "");
    buf_puts(title, base);
    while (title->len && title->ptr[title->len - 1] == '/')
        title->ptr[--title->len] = '\0';
}

/* By name, numbers in it by value. */
static int compare_nodes(const void *left, const void *right)
{
    return strverscmp(*(const char *const *)left, *(const char *const *)right);
}

static void sort_nodes(struct page *page)
{
    size_t count = (size_t)page->history->node_count;

    for (size_t i = 0; i < count; i++)
        page->nodes[i] = page->history->nodes[i];
    qsort(page->nodes, count, sizeof *page->nodes, compare_nodes);
}

static int print_page(struct page *page, const char *path, struct err *err)
{
    struct fault_window *windows = NULL;
    int result = -1;

    sort_nodes(page);
    page->anomaly = find_anomaly(page->results);
    if (page->anomaly)
        find_witness(page);
    if (history_windows(page->history, page->history->budget, &windows, &page->window_count, err) ==
        0) {
        page->windows = windows;
        page_print(page);
        result = page->html->failed ? err_set(err, ENOMEM, "out of memory for '%s'", path)
                                    : file_replace(path, buf_str(page->html), err);
    }
    budget_free(page->history->budget, windows);
    free(page->witness);
    buf_release(page->html);
    return result;
}

/* run_dir/report.html, with results as JSON (NULL: not judged). */
static int print_run(const char *run_dir, const struct history *history, const json_t *results,
                     struct err *err)
{
    char path[4096];
    struct clock_tracks clocks;
    struct buf title, html;
    json_t *test;

    if (read_json(run_dir, "test.json", &test, err) < 0)
        return -1;
    if (clock_tracks_read(&clocks, run_dir, err) < 0) {
        clock_tracks_release(&clocks);
        json_decref(test);
        return -1;
    }
    buf_init(&title, 0);
    buf_init(&html, 0);
    print_title(run_dir, test, &title);
    struct page page = {.history = history,
                        .test = test,
                        .results = results,
                        .run_dir = run_dir,
                        .title = title.ptr ? title.ptr : "",
                        .clocks = &clocks,
                        .html = &html};
    (void)snprintf(path, sizeof path, "%s/report.html", run_dir);
    int result = print_page(&page, path, err);
    clock_tracks_release(&clocks);
    buf_release(&title);
    json_decref(test);
    return result;
}

static json_t *results_json(const struct results *results)
{
    struct buf text;

    buf_init(&text, 0);
    results_print(results, &text);
    json_t *json = json_loadb(text.ptr ? text.ptr : "", text.len, JSON_ALLOW_NUL, NULL);
    buf_release(&text);
    return json;
}

int report_write(const char *run_dir, struct err *err)
{
    char path[4096];
    struct history history;
    struct budget budget;
    struct stat stat_of;
    json_t *results;
    int result = -1;

    (void)snprintf(path, sizeof path, "%s/history.jsonl", run_dir);
    if (stat(path, &stat_of) < 0)
        return err_errno(err, errno, "'%s' is not the folder of a run: cannot open '%s'", run_dir,
                         path);
    if (read_json(run_dir, "results.json", &results, err) < 0)
        return -1;
    budget_init(&budget, 0, 0);
    history_init(&history, &budget);
    if (history_read(&history, path, NULL, err) == 0)
        result = print_run(run_dir, &history, results, err);
    history_release(&history);
    json_decref(results);
    return result;
}

int report_write_judged(const char *run_dir, const struct results *results, struct err *err)
{
    json_t *json = results_json(results);
    int result = print_run(run_dir, results->history, json, err);

    json_decref(json);
    return result;
}

int report_write_history(const struct results *results, const char *path, struct err *err)
{
    json_t *json = results_json(results);
    struct buf html;
    struct page page = {.history = results->history,
                        .results = json,
                        .title = results->history->path ? results->history->path : "a history",
                        .html = &html};
    buf_init(&html, 0);
    int result = print_page(&page, path, err);

    json_decref(json);
    return result;
}
