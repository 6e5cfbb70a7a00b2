/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh.h - the agent on a host, brought there and started by the `ssh` program.
 *
 * One call of ssh does it all: a small script on the host says by lines on standard output what it
 * lacks, takes it from standard input, and becomes the agent. Programs are kept on the host below
 * Ordeal's own folder (/var/lib/ordeal for root, ~/.ordeal for others) under a name made from their
 * content, so that the next run finds them. Nothing is ever asked of a person (BatchMode), and the
 * user's ssh configuration holds.
 */
#ifndef ORDEAL_SSH_H
#define ORDEAL_SSH_H

#include "base/err.h"
#include "remote.h"

#include <stdbool.h>
#include <sys/types.h>

#define SSH_COMMAND "ssh"
#define SSH_LOG "ssh.log" /* in a node's log folder: what ssh had to say */

enum ssh_action {
    SSH_SERVE, /* the agent serves its protocol, until the session is closed */
    SSH_HEAL,  /* it undoes what others have left on the host, says what that was, and ends */
};

struct ssh_call {
    const struct remote *remote;
    const char *command; /* the program and its options, words apart by spaces; NULL: SSH_COMMAND */
    int said_fd;         /* a file to read and write: gets what ssh prints on standard error */
    enum ssh_action action;
    bool host_clock; /* clocks that the agent is told to change are the host's own */
};

struct ssh_session {
    int fd;    /* both directions; when it is closed, what runs on the host ends */
    pid_t pid; /* of ssh, to be waited for */
    char here[64],
        there[64]; /* addresses of the host and of the controller, as the host has them */
};

/* Until the agent runs. -1 with one sentence, the last that ssh said in it, and nothing is left.
 * Safe from several threads. */
int ssh_open(struct ssh_session *session, const struct ssh_call *call, struct err *err) MUST_CHECK;

#endif
