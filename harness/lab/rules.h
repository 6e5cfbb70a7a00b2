/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h - who does not hear whom, as packet rules of the lab.
 *
 * Cuts are made where all packets pass: at the bridge, in the lab's network namespace, for the
 * whole cluster at once. Node to node is FORWARD there, controller to node OUTPUT, node to
 * controller INPUT. Each ordered pair that was ever cut has a chain of its own with one rule, DROP;
 * a cut is a jump to it. Healing takes the jump away and leaves the chain, so that its counter is
 * the number of packets dropped between the two for as long as the lab lives, and none is missed.
 *
 * The lab carries what most clouds carry: unicast between its own addresses. Broadcast, multicast
 * and frames to unknown hardware addresses pass at no time: the bridge floods nothing (network.h).
 * Packets with other addresses (link-local, made up), for which a node's root would have to say by
 * hand where they go, do not pass while anything is cut. What is not caught: a node that takes
 * another's address, and such unicast frames that carry no IP (ARP, VLAN tags).
 *
 * While nothing is cut, bridged packets are not shown to the rules: that would double what the
 * bridge costs (docs/nemeses.md). Many do not even come to the bridge then (shortcut.h).
 *
 * Where the kernel does not filter at bridges, the same rules stand at the receivers, in INPUT of
 * each node's namespace: then a declaration takes a commit per node, one after another, and root
 * on a node could meddle with its own.
 */
#ifndef ORDEAL_LAB_RULES_H
#define ORDEAL_LAB_RULES_H

#include "../base/err.h"
#include "../world.h"

#include <stdbool.h>

struct rules;

/* In the lab's network namespace: the healthy world. */
int rules_open(struct rules **rules, bool ipv6, bool at_nodes, struct err *err) MUST_CHECK;

/* Rules at node `index` will be in this network namespace (borrowed). */
int rules_add_node(struct rules *rules, int index, int network, struct err *err) MUST_CHECK;

int rules_apply(struct rules *rules, const struct world *world, struct err *err) MUST_CHECK;

/* As lab_receipt(). */
int rules_read(struct rules *rules, struct receipt *receipt, uint64_t *between,
               struct err *err) MUST_CHECK;

void rules_close(struct rules *rules);

#endif
