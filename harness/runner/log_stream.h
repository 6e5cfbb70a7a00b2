/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log_stream.h - the logs of nodes on hosts, brought to the run's folder while they are written.
 *
 * A thread asks every node again and again what logs it has, and appends what is new to
 * FOLDER/<node>/<log>. What the node has dropped before it was brought (logs.h) is missing here
 * too, and the line that says so is there. A node that is lost keeps what was brought.
 */
#ifndef ORDEAL_RUNNER_LOG_STREAM_H
#define ORDEAL_RUNNER_LOG_STREAM_H

#include "../target.h"

struct log_stream;

int log_stream_start(struct log_stream **stream, const struct cluster *cluster, const char *folder,
                     struct err *err) MUST_CHECK;

/* Bring what is there by now, for at most some seconds, and end. NULL is nothing. */
void log_stream_stop(struct log_stream *stream);

#endif
