/* SPDX-License-Identifier: GPL-2.0-or-later */
/* root.h - a node's file system, assembled from the machine's and written to by nobody else.
 *
 * A tmpfs with each top-level folder of the machine as an overlay of its own: the node sees what is
 * installed, and what it writes stays in its memory. A folder with mounts below, or one that the
 * kernel will not overlay, is there read-only. /dev /proc /sys /tmp /run /var/tmp are the node's
 * own. Ordeal's and the targets' files are under /node. (One overlay of "/" is refused in a user
 * namespace, and there, as on the nodes of a lab of root, system folders cannot be written below
 * their first level: their files belong to somebody whom the namespace does not know.)
 */
#ifndef ORDEAL_LAB_ROOT_H
#define ORDEAL_LAB_ROOT_H

#include "../base/err.h"
#include "sources.h"

#include <stdbool.h>
#include <stddef.h>

/* The machine's top level: read once, used by every node. */
struct skeleton;

int skeleton_read(struct skeleton **skeleton, struct err *err) MUST_CHECK;
void skeleton_free(struct skeleton *skeleton);

struct root {
    const struct skeleton *skeleton;
    const struct sources *sources;
    const char *hosts;    /* text of /etc/hosts */
    const char *hostname; /* text of /etc/hostname */
    size_t data_limit_bytes;
    bool want_fuse;
};

/* Assemble it and make it the root of the caller, who is alone in its mount namespace and rules
 * over its user namespace. There is no way back. */
int root_enter(const struct root *root, struct err *err) MUST_CHECK;

#endif
