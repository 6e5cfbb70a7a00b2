/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ssh.c - nodes on hosts of the user's: the `ssh` program carries the bytes. */
#include "../ssh.h"
#include "../transport.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static int connect_ssh(const struct place *place, struct connection *connection, struct err *err)
{
    struct ssh_call call = {.remote = place->remote,
                            .command = place->ssh,
                            .action = SSH_SERVE,
                            .host_clock = place->host_clock};
    struct ssh_session session;
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/" SSH_LOG, place->log_dir);
    call.said_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (call.said_fd < 0)
        return err_errno(err, errno, "cannot write '%s'", path);
    int result = ssh_open(&session, &call, err);
    (void)close(call.said_fd);
    if (result < 0)
        return -1;
    *connection = (struct connection){.fd = session.fd, .carrier = session.pid};
    (void)snprintf(connection->address, sizeof connection->address, "%s", session.here);
    (void)snprintf(connection->controller, sizeof connection->controller, "%s", session.there);
    return 0;
}

const struct transport transport_ssh = {
    .name = "ssh",
    .about = "hosts that a file names, reached by the ssh program",
    .connect = connect_ssh,
};
