/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* log.h - what the harness does, a line each: "0.123 info lab 5 nodes up in 7 ms".
 *
 * Lines go to the log file of the run once there is one, and from level warning on (with -v: all)
 * to standard error. A warning is something that a person should act on. Safe from any thread.
 */
#ifndef ORDEAL_BASE_LOG_H
#define ORDEAL_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* fd: the run's log, -1 for none; borrowed. `terminal_level`: the least level shown on stderr. */
void log_to(int fd, enum log_level terminal_level);

/* Called before each line on standard error and after it, so that a progress line can make room.
 * NULL for none. */
void log_around(void (*before)(void), void (*after)(void));

void log_write(enum log_level level, const char *component, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)

#endif
