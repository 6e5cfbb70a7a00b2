/* SPDX-License-Identifier: GPL-2.0-or-later */
/* page_logs.c - what the nodes logged around the moment that matters.
 *
 * The moment is the witness's last operation. A log is cut there if its lines carry times that can
 * be understood (ISO 8601 in UTC or with an offset) and the record says when the run began
 * ("unix_ns" of an event); else its end is shown. The files were written by the system under test:
 * only plain files are opened, and little of them is kept.
 */
#include "page.h"

#include "../base/clock.h"
#include "html.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    LOGS_MAX = 16,     /* files */
    LINES_BEFORE = 16, /* the moment */
    LINES_AFTER = 12,
    LINE_COLUMNS = 400,
    STAMP_SEARCH = 64, /* a line's time stands within its first characters */
};

/* -- times in logs --------------------------------------------------------------------------------
 */

static bool digits(const char *at, int count, int *value)
{
    *value = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9')
            return false;
        *value = *value * 10 + (at[i] - '0');
    }
    return true;
}

/* "2025-11-21T01:13:00" or with a blank, at `at`. */
static bool parse_seconds(const char *at, int64_t *seconds)
{
    struct tm tm = {0};
    int year, month;

    if (strlen(at) < 19 || at[4] != '-' || at[7] != '-' || (at[10] != 'T' && at[10] != ' ') ||
        at[13] != ':' || at[16] != ':')
        return false;
    if (!digits(at, 4, &year) || !digits(at + 5, 2, &month) || !digits(at + 8, 2, &tm.tm_mday) ||
        !digits(at + 11, 2, &tm.tm_hour) || !digits(at + 14, 2, &tm.tm_min) ||
        !digits(at + 17, 2, &tm.tm_sec))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    *seconds = timegm(&tm);
    return true;
}

/* The time of a line, since 1970. */
static bool parse_stamp(const char *line, int64_t *unix_ns)
{
    int64_t seconds, fraction = 0, unit = NS_PER_SEC;
    int hours, minutes;

    for (int i = 0; i < STAMP_SEARCH && line[i]; i++) {
        if (line[i] != '2' || !parse_seconds(line + i, &seconds))
            continue;
        const char *at = line + i + 19;
        if (*at == '.' || *at == ',') {
            for (at++; *at >= '0' && *at <= '9'; at++) {
                unit /= 10;
                fraction += (*at - '0') * unit;
            }
        }
        if ((*at == '+' || *at == '-') && digits(at + 1, 2, &hours) &&
            digits(at + 3 + (at[3] == ':'), 2, &minutes))
            seconds -= (*at == '+' ? 60 : -60) * (hours * 60 + minutes);
        *unix_ns = seconds * NS_PER_SEC + fraction;
        return true;
    }
    return false;
}

/* When the run's clock was 0, since 1970; 0 if the record does not say. */
static int64_t find_start(const struct history *history)
{
    int64_t start_ns = 0;

    for (size_t i = 0; i < history->event_count && start_ns == 0; i++) {
        const struct event *event = &history->events[i];
        if (!strstr(event->extra, "\"unix_ns\""))
            continue;
        json_t *extra = json_loads(event->extra, JSON_ALLOW_NUL, NULL);
        json_int_t unix_ns = json_integer_value(json_object_get(extra, "unix_ns"));
        if (unix_ns > 0)
            start_ns = unix_ns - event->time_ns;
        json_decref(extra);
    }
    return start_ns;
}

/* The time that matters, since 1970; 0 if there is none. */
static int64_t find_moment(const struct page *page)
{
    int64_t start_ns = find_start(page->history);

    if (start_ns == 0 || page->witness_count == 0)
        return 0;
    const struct op *op = &page->history->ops[page->witness[page->decisive]];
    return start_ns + (op->complete_ns == TIME_NEVER ? op->invoke_ns : op->complete_ns);
}

/* -- excerpts -------------------------------------------------------------------------------------
 */

struct excerpt {
    long offsets[LINES_BEFORE + LINES_AFTER]; /* of the lines last seen */
    size_t seen;                              /* lines */
    size_t moment; /* the first line at or after the moment; SIZE_MAX: none */
};

/* Go through the log, until there is enough behind the moment. */
static void survey(FILE *log, int64_t moment_ns, struct excerpt *excerpt)
{
    char line[1024];
    bool inside = false;
    long offset = 0;

    *excerpt = (struct excerpt){.moment = SIZE_MAX};
    while (fgets(line, sizeof line, log)) {
        int64_t unix_ns;
        if (!inside) {
            excerpt->offsets[excerpt->seen % (LINES_BEFORE + LINES_AFTER)] = offset;
            if (moment_ns && excerpt->moment == SIZE_MAX && parse_stamp(line, &unix_ns) &&
                unix_ns >= moment_ns)
                excerpt->moment = excerpt->seen;
            excerpt->seen++;
        }
        inside = !strchr(line, '\n');
        offset = ftell(log);
        if (!inside && excerpt->moment != SIZE_MAX &&
            excerpt->seen >= excerpt->moment + LINES_AFTER)
            return;
    }
}

