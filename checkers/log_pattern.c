/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* log_pattern.c - what must not be in the nodes' logs: panics, failed assertions, data races.
 *
 * Reads the files <log_dir>/<node>/NAME.log line by line and matches each pattern (PCRE2, compiled
 * to machine code where the machine allows). The logs were written by the system under test:
 * symbolic links and anything but plain files are left alone, lines may hold any bytes, and an
 * expression that gives up on a line leaves the verdict open.
 *
 * A match is verified by opening the file again, counting to its line, and matching with the plain
 * interpreter instead of the machine code.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "../harness/checker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PATTERNS_MAX = 64,
    LINE_MAX_BYTES = 64 * 1024, /* longer lines are looked at in pieces of this size */
    TEXT_MAX = 200,             /* of a line in an explanation */
    ANOMALIES_MAX = 20,         /* the rest is counted */
    MATCH_LIMIT = 1000000,      /* steps of one match */
};

struct pattern {
    const char *name;
    pcre2_code *code;
    uint64_t matches;
};

struct search {
    struct pattern patterns[PATTERNS_MAX];
    size_t pattern_count;
    pcre2_match_data *match;
    pcre2_match_context *limits;
    struct budget *budget;
    struct finding *finding;
    struct err *err;
    uint64_t files, lines, matches;
    char gave_up[192]; /* why a line could not be judged; "" if all could */
};

/* A log's lines, one after another. */
struct lines {
    int fd;
    char *block; /* LINE_MAX_BYTES of the file: [at, end) is yet to be looked at */
    size_t at, end;
    uint64_t number; /* of the line last given, from 1 */
    bool inside;     /* what was last given did not end its line */
    uint32_t edges;  /* PCRE2_NOTBOL, PCRE2_NOTEOL: what was last given begins, ends inside one */
    bool failed;
};

/* A descriptor; -1 with errno 0 if it is no plain file, else with errno set. */
static int open_log(const char *path)
{
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0) {
        errno = errno == ELOOP ? 0 : errno;
        return -1;
    }
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode))
        return fd;
    (void)close(fd);
    errno = 0;
    return -1;
}

static int lines_open(struct lines *lines, const char *path, struct budget *budget)
{
    *lines = (struct lines){.fd = open_log(path)};
    if (lines->fd < 0)
        return -1;
    lines->block = budget_alloc(budget, LINE_MAX_BYTES);
    return 0;
}

static void lines_close(struct lines *lines, struct budget *budget)
{
    budget_free(budget, lines->block);
    (void)close(lines->fd);
}

/* Read more behind what is left; false at the end of the file. */
static bool refill(struct lines *lines)
{
    ssize_t got;

    memmove(lines->block, lines->block + lines->at, lines->end - lines->at);
    lines->end -= lines->at;
    lines->at = 0;
    do
        got = read(lines->fd, lines->block + lines->end, LINE_MAX_BYTES - lines->end);
    while (got < 0 && errno == EINTR);
    lines->failed |= got < 0;
    lines->end += got > 0 ? (size_t)got : 0;
    return got > 0;
}

/* The next line, without its end, or a piece of a long one; false at the end of the file. */
static bool lines_next(struct lines *lines, struct str *line)
{
    char *newline;

    if (!lines->block)
        return false;
    for (;;) {
        newline = memchr(lines->block + lines->at, '\n', lines->end - lines->at);
        if (newline || lines->end - lines->at == LINE_MAX_BYTES || !refill(lines))
            break;
    }
    char *from = lines->block + lines->at;
    size_t len = newline ? (size_t)(newline - from) : lines->end - lines->at;
    if (!newline && len == 0)
        return false;
    *line = (struct str){from, len};
    lines->at += len + (newline != NULL);
    lines->number += !lines->inside;
    lines->edges = lines->inside ? PCRE2_NOTBOL : 0;
    lines->inside = !newline;
    lines->edges |= lines->inside && len == LINE_MAX_BYTES ? PCRE2_NOTEOL : 0;
    return true;
}

/* Whether the line matches: 1, 0, or -1 if the expression gave up. */
static int match_line(struct search *search, const struct pattern *pattern, struct str line,
                      uint32_t options)
{
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)line.ptr, line.len, 0, options,
                            search->match, search->limits);
    return found >= 0 ? 1 : found == PCRE2_ERROR_NOMATCH ? 0 : -1;
}

