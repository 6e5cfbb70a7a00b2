/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file_pattern.h"

#include "world.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <string.h>

/* Of what is matched at once: "*", one byte, "?", "\x" or "[a-z]". 0: it is never finished. */
static size_t token_len(const char *at)
{
    if (*at == '\\')
        return at[1] ? 2 : 0;
    if (*at != '[')
        return 1;
    const char *end = at + 1;
    if (*end == '!' || *end == '^')
        end++;
    if (*end == ']')
        end++;
    for (; *end && *end != ']'; end++) {
        if (*end == '\\' && end[1])
            end++;
        if (*end != '[' || !end[1] || !strchr(".:=", end[1]))
            continue;
        const char close[] = {end[1], ']', '\0'};
        end = strstr(end + 2, close);
        if (!end)
            return 0;
        end++;
    }
    return *end ? (size_t)(end - at) + 1 : 0;
}

static bool is_dots(const char *part, size_t len)
{
    return (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.');
}

static int check_parts(const char *pattern, struct err *err)
{
    for (const char *part = pattern; part; part = strchr(part, '/')) {
        part += part != pattern;
        size_t len = strcspn(part, "/");
        if (len == 0)
            return err_set(err, EINVAL,
                           "no file matches '%s': there is nothing before or behind a '/'",
                           pattern);
        if (is_dots(part, len))
            return err_set(err, EINVAL,
                           "no file matches '%s': paths on a disk have no '.' and no '..'",
                           pattern);
    }
    return 0;
}

int file_pattern_check(const char *pattern, struct err *err)
{
    size_t len;

    if (!*pattern)
        return err_set(err, EINVAL, "no file matches the empty pattern; leave it out for all");
    if (strlen(pattern) >= DISK_FILES_BYTES)
        return err_set(err, EINVAL, "the pattern '%.80s' is longer than %d bytes", pattern,
                       DISK_FILES_BYTES - 1);
    if (*pattern == '/')
        return err_set(err, EINVAL,
                       "no file matches '%s': patterns are of paths below /node/data, like "
                       "'*.wal'",
                       pattern);
    for (const char *at = pattern; *at; at += len) {
        len = token_len(at);
        if (len == 0)
            return err_set(err, EINVAL, "the pattern '%s' has a '%c' that is never finished",
                           pattern, *at);
    }
    return check_parts(pattern, err);
}

/* Whether some byte is matched by both tokens, neither of which is "*". */
static bool tokens_meet(const char *a, size_t a_len, const char *b, size_t b_len)
{
    char one[DISK_FILES_BYTES] = "", other[DISK_FILES_BYTES] = "", byte[2] = "";

    memcpy(one, a, a_len);
    memcpy(other, b, b_len);
    for (int c = 1; c <= UCHAR_MAX; c++) {
        byte[0] = (char)c;
        if (fnmatch(one, byte, 0) == 0 && fnmatch(other, byte, 0) == 0)
            return true;
    }
    return false;
}

enum { REACHED_MAX = DISK_FILES_BYTES };

/* Which of the pairs of places in both can be reached by one path so far: a row for each place in
 * `a`, walked from the front. */
bool file_patterns_meet(const char *a, const char *b)
{
    bool reached[REACHED_MAX][REACHED_MAX] = {{true}};
    size_t a_len = strlen(a), b_len = strlen(b);

    if (a_len >= REACHED_MAX || b_len >= REACHED_MAX)
        return true;
    for (size_t i = 0; i <= a_len; i++) {
        for (size_t k = 0; k <= b_len; k++) {
            if (!reached[i][k])
                continue;
            size_t one = i < a_len ? token_len(a + i) : 0, other = k < b_len ? token_len(b + k) : 0;
            if (a[i] == '*') /* ends here, or takes what the other takes */
                reached[i + 1][k] = true;
            if (b[k] == '*')
                reached[i][k + 1] = true;
            if (a[i] == '*' && other && b[k] != '*')
                reached[i][k + other] = true;
            if (b[k] == '*' && one && a[i] != '*')
                reached[i + one][k] = true;
            if (one && other && a[i] != '*' && b[k] != '*' && tokens_meet(a + i, one, b + k, other))
                reached[i + one][k + other] = true;
        }
    }
    return reached[a_len][b_len];
}
