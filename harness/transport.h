/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transport.h - how the controller reaches a node's agent: local, later ssh, docker, kubectl.
 *
 * One transport per file: harness/transports/NAME.c defines `const struct transport
 * transport_NAME`, and the build finds it by that name. A transport only carries bytes: it brings
 * up an agent on a place and gives its standard input and output as a descriptor. Who speaks over
 * it is agent/client.c.
 */
#ifndef ORDEAL_TRANSPORT_H
#define ORDEAL_TRANSPORT_H

#include "base/err.h"

struct lab;

/* Where a node is. Local nodes are made by the lab; others are named by the user. */
struct place {
    const char *name; /* "n1", or the host's name */
    int index;        /* from 0 */
    int node_count;   /* of the whole cluster */
    struct lab *lab;  /* local transport only, else NULL */
};

struct connection {
    int fd;           /* both directions; closing it ends the agent, which heals and stops first */
    char address[64]; /* by which clients and other nodes reach the node */
    unsigned needs;   /* enum need: what the agent is asked to provide; 0 from connect() */
};

struct transport {
    const char *name;
    const char *about; /* one line, for `list` */

    /* Bring up an agent there. MUST be set. The caller closes connection->fd. */
    int (*connect)(const struct place *place, struct connection *connection, struct err *err);
};

/* Generated from the files in harness/transports/: sorted by name, NULL-terminated. */
extern const struct transport *const transports[];

#endif