/* Naively: is there such a line? */
static bool verify(struct search *search, const struct pattern *pattern, const char *path,
                   uint64_t number)
{
    struct lines lines;
    struct str line;
    bool found = false;

    if (lines_open(&lines, path, search->budget) < 0)
        return false;
    while (!found && lines.number <= number && lines_next(&lines, &line))
        found = lines.number == number &&
                match_line(search, pattern, line, lines.edges | PCRE2_NO_JIT) == 1;
    lines_close(&lines, search->budget);
    return found;
}

/* Where a line was found. */
struct place {
    const char *path, *node, *file;
    uint64_t number;
    uint32_t edges; /* as in struct lines */
};

/* A line's text for people: printable, and not too long. */
static void print_text(struct str line, char text[TEXT_MAX + 4])
{
    size_t len = line.len < TEXT_MAX ? line.len : TEXT_MAX;

    for (size_t i = 0; i < len; i++)
        text[i] = (unsigned char)line.ptr[i] < 0x20 || line.ptr[i] == 0x7f ? ' ' : line.ptr[i];
    while (len && ((unsigned char)text[len - 1] & 0xc0) == 0x80 && line.len > TEXT_MAX)
        len--; /* not in the middle of a character */
    (void)snprintf(text + len, 4, "%s", line.len > TEXT_MAX ? "..." : "");
}

static int add_match(struct search *search, struct pattern *pattern, const struct place *place,
                     struct str line)
{
    char text[TEXT_MAX + 4], explanation[TEXT_MAX + 700];

    pattern->matches++;
    if (search->matches++ >= ANOMALIES_MAX)
        return 0;
    print_text(line, text);
    (void)snprintf(explanation, sizeof explanation,
                   "%.64s logged what must not be (pattern '%.64s'), line %" PRIu64 " of %.64s: %s",
                   place->node, pattern->name, place->number, place->file, text);
    bool verified = verify(search, pattern, place->path, place->number);
    if (verified && search->finding->valid != VERDICT_INVALID)
        finding_set(search->finding, VERDICT_INVALID, "%.64s logged '%.120s' (pattern '%.32s')",
                    place->node, text, pattern->name);
    return finding_add(search->finding, "log-pattern", NULL, 0, verified, explanation, search->err);
}

static int search_line(struct search *search, const struct place *place, struct str line)
{
    for (size_t i = 0; i < search->pattern_count; i++) {
        struct pattern *pattern = &search->patterns[i];
        int found = match_line(search, pattern, line, place->edges);
        if (found == 1 && add_match(search, pattern, place, line) < 0)
            return -1;
        if (found < 0 && !search->gave_up[0])
            (void)snprintf(search->gave_up, sizeof search->gave_up,
                           "pattern '%.32s' gave up on line %" PRIu64 " of %.32s's %.32s",
                           pattern->name, place->number, place->node, place->file);
    }
    return 0;
}

static int search_file(struct search *search, const struct place *where)
{
    struct place place = *where;
    struct lines lines;
    struct str line;
    int result = 0;

    if (lines_open(&lines, place.path, search->budget) < 0)
        return errno == 0 ? 0 : err_errno(search->err, errno, "cannot open '%s'", place.path);
    search->files++;
    while (result == 0 && lines_next(&lines, &line)) {
        if ((search->lines++ & 1023) == 0 && budget_spent(search->budget))
            break;
        place.number = lines.number;
        place.edges = lines.edges;
        result = search_line(search, &place, line);
    }
    if (result == 0 && lines.failed)
        result = err_set(search->err, EIO, "cannot read '%s'", place.path);
    lines_close(&lines, search->budget);
    return result;
}

static int is_log(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return len > 4 && strcmp(entry->d_name + len - 4, ".log") == 0;
}

