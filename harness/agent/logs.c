/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "logs.h"

#include "../base/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FOLDER "/node/log"

#define NOTICE "ordeal: dropped what was printed before here"

enum { BLOCK_BYTES = 4096 };

int logs_open(const char *file, struct err *err)
{
    char path[sizeof FOLDER + NAME_MAX + 1];

    (void)snprintf(path, sizeof path, "%s/%.200s", FOLDER, file);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
    if (fd < 0)
        return err_errno(err, errno, "cannot open '%s'", path);
    struct stat st;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    (void)close(fd);
    return err_set(err, EINVAL, "'%s' is not a regular file", path);
}

void logs_stamp(int fd, const char *fmt, ...)
{
    char line[512], what[400], time_text[40];
    struct tm tm;
    va_list args;
    int64_t now_ns = clock_wall_ns();
    time_t seconds = (time_t)(now_ns / NS_PER_SEC);

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    (void)gmtime_r(&seconds, &tm);
    (void)strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &tm);
    int len = snprintf(line, sizeof line, "ordeal: %s, %s.%03dZ\n", what, time_text,
                       (int)(now_ns % NS_PER_SEC / NS_PER_MS));
    (void)!write(fd, line, (size_t)len); /* a full disk must not keep a process from starting */
}

/* Call `visit` with every regular file of the folder, opened for reading and writing. */
static void each_log(void (*visit)(void *context, const char *file, int fd, const struct stat *st),
                     void *context)
{
    DIR *dir = opendir(FOLDER);

    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct stat st;
        if (entry->d_name[0] == '.')
            continue;
        int fd = openat(dirfd(dir), entry->d_name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
            visit(context, entry->d_name, fd, &st);
        (void)close(fd);
    }
    (void)closedir(dir);
}

struct bound {
    int64_t total_bytes, longest_bytes;
    char longest[NAME_MAX + 1];
};

static int64_t held_bytes(const struct stat *st)
{
    return (int64_t)st->st_blocks * 512;
}

static void measure(void *context, const char *file, int fd, const struct stat *st)
{
    struct bound *bound = context;

    (void)fd;
    bound->total_bytes += held_bytes(st);
    if (held_bytes(st) > bound->longest_bytes) {
        bound->longest_bytes = held_bytes(st);
        (void)snprintf(bound->longest, sizeof bound->longest, "%s", file);
    }
}

/* Drop the first `excess_bytes` of what the file still holds: where it begins then, or -1. */
static int64_t drop_front(int fd, int64_t excess_bytes)
{
    char notice[128];
    off_t first = lseek(fd, 0, SEEK_DATA);
    off_t size = lseek(fd, 0, SEEK_END);

    if (first < 0 || size < 0)
        return -1;
    off_t until = (first + excess_bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    if (until + BLOCK_BYTES > size)
        return -1;
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, until)) {
        /* A file system that cannot: better a short log than a full disk. */
        if (ftruncate(fd, 0))
            return -1;
        until = 0;
    }
    int len =
        snprintf(notice, sizeof notice, NOTICE ", %lld bytes\n", (long long)(until ? until : size));
    (void)!pwrite(fd, notice, (size_t)len, until);
    return until ? until : size;
}

void logs_bound(int64_t limit_bytes,
                void (*dropped)(void *context, const char *file, int64_t until), void *context)
{
    struct bound bound = {0};

    each_log(measure, &bound);
    if (bound.total_bytes <= limit_bytes)
        return;
    /* Down to three quarters, so that there is peace for a while. One file a turn is enough, and it
     * keeps its end. */
    int64_t excess_bytes = bound.total_bytes - limit_bytes / 4 * 3;
    int64_t most_bytes = bound.longest_bytes - limit_bytes / 64;
    if (excess_bytes > most_bytes)
        excess_bytes = most_bytes;
    char path[sizeof FOLDER + NAME_MAX + 1];
    (void)snprintf(path, sizeof path, "%s/%.255s", FOLDER, bound.longest);
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    int64_t until = drop_front(fd, excess_bytes);
    (void)close(fd);
    if (until >= 0)
        dropped(context, bound.longest, until);
}

struct list {
    void (*tell)(void *context, const char *file, int64_t begins, int64_t size);
    void *context;
};

static void list(void *context, const char *file, int fd, const struct stat *st)
{
    const struct list *list = context;
    off_t begins = lseek(fd, 0, SEEK_DATA);

    list->tell(list->context, file, begins < 0 ? st->st_size : begins, st->st_size);
}

void logs_list(void (*tell)(void *context, const char *file, int64_t begins, int64_t size),
               void *context)
{
    each_log(list, &(struct list){tell, context});
}

/* Move the data to the file's beginning, if the hole before it is ours. */
static void close_up(void *context, const char *file, int fd, const struct stat *st)
{
    static char chunk[1 << 16];
    off_t from = lseek(fd, 0, SEEK_DATA);
    off_t to = 0;

    (void)context;
    (void)file;
    (void)st;
    if (from <= 0 || pread(fd, chunk, sizeof NOTICE - 1, from) != sizeof NOTICE - 1 ||
        memcmp(chunk, NOTICE, sizeof NOTICE - 1) != 0)
        return;
    for (ssize_t got; (got = pread(fd, chunk, sizeof chunk, from)) > 0;) {
        if (pwrite(fd, chunk, (size_t)got, to) != got)
            return;
        from += got;
        to += got;
    }
    (void)!ftruncate(fd, to);
}

void logs_close_up(void)
{
    each_log(close_up, NULL);
}
