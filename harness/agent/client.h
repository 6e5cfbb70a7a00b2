/* SPDX-License-Identifier: GPL-2.0-or-later */
/* client.h - the controller's end of the agent protocol: makes a struct node out of a connection.
 *
 * One thread per node reads its answers and events, sends the pings, and finishes sending what a
 * caller could not; callers only wait for their own answers, and never longer than their time-out.
 * Requests carry an id, several may be open. The protocol is described in PROTOCOL.md; what can be
 * asked of a node is in node.h.
 */
#ifndef ORDEAL_AGENT_CLIENT_H
#define ORDEAL_AGENT_CLIENT_H

#include "../base/err.h"
#include "../node.h"
#include "../transport.h"
#include "../world.h"
#include "clock_sample.h"

#include <jansson.h>

enum { NODE_ADDRESS_BYTES = 64 };

/* Say hello over `connection` (whose descriptor the node takes over, also on failure) and start the
 * thread. Fails on another protocol version. Starts the pings too: an agent that hears none for 5 s
 * heals and stops. */
int node_open(struct node **node, const char *name, int index, const struct connection *connection,
              struct err *err) MUST_CHECK;

/* Say bye and close; the agent heals and stops everything, and when this returns it has, unless it
 * was lost. Calls still open fail; no call may begin from now on. NULL is allowed. */
void node_close(struct node *node);

/* Declare the node's world (its process state; on remote hosts its packet rules too) and wait until
 * it is in force or failed; fills the receipt. */
int node_world(struct node *node, const struct world *world, struct receipt *receipt,
               struct err *err) MUST_CHECK;

/* Who lives where, for worlds in which the node's agent cuts links itself: addresses of all nodes,
 * and of the controller as this node sees it. Borrowed. Without it cuts are somebody else's. */
struct node_peers {
    char (*addresses)[NODE_ADDRESS_BYTES];
    int count;
    const char *controller;
};
void node_know(struct node *node, const struct node_peers *peers);
const struct node_peers *node_peers(const struct node *node); /* or NULL */

/* Packets dropped at the node so far, by place that they came from, or went to, as its last receipt
 * said. */
struct node_drops {
    uint64_t from[PLACES_MAX], to[PLACES_MAX];
};
void node_drops(struct node *node, struct node_drops *drops);
void client_set_drops(struct node *node, const struct node_drops *drops);

/* The receipt now. */
int node_receipt(struct node *node, struct receipt *receipt, struct err *err) MUST_CHECK;

/* Whether the connection to the agent is gone; `why` (256 bytes) says how. */
bool node_lost(struct node *node, char why[256]);

/* Who wants to know what processes on the node are told of the time (NEED_CLOCK); told by the
 * node's thread, from now until node_close() has returned. It must not call the node. */
typedef void clock_listener(void *context, const struct node *node,
                            const struct clock_sample *sample);
void node_hear_clock(struct node *node, clock_listener *listener, void *context);

/* The agent's abilities as hello gave them, a space-separated list; lives as long as the node. */
const char *node_abilities(const struct node *node);

enum { CALL_TIMEOUT_MS = 10000 }; /* of every request, beyond the time that it asks for itself */

/* A request under way: fill in its members with buf_json_*(), then client_call() it. */
struct buf client_request(const char *verb);

/* Send and wait for the answer, at most CALL_TIMEOUT_MS + extra_ms; releases the request. *answer
 * (the caller's to json_decref) is the agent's good answer. A refusal is -1 with the agent's
 * sentence and code; a lost agent -1 with "agent of 'n1' has gone: ...". */
int client_call(struct node *node, struct buf *request, int extra_ms, json_t **answer,
                struct err *err) MUST_CHECK;

/* Forget that the process has ended: it is about to be started. */
void client_forget_end(struct node *node, const char *process);

#endif
