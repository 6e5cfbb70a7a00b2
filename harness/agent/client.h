/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.h - the controller's end of the agent protocol: makes a struct node out of a connection.
 *
 * One reader thread per node completes the calls that wait and keeps the events. Requests carry an
 * id, several may be open. The protocol is described in PROTOCOL.md.
 */
#ifndef ORDEAL_AGENT_CLIENT_H
#define ORDEAL_AGENT_CLIENT_H

#include "../base/err.h"
#include "../node.h"
#include "../transport.h"
#include "../world.h"

/* Say hello over `connection` (whose descriptor the node takes over, also on failure) and start the
 * reader. Fails on another protocol version. Starts the pings too: an agent that hears none for 5 s
 * heals and stops. */
int node_open(struct node **node, const char *name, int index, const struct connection *connection,
              struct err *err) MUST_CHECK;

/* Say bye and close; the agent heals and stops everything. Calls still open fail. */
void node_close(struct node *node);

/* Declare the node's world (its process state; on remote hosts its packet rules too) and wait until
 * it is in force or failed; fills the receipt. */
int node_world(struct node *node, const struct world *world, struct receipt *receipt,
               struct err *err) MUST_CHECK;

/* The receipt now. */
int node_receipt(struct node *node, struct receipt *receipt, struct err *err) MUST_CHECK;

/* Whether the connection to the agent is gone; `why` (256 bytes) says how. */
bool node_lost(struct node *node, char why[256]);

/* The agent's abilities as hello gave them, a space-separated list; lives as long as the node. */
const char *node_abilities(const struct node *node);

#endif