static int is_shown(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int search_node(struct search *search, const char *log_dir, const char *node)
{
    struct dirent **entries;
    char dir[4096], path[4096 + 256];
    int result = 0;

    (void)snprintf(dir, sizeof dir, "%s/%s", log_dir, node);
    int count = scandir(dir, &entries, is_log, alphasort);
    if (count < 0)
        return errno == ENOTDIR ? 0 : err_errno(search->err, errno, "cannot look into '%s'", dir);
    for (int i = 0; i < count; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, entries[i]->d_name);
        const struct place place = {.path = path, .node = node, .file = entries[i]->d_name};
        if (result == 0)
            result = search_file(search, &place);
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int search_nodes(struct search *search, const char *log_dir)
{
    struct dirent **entries;
    int result = 0;

    int count = scandir(log_dir, &entries, is_shown, alphasort);
    if (count < 0)
        return err_errno(search->err, errno, "cannot look into the logs in '%s'", log_dir);
    for (int i = 0; i < count; i++) {
        if (result == 0)
            result = search_node(search, log_dir, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return result;
}

static int compile(struct search *search, const struct log_pattern *patterns)
{
    for (; patterns->name; patterns++) {
        PCRE2_SIZE at;
        PCRE2_UCHAR why[128];
        int code;
        if (search->pattern_count == PATTERNS_MAX)
            return err_set(search->err, E2BIG, "more than %d patterns for logs", PATTERNS_MAX);
        struct pattern *pattern = &search->patterns[search->pattern_count];
        pattern->name = patterns->name;
        pattern->code =
            pcre2_compile((PCRE2_SPTR)patterns->regex, PCRE2_ZERO_TERMINATED, 0, &code, &at, NULL);
        if (!pattern->code) {
            (void)pcre2_get_error_message(code, why, sizeof why);
            return err_set(search->err, EINVAL,
                           "the pattern '%s' for logs is no regular expression: %s at offset %zu",
                           patterns->name, (const char *)why, at);
        }
        (void)pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
        search->pattern_count++;
    }
    search->match = pcre2_match_data_create(1, NULL);
    search->limits = pcre2_match_context_create(NULL);
    if (!search->match || !search->limits)
        return err_set(search->err, ENOMEM, "out of memory for the patterns for logs");
    pcre2_set_match_limit(search->limits, MATCH_LIMIT);
    return 0;
}

static void judge(struct search *search, const char *log_dir)
{
    struct finding *finding = search->finding;
    struct buf *json = &finding->details;

    buf_printf(json, "\"files\":%" PRIu64 ",\"lines\":%" PRIu64 ",\"matches\":{", search->files,
               search->lines);
    for (size_t i = 0; i < search->pattern_count; i++)
        buf_json_int(json, search->patterns[i].name, (int64_t)search->patterns[i].matches);
    buf_puts(json, "}");
    if (finding->valid == VERDICT_INVALID)
        return;
    if (budget_spent(search->budget))
        finding_set(finding, VERDICT_UNKNOWN, "%s after %" PRIu64 " lines of logs",
                    budget_reason(search->budget), search->lines);
    else if (search->matches)
        finding_set(finding, VERDICT_UNKNOWN,
                    "%" PRIu64 " lines matched, but could not be found again", search->matches);
    else if (search->gave_up[0])
        finding_set(finding, VERDICT_UNKNOWN, "%s", search->gave_up);
    else if (search->files == 0)
        finding_set(finding, VERDICT_UNKNOWN, "there is no log below '%.160s'", log_dir);
    else
        finding_set(finding, VERDICT_VALID, "nothing bad in %" PRIu64 " lines of logs",
                    search->lines);
}

static int check(const struct history *history, const struct check_options *options,
                 struct budget *budget, struct finding *finding, struct err *err)
{
    (void)history;
    if (!options->log_patterns || !options->log_patterns->name) {
        finding_set(finding, VERDICT_VALID, "there is no pattern to look for");
        return 0;
    }
    if (!options->log_dir) {
        finding_set(finding, VERDICT_UNKNOWN, "the nodes' logs are not at hand");
        return 0;
    }
    struct search *search = budget_calloc(budget, 1, sizeof *search);
    if (!search)
        return err_set(err, ENOMEM, "%s before the logs were opened", budget_reason(budget));
    search->budget = budget;
    search->finding = finding;
    search->err = err;
    int result = compile(search, options->log_patterns);
    if (result == 0)
        result = search_nodes(search, options->log_dir);
    if (result == 0)
        judge(search, options->log_dir);
    for (size_t i = 0; i < search->pattern_count; i++)
        pcre2_code_free(search->patterns[i].code);
    pcre2_match_data_free(search->match);
    pcre2_match_context_free(search->limits);
    budget_free(budget, search);
    return result;
}

const struct checker checker_log_pattern = {
    .name = "log-pattern",
    .about = "nothing in the nodes' logs that must not be: panics, failed assertions",
    .check = check,
};
