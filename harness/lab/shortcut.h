/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shortcut.h - from node to node past the bridge, while nothing is cut.
 *
 * A packet that takes the bridge crosses two links, and the kernel queues it at each crossing: a
 * tenth of what two nodes can copy (docs/nemeses.md). So the lab's end of each node's link has a
 * BPF program that hands what is addressed to another node straight to that node's own end, in the
 * same pass: bpf_redirect_peer(). What is addressed to the controller, to everybody or to nobody
 * goes to the bridge as ever, which lets pass just what it did before.
 *
 * All programs read one word of memory shared with the controller, the nodes that may be reached.
 * It is emptied before the rules of a cut are committed and filled after they are gone. Once it is
 * empty every packet is the bridge's and its rules'; what left its sender before may still arrive,
 * as may what the bridge had passed on.
 *
 * It takes root, since nobody else may load BPF, and a kernel that has it, its clsact and its
 * filter (5.10). Without them all goes over the bridge, and nothing but the time it takes differs.
 * Programs and memory go with the links, these with the lab.
 */
#ifndef ORDEAL_LAB_SHORTCUT_H
#define ORDEAL_LAB_SHORTCUT_H

#include "../base/err.h"
#include "../world.h"

#include <stdbool.h>

struct shortcut;

/* In the lab's network namespace; open to the nodes that will be added. Fails where the machine
 * does not allow it: *shortcut is NULL then, which all that follows take for one without nodes. */
int shortcut_make(struct shortcut **shortcut, struct err *err) MUST_CHECK;

/* From the same namespace: node `index` sends by it and is reached by it, once its link carries
 * packets. If this fails the node is reached over the bridge alone. Safe from several threads. */
int shortcut_add(struct shortcut *shortcut, int index, struct err *err) MUST_CHECK;

/* On return of shortcut_shut() no packet that a node sends takes it. */
void shortcut_shut(struct shortcut *shortcut);
void shortcut_open(struct shortcut *shortcut);

/* Whether packets from any node to node `index` take it now. */
bool shortcut_reaches(const struct shortcut *shortcut, int index);

void shortcut_free(struct shortcut *shortcut);

#endif
