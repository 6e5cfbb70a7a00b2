/* SPDX-License-Identifier: GPL-2.0-or-later */
/* launcher.h - what the rest of the lab must know of how it was launched. */
#ifndef ORDEAL_LAB_LAUNCHER_H
#define ORDEAL_LAB_LAUNCHER_H

#include <stdbool.h>

/* Whether this process is a lab's controller (or its child). Outside, nothing may be made: it would
 * be made on the machine. */
bool launcher_is_inside(void);

/* Whether the lab has a user namespace of its own, so that its root is an ordinary user's; else its
 * root is the caller's, and the machine's if that was root. */
bool launcher_made_users(void);

#endif
