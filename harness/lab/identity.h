/* SPDX-License-Identifier: GPL-2.0-or-later */
/* identity.h - who is who in a new user namespace: the maps of user and group ids. */
#ifndef ORDEAL_LAB_IDENTITY_H
#define ORDEAL_LAB_IDENTITY_H

#include "../base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* The lab of an ordinary user: its root is the caller, so that what it writes is the caller's. If
 * /etc/subuid grants the caller more ids and newuidmap is there, they become 1, 2, ... */
int identity_map_to_caller(pid_t pid, struct err *err) MUST_CHECK;

/* A node in the lab of root: every id is itself but 0, which is an id that owns nothing. So the
 * node's root rules over the node and its processes can be anyone, but on the machine it is a
 * stranger: what only root may write, read or mount there is refused by the kernel. */
int identity_map_to_stranger(pid_t pid, struct err *err) MUST_CHECK;

/* In a process mapped that way: from somebody without an id to root. */
int identity_become_root(struct err *err) MUST_CHECK;

/* That id, as the caller sees it; the same for users and groups. 0 if the caller's own user
 * namespace has no id to spare (then its root is not the machine's either). */
uint32_t identity_stranger(void);

#endif
