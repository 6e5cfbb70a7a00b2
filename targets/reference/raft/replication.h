/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replication.h - the leader's log comes to the followers: sections 5.3, 5.4, 7 and 8. */
#ifndef ORDEAL_REFERENCE_RAFT_REPLICATION_H
#define ORDEAL_REFERENCE_RAFT_REPLICATION_H

#include "../runtime/protocol.h"

/* Leaders, timers: what came together is synced and sent together; heartbeats. */
void replication_flush(struct self *self, void *context);
void replication_heartbeat(struct self *self, void *context);

/* Leaders: a request, sent by the node that a client has asked; the answer to both AppendEntries
 * and InstallSnapshot. */
void replication_on_request(struct self *self, const struct message *message);
void replication_on_appended(struct self *self, const struct message *message);

/* Followers: AppendEntries (figure 2), InstallSnapshot (figure 13). */
void replication_on_append(struct self *self, const struct message *message);
void replication_on_snapshot(struct self *self, const struct message *message);

#endif
