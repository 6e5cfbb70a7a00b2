/* SPDX-License-Identifier: GPL-2.0-or-later */
/* remote.h - hosts that the user names in a file, one a line, for nodes to live on.
 *
 *     # three machines of ours
 *     root@db1.example.org
 *     root@10.0.0.12:2222
 *     db3                      # whatever ~/.ssh/config says of it
 *
 * All else that there is to say of a host (identity files, jump hosts, another name) is for
 * ~/.ssh/config, which the `ssh` program reads.
 */
#ifndef ORDEAL_REMOTE_H
#define ORDEAL_REMOTE_H

#include "base/err.h"
#include "base/str.h"
#include "world.h"

enum { REMOTE_USER_BYTES = 64, REMOTE_NAME_BYTES = 256 };

struct remote {
    char user[REMOTE_USER_BYTES]; /* "": as ssh decides */
    char name[REMOTE_NAME_BYTES]; /* a name or an IPv4 address; never begins with '-' */
    int port;                     /* 0: as ssh decides */
};

struct remotes {
    struct remote all[NODES_MAX];
    int count; /* at least 1, once read */
};

/* "[user@]host[:port]" */
int remote_read(struct str text, struct remote *remote, struct err *err) MUST_CHECK;

/* The text of a whole file. -1 with the number of the line that is wrong, or that two name the same
 * host. `path` is for the message only. */
int remotes_read(struct remotes *remotes, struct str text, const char *path,
                 struct err *err) MUST_CHECK;

/* The same from the file. */
int remotes_open(struct remotes *remotes, const char *path, struct err *err) MUST_CHECK;

enum { REMOTE_TEXT_BYTES = REMOTE_USER_BYTES + REMOTE_NAME_BYTES + 8 };

/* As it would stand in the file. */
const char *remote_text(const struct remote *remote, char text[REMOTE_TEXT_BYTES]);

#endif
