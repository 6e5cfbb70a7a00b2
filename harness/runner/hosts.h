/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts.h - what nodes on hosts need beside what nodes of a lab do: what the target runs has to be
 * there, and their logs are brought here while they are written.
 */
#ifndef ORDEAL_RUNNER_HOSTS_H
#define ORDEAL_RUNNER_HOSTS_H

#include "../agent/client.h"
#include "../target.h"
#include "../transport.h"

struct log_stream;

struct hosts {
    char addresses[NODES_MAX][NODE_ADDRESS_BYTES];   /* of the nodes */
    char controllers[NODES_MAX][NODE_ADDRESS_BYTES]; /* of the controller, as that node sees it */
    struct log_stream *logs;                         /* or NULL */
};

/* Which of `test` cannot be done on hosts, in one sentence for the user. Needs no host. */
int hosts_check(const struct test *test, struct err *err) MUST_CHECK;

/* logs/<node> for each. */
int hosts_make_folders(const struct test *test, const char *logs, struct err *err) MUST_CHECK;

/* Node `index` has been connected. */
void hosts_note(struct hosts *hosts, int index, const struct connection *connection);

/* All nodes are there: look whether they can run the target, and begin to bring their logs. */
int hosts_open(struct hosts *hosts, struct cluster *cluster, const char *logs,
               struct err *err) MUST_CHECK;

/* Bring the rest of the logs. While the nodes are still open; harmless if nothing was opened. */
void hosts_close(struct hosts *hosts);

#endif
