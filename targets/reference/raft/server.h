/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.h - a raft server: its state, and the rules that it follows in every role (figure 2). */
#ifndef ORDEAL_REFERENCE_RAFT_SERVER_H
#define ORDEAL_REFERENCE_RAFT_SERVER_H

#include "../runtime/front.h"
#include "../runtime/machine.h"
#include "../runtime/protocol.h"
#include "log.h"

enum { NOBODY = -1, HEARTBEATS_PER_TIMEOUT = 6 };

enum role { FOLLOWER, CANDIDATE, LEADER };

/* What a leader knows of a server. */
struct peer {
    json_int_t next, match; /* nextIndex, matchIndex */
    json_int_t round;       /* the last one that it answered in this term */
    bool busy;              /* entries are on their way to it */
    bool voted;             /* for this candidate */
};

struct raft {
    /* Persistent state on all servers (figure 2). An entry is {"term", "request"}; request null
     * is the no-op of a new leader. */
    json_int_t term;
    int voted_for;
    struct log log;

    /* Volatile state on all servers. */
    enum role role;
    int leader;
    json_int_t commit, applied;
    struct machine machine;

    /* Volatile state on leaders. */
    struct peer peers[NODE_COUNT_MAX];
    json_int_t round; /* of heartbeats; reads wait for one to be answered by a majority */
    json_t *reads;    /* [{"index", "round", "request"}]: what they wait for */
    json_int_t term_start;

    struct front *front;
    struct timer *election, *heartbeat, *flush;
    int timeout_ms, batch, snapshot_every;
};

static inline json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* How many servers an entry must be on to be committed. */
int server_majority(const struct self *self);

/* Before anything that the log holds is answered for (figure 2, "updated on stable storage before
 * responding to RPCs"). */
void server_sync_log(struct self *self);

/* Make term and vote durable. */
void server_save(struct self *self);

/* Term, vote and log as stable storage has them. */
void server_recover(struct self *self);

/* Section 5.2: "randomized election timeouts". */
void server_expect_leader(struct self *self);

/* Be a follower; `leader` may be NOBODY. */
void server_follow(struct self *self, int leader);

/* Figure 2, all servers: "if RPC request or response contains term T > currentTerm: set currentTerm
 * = T, convert to follower". */
void server_see_term(struct self *self, const struct message *message);

/* Figure 2, all servers: "if commitIndex > lastApplied: increment lastApplied, apply". The leader
 * answers: "respond after entry applied to state machine". */
void server_apply(struct self *self);

#endif
