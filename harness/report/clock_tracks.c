/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_tracks.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1024 };

static struct clock_track *find_track(struct clock_tracks *tracks, const char *node)
{
    for (size_t i = 0; i < tracks->count; i++) {
        if (strcmp(tracks->tracks[i].node, node) == 0)
            return &tracks->tracks[i];
    }
    if (tracks->count == CLOCK_TRACKS_MAX || strlen(node) >= CLOCK_NAME_MAX)
        return NULL;
    struct clock_track *track = &tracks->tracks[tracks->count++];
    (void)snprintf(track->node, sizeof track->node, "%s", node);
    return track;
}

static bool add_point(struct clock_tracks *tracks, const char *node,
                      const struct clock_point *point)
{
    struct clock_track *track = find_track(tracks, node);

    if (!track || tracks->points == CLOCK_POINTS_MAX ||
        (track->count && track->points[track->count - 1].time_ns > point->time_ns))
        return false;
    if (track->count == track->capacity) {
        size_t capacity = track->capacity ? 2 * track->capacity : 64;
        struct clock_point *points = realloc(track->points, capacity * sizeof *points);
        if (!points)
            return false;
        track->points = points;
        track->capacity = capacity;
    }
    track->points[track->count++] = *point;
    tracks->points++;
    return true;
}

/* Whether there is such a member, a whole number. */
static bool take(const json_t *line, const char *name, int64_t *number)
{
    const json_t *member = json_object_get(line, name);

    *number = json_integer_value(member);
    return json_is_integer(member);
}

static bool take_line(struct clock_tracks *tracks, const char *text, size_t len)
{
    json_t *line = json_loadb(text, len, 0, NULL);
    const char *node = json_string_value(json_object_get(line, "node"));
    struct clock_point point;

    bool good = node && take(line, "time", &point.time_ns) && point.time_ns >= 0 &&
                take(line, "wall_offset_ns", &point.wall_ns) &&
                take(line, "monotonic_offset_ns", &point.monotonic_ns) &&
                add_point(tracks, node, &point);
    json_decref(line);
    return good;
}

static int compare_tracks(const void *left, const void *right)
{
    return strverscmp(((const struct clock_track *)left)->node,
                      ((const struct clock_track *)right)->node);
}

/* The next line without its end; of one that is too long nothing. False at the end of the file. */
static bool next_line(FILE *file, char line[LINE_MAX_BYTES], size_t *len)
{
    size_t got = 0;
    int byte;

    while ((byte = getc_unlocked(file)) != EOF && byte != '\n') {
        if (got < LINE_MAX_BYTES)
            line[got] = (char)byte;
        got++;
    }
    *len = got <= LINE_MAX_BYTES ? got : 0;
    return byte != EOF || got > 0;
}

int clock_tracks_read(struct clock_tracks *tracks, const char *run_dir, struct err *err)
{
    char path[4096], line[LINE_MAX_BYTES];
    size_t len;

    *tracks = (struct clock_tracks){.count = 0};
    (void)snprintf(path, sizeof path, "%s/clocks.jsonl", run_dir);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? 0 : err_errno(err, errno, "cannot read '%s'", path);
    while (next_line(file, line, &len))
        tracks->left_out += !take_line(tracks, line, len);
    bool failed = ferror(file) != 0;
    (void)fclose(file);
    qsort(tracks->tracks, tracks->count, sizeof tracks->tracks[0], compare_tracks);
    return failed ? err_errno(err, EIO, "cannot read '%s'", path) : 0;
}

void clock_tracks_release(struct clock_tracks *tracks)
{
    for (size_t i = 0; i < tracks->count; i++)
        free(tracks->tracks[i].points);
    tracks->count = 0;
}
