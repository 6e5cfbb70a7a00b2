/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logs.h - /node/log: what the system prints, kept readable and within bounds.
 *
 * A process has its log open for appending and writes it itself: nothing pumps, so nothing is held
 * up or lost when agent or process dies. What is over the limit is given back to the file system by
 * punching a hole at the front of the longest file. That works under any writer's hands, and keeps
 * offsets: a byte's place in the file is its place in everything that was ever printed. Where the
 * hole ends, a line says how much was dropped. At the end, when nobody writes any more, the holes
 * are closed up, so that what is kept with the run is plain text.
 */
#ifndef ORDEAL_AGENT_LOGS_H
#define ORDEAL_AGENT_LOGS_H

#include "../base/err.h"

#include <stdint.h>

enum { LOG_LIMIT_BYTES = 64 << 20, LOG_INTERVAL_MS = 250 };

/* Open /node/log/<file> for appending, to be closed by the caller; -1 with *err. */
int logs_open(const char *file, struct err *err) MUST_CHECK;

/* Append "ordeal: <text>, <UTC time>" as a line. */
void logs_stamp(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Drop what is over the limit; tells of each file that lost something, and up to which offset. */
void logs_bound(int64_t limit_bytes,
                void (*dropped)(void *context, const char *file, int64_t until), void *context);

/* Tell of each log where its text begins and where it ends. */
void logs_list(void (*tell)(void *context, const char *file, int64_t begins, int64_t size),
               void *context);

/* Close up the holes. Only when no process writes any more. */
void logs_close_up(void);

#endif
