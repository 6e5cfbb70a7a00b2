/* SPDX-License-Identifier: GPL-2.0-or-later */
/* transport.h - how the controller reaches a node's agent: local, ssh; later docker, kubectl.
 *
 * One transport per file: harness/transports/NAME.c defines `const struct transport
 * transport_NAME`, and the build finds it by that name. A transport only carries bytes: it brings
 * up an agent on a place and gives its standard input and output as a descriptor. Who speaks over
 * it is agent/client.c.
 */
#ifndef ORDEAL_TRANSPORT_H
#define ORDEAL_TRANSPORT_H

#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct lab;
struct remote;

/* Where a node is. Local nodes are made by the lab; others are named by the user. */
struct place {
    const char *name;            /* "n1" */
    int index;                   /* from 0 */
    int node_count;              /* of the whole cluster */
    struct lab *lab;             /* local transport only, else NULL */
    const struct remote *remote; /* the others: which host */
    const char *ssh;             /* the ssh program, with options, words apart by spaces */
    bool host_clock;             /* declared clocks are the host's own */
    const char *log_dir;         /* absolute: the node's folder in the run's, which exists */
};

struct connection {
    int fd;           /* both directions; closing it ends the agent, which heals and stops first */
    char address[64]; /* by which clients and other nodes reach the node */
    unsigned needs;   /* enum need: what the agent is asked to provide; 0 from connect() */
    pid_t carrier;    /* the process that carries it and ends with it, to be waited for; 0: none */
    char controller[64]; /* the controller's address, as the node sees it; "" in a lab */
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
