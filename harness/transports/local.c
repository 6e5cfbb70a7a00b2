/* SPDX-License-Identifier: GPL-2.0-or-later */
/* local.c - nodes in the lab of this machine: the lab makes the node and starts its agent. */
#include "../lab/lab.h"
#include "../transport.h"

#include <errno.h>
#include <stdio.h>

static int connect_local(const struct place *place, struct connection *connection, struct err *err)
{
    if (!place->lab)
        return err_set(err, EINVAL, "no lab for local node '%s'", place->name);
    if (lab_add_node(place->lab, place->index, place->node_count, place->name, &connection->fd,
                     err))
        return -1;
    (void)snprintf(connection->address, sizeof connection->address, "%s",
                   lab_node_address(place->lab, place->index));
    return 0;
}

const struct transport transport_local = {
    .name = "local",
    .about = "private namespaces on this machine",
    .connect = connect_local,
};
