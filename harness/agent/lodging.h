/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lodging.h - a node's place on somebody's host, which has no /node.
 *
 * All that is Ordeal's there lies below one folder: FOLDER/bin/<version> the programs that were
 * brought (and stay), FOLDER/node the node's files (which go with the agent, or with the next one's
 * start if it was killed), FOLDER/lock. The agent enters a mount namespace whose root is the host's
 * folders as they are, and FOLDER/node as /node: nothing is mounted that the host could see, and
 * the kernel removes it all with its last process. One who is not root does so in a user namespace.
 * What it does not claim: the system under test shares the host's files, users and network; it is
 * kept apart from its processes only.
 */
#ifndef ORDEAL_AGENT_LODGING_H
#define ORDEAL_AGENT_LODGING_H

#include "../base/err.h"

#include <limits.h>
#include <stdbool.h>

struct lodging {
    char folder[PATH_MAX]; /* "": none */
    int lock;              /* held by one agent at a time, while it lives */
    bool entered;          /* the mount namespace */
};

/* Move in: `folder` is an absolute path, the running program's own folder becomes /node/bin.
 * Standard error is /node/log/agent.log from then on. Waits for another agent that is about to end.
 * After a failure, close it all the same. */
int lodging_open(struct lodging *lodging, const char *folder, struct err *err) MUST_CHECK;

/* Remove the files of a node whose agent died. *removed is whether there were any. */
int lodging_clear(const char *folder, bool *removed, struct err *err) MUST_CHECK;

/* Remove the node's files; no process of it may be left. */
int lodging_close(struct lodging *lodging, struct err *err) MUST_CHECK;

#endif
