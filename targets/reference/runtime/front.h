/* SPDX-License-Identifier: GPL-2.0-or-later */
/* front.h - how a node serves its clients where another node leads.
 *
 * Each client's request has a number in the client's own session (its "session" and "number"), or
 * gets one in this node's, and travels to whoever leads as
 * {"type":"request","session","number","first","command"}; again after a while, and to the next
 * leader, until {"type":"answer","session","number","answer"} comes back. So it may arrive more
 * than once, and machine.h carries it out once. Without an answer in time the client hears
 * temporarily-unavailable if nobody was asked, which is definite, and else that the outcome is
 * unknown.
 */
#ifndef ORDEAL_REFERENCE_FRONT_H
#define ORDEAL_REFERENCE_FRONT_H

#include "protocol.h"

struct front;

/* `leader` tells whom to ask: a node, or -1 while none is known. In the protocol's `start`. */
struct front *front_new(struct self *self, int (*leader)(const struct self *self));

/* A client's request came. */
void front_take(struct front *front, const struct message *message);

/* An "answer" came. */
void front_finish(struct front *front, const struct message *message);

/* Requests carry this as "stamp" from now on: under which view or epoch the leader was chosen. */
void front_stamp(struct front *front, int64_t stamp);

/* There is another leader: ask it now. */
void front_resend(struct front *front);

/* At the leader: answer a request; `answer` is taken over, NULL is no answer. */
void front_reply(struct self *self, const json_t *request, json_t *answer);

#endif
