/* SPDX-License-Identifier: GPL-2.0-or-later */
/* server.c - see server.h: stable storage, terms, and what is committed. */
#include "server.h"

#include "../runtime/table.h"

#define STATE_FILE "state"

int server_majority(const struct self *self)
{
    return bug_is_on(self, "minority-commit") ? self->count / 2 : self->count / 2 + 1;
}

/* -- stable storage ------------------------------------------------------------------------------
 */

void server_sync_log(struct self *self)
{
    if (!bug_is_on(self, "no-fsync"))
        log_sync(self);
}

void server_save(struct self *self)
{
    const struct raft *raft = self->state;
    bool forgets = bug_is_on(self, "vote-not-persisted");
    json_t *record = json_pack("{s:I, s:i}", "term", raft->term, "voted_for",
                               forgets ? NOBODY : raft->voted_for);

    storage_replace(self, STATE_FILE, record);
    json_decref(record);
}

void server_recover(struct self *self)
{
    struct raft *raft = self->state;
    json_t *states = storage_read(self, STATE_FILE);
    const json_t *state = json_array_get(states, 0);

    raft->term = number_of(state, "term");
    raft->voted_for = state ? (int)number_of(state, "voted_for") : NOBODY;
    log_recover(self, &raft->log);
    raft->commit = raft->applied = raft->log.base_index;
    machine_load(&raft->machine, raft->log.base);
    json_decref(states);
}

/* -- rules for all servers -----------------------------------------------------------------------
 */

void server_expect_leader(struct self *self)
{
    const struct raft *raft = self->state;
    uint64_t more_ms = rng_below(&self->rng, (uint64_t)raft->timeout_ms);
    timer_set(raft->election, raft->timeout_ms + (int)more_ms);
}

void server_follow(struct self *self, int leader)
{
    struct raft *raft = self->state;
    bool is_new = leader != raft->leader;

    raft->role = FOLLOWER;
    raft->leader = leader;
    timer_clear(raft->heartbeat);
    (void)json_array_clear(raft->reads); /* their nodes ask the next leader */
    if (is_new && leader != NOBODY)
        front_resend(raft->front);
}

void server_see_term(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t term = number_of(message->body, "term");

    if (term <= raft->term)
        return;
    raft->term = term;
    raft->voted_for = NOBODY;
    server_save(self);
    if (raft->role != FOLLOWER)
        server_expect_leader(self);
    server_follow(self, NOBODY);
}

/* Section 7: each server takes snapshots on its own. */
static void compact(struct self *self)
{
    struct raft *raft = self->state;

    if (raft->applied - raft->log.base_index < raft->snapshot_every)
        return;
    json_t *snapshot =
        json_pack("{s:I, s:I, s:o}", "index", raft->applied, "base_term",
                  log_term(&raft->log, raft->applied), "machine", machine_save(&raft->machine));
    log_restart(self, &raft->log, snapshot,
                log_slice(&raft->log, raft->applied + 1, log_last(&raft->log)));
    json_decref(snapshot);
}

/* Section 8: "the state machine tracks the latest serial number processed for each client". */
static json_t *carry_out(struct self *self, const json_t *request)
{
    struct raft *raft = self->state;

    if (bug_is_on(self, "no-dedup"))
        return table_apply(raft->machine.table, json_object_get(request, "command"));
    return machine_apply(&raft->machine, request);
}

void server_apply(struct self *self)
{
    struct raft *raft = self->state;

    while (raft->applied < raft->commit) {
        const json_t *request = json_object_get(log_entry(&raft->log, ++raft->applied), "request");
        json_t *answer = json_is_null(request) ? NULL : carry_out(self, request);
        front_reply(self, request, raft->role == LEADER ? json_incref(answer) : NULL);
        json_decref(answer);
    }
    compact(self);
}
