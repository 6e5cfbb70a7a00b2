/* SPDX-License-Identifier: GPL-2.0-or-later */
/* node.h - a machine of the cluster as targets and the runner see it: a name, an address, and an
 * agent that starts processes and writes files there. Implemented over the agent protocol
 * (agent/PROTOCOL.md), whichever transport carries it. All calls are safe from any thread; several
 * may be under way on one node.
 *
 * Everything a target writes on a node is under /node: /node/data (bounded, survives kills and dies
 * with the run), /node/conf, /node/log (kept in the run's folder). /node/bin holds Ordeal's own
 * programs; fetched packages are on the PATH (on hosts: what is installed there). A kill empties
 * /run and /tmp.
 */
#ifndef ORDEAL_NODE_H
#define ORDEAL_NODE_H

#include "base/buf.h"
#include "base/err.h"
#include "world.h"

struct node;

enum { NODE_HOW_MAX = 160, NODE_LOG_BYTES = 80 };

const char *node_name(const struct node *node); /* "n1" */
int node_index(const struct node *node);        /* from 0 */
const char *
node_address(const struct node *node); /* IPv4, as text; reachable from clients and nodes */

/* A process of the system under test. */
struct process_spec {
    const char *name;        /* its log is /node/log/<name>.log; restarted under the same name */
    const char *const *argv; /* NULL-terminated; argv[0] is looked up on the node's PATH */
    const char *const *env;  /* NULL-terminated "NAME=value", added to PATH HOME LANG TZ; or NULL */
    const char *cwd;         /* NULL: /node/data */
    const char *user;        /* NULL: root of the node */
};

/* Start a process; the agent remembers the spec and starts it again when a kill is healed. 0 once
 * exec has succeeded. */
int node_start(struct node *node, const struct process_spec *spec, struct err *err) MUST_CHECK;

/* Ask it to end (SIGTERM), wait up to timeout_ms, then SIGKILL. It is not started again. */
int node_stop(struct node *node, const char *name, int timeout_ms, struct err *err) MUST_CHECK;

/* Run a command to its end. `input` may be empty. *status is its exit status, 128+signal if it was
 * killed; `output` and `errors` (initialised by the caller, or NULL) get up to 64 KiB each. */
int node_run(struct node *node, const char *const *argv, struct str input, int timeout_ms,
             int *status, struct buf *output, struct buf *errors, struct err *err) MUST_CHECK;

/* Create or replace a file, with its directories; mode as for chmod. */
int node_put(struct node *node, const char *path, struct str content, unsigned mode,
             struct err *err) MUST_CHECK;

/* Append to `content` the file's bytes from `offset`, at most 256 KiB; 0 bytes at the end. */
int node_get(struct node *node, const char *path, int64_t offset, struct buf *content,
             struct err *err) MUST_CHECK;

/* A file of /node/log. */
struct node_log {
    char name[NODE_LOG_BYTES];
    int64_t begins, size; /* of its text: what was over the limit is dropped from the front */
};

/* The first `max` of them. */
int node_logs(struct node *node, struct node_log *logs, int max, int *count,
              struct err *err) MUST_CHECK;

/* Whether a started process has ended by itself (not by a kill of ours) since the last call that
 * said so: `name`, or any if it is NULL. Fills `how`: "'etcd' exited with status 1" and the like.
 */
bool node_process_ended(struct node *node, const char *name, char how[NODE_HOW_MAX]);

#endif
