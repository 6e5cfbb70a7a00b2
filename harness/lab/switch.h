/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.h - the lab's wires when packets must be delayed, lost or damaged: a switch of our own
 * instead of the kernel's bridge.
 *
 * Each place's link ends in a network namespace that has no addresses and in which nobody is but
 * the switch: a thread of the controller, with a packet socket at each end. So whatever a node
 * sends, it goes nowhere but through the switch. Nodes send what would be on a wire: segmented,
 * with checksums. No device or module is needed (ARCHITECTURE.md compares the ways).
 */
#ifndef ORDEAL_LAB_SWITCH_H
#define ORDEAL_LAB_SWITCH_H

#include "../base/err.h"
#include "../world.h"

#include <stdbool.h>

struct lab_switch;

/* In the lab's network namespace: the namespace of the switch, the controller's link, the thread.
 * network_open() was called. */
int switch_open(struct lab_switch **made, bool ipv6, struct err *err) MUST_CHECK;

/* The switch's network namespace, in which nodes' links are made (network_attach); borrowed. */
int switch_network(const struct lab_switch *it);

/* Node `index` has been attached and has joined: its packets pass when this returns. Safe from
 * several threads. */
int switch_add_node(struct lab_switch *it, int index, struct err *err) MUST_CHECK;

/* What was sent before the call is judged by the old world, what is sent after it by the new. */
int switch_apply(struct lab_switch *it, const struct world *world, struct err *err) MUST_CHECK;

/* Rules in force and counters up to now. `between` (as in lab_receipt()) and `links`: PLACES_MAX *
 * PLACES_MAX of them, or NULL. */
void switch_read(struct lab_switch *it, struct receipt *receipt, uint64_t *between,
                 struct link_effects *links);

/* NULL is allowed. */
void switch_close(struct lab_switch *it);

#endif
