/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network.h - the lab's wires: a bridge, or a switch of ours (switch.h), and a link to it for each
 * node.
 *
 * Nothing is left to be learnt: neighbours and the bridge's forwarding table are permanent, and no
 * interface has a link-local address. So a cut by address cuts everything, the first packet is as
 * fast as any, and no packet has to be flooded, which would count it more than once: so none is.
 */
#ifndef ORDEAL_LAB_NETWORK_H
#define ORDEAL_LAB_NETWORK_H

#include "../base/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* Loopback and bridge in the caller's network namespace, which has nothing yet, or what an earlier
 * lab left there: links go with the namespaces, and to delete them one by one takes the kernel
 * long. *ipv6 says whether the machine has the second family. */
int network_open(bool *ipv6, struct err *err) MUST_CHECK;

/* The same for a lab with a switch: no bridge, and no link yet for the controller. */
int network_open_switched(bool *ipv6, struct err *err) MUST_CHECK;

/* From the same namespace: a link for node `index` into the network namespace of process `pid`. */
int network_attach(int index, pid_t pid, bool ipv6, struct err *err) MUST_CHECK;

/* The same from the switch's namespace, for a node or the controller (CLIENTS). The first call is
 * preceded by one of network_silence(): links there speak nothing of their own. */
int network_silence(struct err *err) MUST_CHECK;
int network_attach_switched(int place, pid_t pid, struct err *err) MUST_CHECK;

/* From the place's own namespace, once it is attached: addresses and all neighbours there will be,
 * until it could send. `switched`: it sends what would be on a wire, checksums made and nothing
 * longer than its link takes. */
int network_join(int place, int node_count, bool ipv6, bool switched, struct err *err) MUST_CHECK;

/* From the lab's namespace again: until the node's packets would pass the bridge. */
int network_await(int index, struct err *err) MUST_CHECK;

/* From the namespace in which the place's link ends: its number, until it carries packets. */
int network_port(int place);
int network_await_port(int place, struct err *err) MUST_CHECK;

#endif
