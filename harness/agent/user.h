/* SPDX-License-Identifier: GPL-2.0-or-later */
/* user.h - running a process as another user, also where only one id exists.
 *
 * A lab made by an ordinary user has one id in its user namespace, root. Systems that refuse to run
 * as root (PostgreSQL) then get a nested user namespace in which that same id has the wished-for
 * number; everything that the node owns is theirs in there.
 */
#ifndef ORDEAL_AGENT_USER_H
#define ORDEAL_AGENT_USER_H

#include "../base/err.h"

#include <stdbool.h>
#include <sys/types.h>

enum { GROUPS_MAX = 64 };

struct user {
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    int group_count;
    char home[256];
    bool nested; /* its id is not mapped here: it gets a user namespace of its own */
};

/* Look up in /etc/passwd and /etc/group: the agent is static and cannot ask name services. */
int user_find(const char *name, struct user *user, struct err *err) MUST_CHECK;

/* Whether several ids exist here. */
bool user_ids_are_mapped(void);

/* Make /node/data and /node/conf, with all in them, and the folder /node/log the user's. */
int user_own_node(const struct user *user, struct err *err) MUST_CHECK;

/* In the child, before exec; for root nothing happens. -1 with errno. */
int user_become(const struct user *user);

#endif
