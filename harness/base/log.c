/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
#include "log.h"

#include "clock.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct {
    pthread_mutex_t lock;
    int fd;
    enum log_level terminal_level;
    int64_t start_ns;
    void (*before)(void);
    void (*after)(void);
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = -1, .terminal_level = LOG_WARNING};

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_to(int fd, enum log_level terminal_level)
{
    pthread_mutex_lock(&sink.lock);
    sink.fd = fd;
    sink.terminal_level = terminal_level;
    if (sink.start_ns == 0)
        sink.start_ns = clock_now_ns();
    pthread_mutex_unlock(&sink.lock);
}

void log_around(void (*before)(void), void (*after)(void))
{
    pthread_mutex_lock(&sink.lock);
    sink.before = before;
    sink.after = after;
    pthread_mutex_unlock(&sink.lock);
}

void log_write(enum log_level level, const char *component, const char *fmt, ...)
{
    char line[2048];
    va_list args;

    pthread_mutex_lock(&sink.lock);
    double seconds = sink.start_ns ? (double)(clock_now_ns() - sink.start_ns) / 1e9 : 0.0;
    int head = snprintf(line, sizeof line, "%.3f %s %s ", seconds, level_names[level], component);
    va_start(args, fmt);
    (void)vsnprintf(line + head, sizeof line - (size_t)head - 1, fmt, args);
    va_end(args);
    size_t len = strlen(line);
    line[len++] = '\n';
    if (sink.fd >= 0)
        (void)!write(sink.fd, line, len); /* a log that cannot be written must not end the run */
    if (level >= sink.terminal_level) {
        if (sink.before)
            sink.before();
        (void)!write(STDERR_FILENO, "ordeal: ", 8);
        (void)!write(STDERR_FILENO, line + head, len - (size_t)head);
        if (sink.after)
            sink.after();
    }
    pthread_mutex_unlock(&sink.lock);
}
