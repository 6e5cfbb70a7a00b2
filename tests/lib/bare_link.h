/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bare_link.h - a link between the lab's first two nodes with nothing in between, beside the lab's
 * own wires: what these cost is measured against it.
 *
 * It is a veth pair as each node's own link is, of the same features and MTU. Its ends have the
 * addresses of places that no lab in a measurement has.
 */
#ifndef ORDEAL_TESTS_LIB_BARE_LINK_H
#define ORDEAL_TESTS_LIB_BARE_LINK_H

#include "../../harness/lab/lab.h"

/* The place of the first node's end; the second's is the one after. */
enum { BARE_PLACE = 60 };

int bare_link_lay(const struct lab *lab, struct err *err);

/* A socket of node 0 or 1, not blocking, bound to the address of `place`: the node's own, or that
 * of its end of the bare link. -1 if there is none. */
int bare_link_socket(const struct lab *lab, int node, int place, int type, int port);

/* A TCP connection from node 0 to whatever listens to `port` at node 1, by way of the places that
 * start at `first_place`: 0 or BARE_PLACE. Not blocking; -1 if it is refused. */
int bare_link_connect(const struct lab *lab, int first_place, int port);

#endif
