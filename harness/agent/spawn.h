/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spawn.h - a command as a process in the box: right user, environment, descriptors, and the truth
 * about whether its program runs. */
#ifndef ORDEAL_AGENT_SPAWN_H
#define ORDEAL_AGENT_SPAWN_H

#include "box.h"
#include "request.h"

/* Start `command` in the box (which is opened if need be) with the descriptors given as its
 * standard ones. 0 once exec has succeeded, with *pid, a child of the agent that leads a session of
 * its own; else -1 with where it failed. What exec replaced is nothing of the agent's: signals are
 * at their defaults, the environment is PATH HOME LANG TZ and the command's own. */
int spawn(struct box *box, const struct command *command, const int fds[3], pid_t *pid,
          struct err *err) MUST_CHECK;

#endif
