/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest.h - what a node's world changes on the host itself: packet rules and, where that
 * was asked for, its clock (host/host.h).
 *
 * An agent that is root on a host opens the host once it has its lodging; what an earlier one has
 * left is undone by that. In a lab, and for ordinary users, there is none.
 */
#ifndef ORDEAL_AGENT_GUEST_H
#define ORDEAL_AGENT_GUEST_H

#include "host/host.h"
#include "lodging.h"
#include "request.h"

/* Move in (lodging.h) and open the host, if we are root there: *host, or NULL. */
int guest_open(struct lodging *lodging, struct host **host, const char *folder,
               struct err *err) MUST_CHECK;

/* Undo all that was changed on the host, and remove the node's files. */
int guest_close(struct lodging *lodging, struct host *host, struct err *err) MUST_CHECK;

/* Put in force what is declared of the host, with `clock` its clock too; its part of the receipt.
 * `host` may be NULL. */
int guest_declare(struct host *host, const struct request *request, bool clock,
                  struct err *err) MUST_CHECK;
int guest_receipt(struct host *host, bool clock, struct buf *answer, struct err *err) MUST_CHECK;

/* `ordeal-agent --heal`: undo what agents have left, and say what that was; the exit
 * code. */
int guest_heal(const char *folder);

#endif
