/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sockets.h - sockets in the network namespaces of a lab's nodes, for tests and measurements. */
#ifndef ORDEAL_TESTS_LIB_SOCKETS_H
#define ORDEAL_TESTS_LIB_SOCKETS_H

#include "../../harness/lab/lab.h"

#include <sys/socket.h>

/* Address and port of a place. */
socklen_t sockets_address(int place, int family, int port, struct sockaddr_storage *storage);

/* A socket that is in that node's namespace (CLIENTS: the controller's) for good, not blocking; -1
 * if there is none. */
int sockets_open(const struct lab *lab, int place, int family, int type);

/* The same, bound to the place's address. */
int sockets_bind(const struct lab *lab, int place, int family, int type, int port);

/* A TCP connection from one place to another's listener. ends[0] is at `from`. */
int sockets_connect(const struct lab *lab, int from, int to, int family, int port, int listener,
                    int ends[2]);

#endif