static void print_lines(struct page *page, FILE *log, const struct excerpt *excerpt)
{
    enum { KEPT = LINES_BEFORE + LINES_AFTER };
    size_t first = excerpt->seen > KEPT ? excerpt->seen - KEPT : 0;
    bool marked = false, inside = false;
    char line[1024];

    if (fseek(log, excerpt->offsets[first % KEPT], SEEK_SET) != 0)
        return;
    for (size_t number = first; number < excerpt->seen && fgets(line, sizeof line, log);) {
        size_t len = strcspn(line, "\n");
        if (!inside) {
            if (number >= excerpt->moment && !marked) {
                buf_puts(page->html, "<mark>— the witness ends here —</mark>\n");
                marked = true;
            }
            html_fit(page->html, (struct str){line, len}, LINE_COLUMNS);
            buf_puts(page->html, "\n");
        }
        inside = line[len] != '\n';
        number += !inside;
    }
}

static void print_log(struct page *page, const char *node, const char *name, int64_t moment_ns,
                      bool first)
{
    char path[4096];
    struct excerpt excerpt;
    struct stat stat;

    (void)snprintf(path, sizeof path, "%s/nodes/%s/%s", page->run_dir, node, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    FILE *log = fd >= 0 && fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) ? fdopen(fd, "r") : NULL;
    if (!log) {
        if (fd >= 0)
            (void)close(fd);
        return;
    }
    survey(log, moment_ns, &excerpt);
    if (excerpt.seen) {
        buf_puts(page->html, "<details");
        bool near_witness = excerpt.moment != SIZE_MAX;
        buf_puts(page->html, near_witness && first ? " open><summary>" : "><summary>");
        html_fit(page->html, str_of(node), 40);
        buf_puts(page->html, " · ");
        html_fit(page->html, str_of(name), 60);
        buf_puts(page->html, near_witness ? ", around the witness" : ", its end");
        buf_puts(page->html, "</summary><pre class=\"log\">");
        print_lines(page, log, &excerpt);
        buf_puts(page->html, "</pre></details>\n");
    }
    (void)fclose(log);
}

static int is_log(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".log") == 0;
}

/* The node's logs; returns how many there are. */
static int print_node(struct page *page, const char *node, int64_t moment_ns, int left)
{
    char path[4096];
    struct dirent **entries;

    if (strchr(node, '/') || node[0] == '.') /* names come from the record: no way out of nodes/ */
        return 0;
    (void)snprintf(path, sizeof path, "%s/nodes/%s", page->run_dir, node);
    int count = scandir(path, &entries, is_log, alphasort);
    if (count < 0)
        return 0;
    for (int i = 0; i < count; i++) {
        if (i < left)
            print_log(page, node, entries[i]->d_name, moment_ns, left == LOGS_MAX && i == 0);
        free(entries[i]);
    }
    free(entries);
    return count;
}

/* Whether the witness has an operation on that node: such nodes come first. */
static bool is_near(const struct page *page, const char *node)
{
    for (size_t i = 0; i < page->witness_count; i++) {
        uint8_t at = page->history->ops[page->witness[i]].node;
        if (at != NODE_NONE && strcmp(page->history->nodes[at], node) == 0)
            return true;
    }
    return false;
}

static int print_planned_nodes(struct page *page, int left)
{
    json_t *nodes = json_object_get(page->test, "nodes"), *node;
    int count = 0;
    size_t i;

    json_array_foreach(nodes, i, node)
    {
        if (json_is_string(node))
            count += print_node(page, json_string_value(node), 0, left - count);
    }
    return count;
}

void page_logs(struct page *page)
{
    size_t before = page->html->len, heading;
    int64_t moment_ns;
    int left = LOGS_MAX;

    if (!page->run_dir)
        return;
    moment_ns = find_moment(page);
    page_heading(page, "logs", "What the nodes logged");
    heading = page->html->len;
    if (page->history->node_count == 0) /* nobody came to speak to any of them */
        left -= print_planned_nodes(page, left);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < page->history->node_count; i++) {
            if (is_near(page, page->nodes[i]) == (round == 0))
                left -= print_node(page, page->nodes[i], moment_ns, left);
        }
    }
    if (page->html->len == heading) {
        page->html->len = before;
        return;
    }
    if (left < 0)
        buf_printf(page->html, "<p class=\"note\">%d more logs are in nodes/.</p>\n", -left);
    buf_puts(page->html, "</section>\n");
}
