/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replication.c - see replication.h: AppendEntries, InstallSnapshot and their answers, and reads.
 */
#include "replication.h"

#include "../runtime/table.h"
#include "server.h"

#include <string.h>

/* -- leaders: replication ------------------------------------------------------------------------
 */

static void send_snapshot(struct self *self, int to)
{
    const struct raft *raft = self->state;
    msg_send(self, to,
             json_pack("{s:s, s:I, s:I, s:I, s:I, s:O}", "type", "snapshot", "term", raft->term,
                       "round", raft->round, "index", raft->log.base_index, "base_term",
                       raft->log.base_term, "machine", raft->log.base));
}

/* Section 5.3: what follows nextIndex; nothing but a heartbeat while the last is unanswered. */
static void send_append(struct self *self, int to)
{
    struct raft *raft = self->state;
    struct peer *peer = &raft->peers[to];
    json_int_t prev = peer->next - 1;
    json_int_t count = peer->busy ? 0 : raft->batch;

    if (prev < raft->log.base_index && !peer->busy) {
        peer->busy = true;
        send_snapshot(self, to);
        return;
    }
    if (prev < raft->log.base_index)
        prev = raft->log.base_index;
    peer->busy = true;
    msg_send(self, to,
             json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:o}", "type", "append_entries", "term",
                       raft->term, "round", raft->round, "prev_index", prev, "prev_term",
                       log_term(&raft->log, prev), "commit", raft->commit, "entries",
                       log_slice(&raft->log, prev + 1, count)));
}

static bool is_reached(const struct self *self, json_int_t index)
{
    const struct raft *raft = self->state;
    int count = 0;

    for (int i = 0; i < self->count; i++)
        count += raft->peers[i].match >= index;
    return count >= server_majority(self);
}

/* Figure 2, leaders: "if there exists an N such that N > commitIndex, a majority of matchIndex[i]
 * >= N, and log[N].term == currentTerm: set commitIndex = N" (sections 5.3, 5.4.2). */
static void advance_commit(struct self *self)
{
    struct raft *raft = self->state;
    json_int_t index = log_last(&raft->log);

    while (index > raft->commit && !is_reached(self, index))
        index--;
    if (index <= raft->commit)
        return;
    if (log_term(&raft->log, index) == raft->term || bug_is_on(self, "commit-old-term"))
        raft->commit = index;
    server_apply(self);
}

/* Section 8: a read must see what was committed when it came, and that this server still led then:
 * "exchange heartbeat messages with a majority of the cluster before responding". */
static void answer_reads(struct self *self)
{
    struct raft *raft = self->state;

    while (json_array_size(raft->reads) > 0) {
        const json_t *read = json_array_get(raft->reads, 0);
        const json_t *request = json_object_get(read, "request");
        int heard = 0;
        for (int i = 0; i < self->count; i++)
            heard += raft->peers[i].round >= number_of(read, "round");
        if (heard < server_majority(self) || raft->applied < number_of(read, "index"))
            return;
        front_reply(self, request,
                    table_apply(raft->machine.table, json_object_get(request, "command")));
        (void)json_array_remove(raft->reads, 0);
    }
}

/* What came together is synced and sent together. */
void replication_flush(struct self *self, void *context)
{
    struct raft *raft = self->state;
    struct peer *own = &raft->peers[self->me];

    (void)context;
    if (raft->role != LEADER)
        return;
    server_sync_log(self);
    raft->round++;
    own->match = log_last(&raft->log);
    own->round = raft->round;
    for (int to = 0; to < self->count; to++) {
        if (to != self->me && !raft->peers[to].busy)
            send_append(self, to);
    }
    advance_commit(self);
    answer_reads(self);
}

/* Section 5.2: heartbeats keep others from standing for election; they also send again. */
void replication_heartbeat(struct self *self, void *context)
{
    const struct raft *raft = self->state;

    (void)context;
    for (int to = 0; to < self->count; to++) {
        if (to != self->me)
            send_append(self, to);
    }
    timer_set(raft->heartbeat, raft->timeout_ms / HEARTBEATS_PER_TIMEOUT);
}

/* The answer to both AppendEntries and InstallSnapshot. "match": what is now alike, or, if that
 * failed, where to try next. */
void replication_on_appended(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    struct peer *peer = &raft->peers[message->from];
    json_int_t match = number_of(message->body, "match");
    json_int_t round = number_of(message->body, "round");

    server_see_term(self, message);
    if (raft->role != LEADER || number_of(message->body, "term") != raft->term)
        return;
    peer->busy = false;
    if (round > peer->round)
        peer->round = round;
    if (json_is_true(json_object_get(message->body, "success"))) {
        if (match > peer->match)
            peer->match = match;
        peer->next = peer->match + 1;
    } else {
        peer->next = match > peer->match ? match + 1 : peer->match + 1;
    }
    advance_commit(self);
    answer_reads(self);
    if (peer->next <= log_last(&raft->log) || peer->round < raft->round)
        send_append(self, message->from);
}

/* Figure 2, leaders: "if command received from client: append entry to local log". */
void replication_on_request(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_t *command = json_object_get(message->body, "command");
    const char *type = json_string_value(json_object_get(command, "type"));

    if (raft->role != LEADER)
        return; /* it will be sent again */
    if (!type || strcmp(type, "read") != 0) {
        json_t *entry = json_pack("{s:I, s:O}", "term", raft->term, "request", message->body);
        log_append(self, &raft->log, log_last(&raft->log) + 1, entry);
        json_decref(entry);
    } else if (bug_is_on(self, "stale-read")) {
        front_reply(self, message->body, table_apply(raft->machine.table, command));
    } else {
        json_int_t index = raft->commit > raft->term_start ? raft->commit : raft->term_start;
        (void)json_array_append_new(raft->reads,
                                    json_pack("{s:I, s:I, s:O}", "index", index, "round",
                                              raft->round + 1, "request", message->body));
    }
    timer_set(raft->flush, 0);
}

/* -- followers: AppendEntries, InstallSnapshot ---------------------------------------------------
 */

static void reply_appended(struct self *self, const struct message *message, bool success,
                           json_int_t match)
{
    const struct raft *raft = self->state;
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:O, s:b, s:I}", "type", "appended", "term", raft->term, "round",
                       json_object_get(message->body, "round"), "success", success, "match",
                       match));
}

/* Figure 2, AppendEntries, steps 3 and 4. */
static void take_entries(struct self *self, json_int_t index, const json_t *entries)
{
    struct raft *raft = self->state;
    bool wrote = false;

    for (size_t i = 0; i < json_array_size(entries); i++, index++) {
        json_t *entry = json_array_get(entries, i);
        if (index <= raft->log.base_index ||
            log_term(&raft->log, index) == number_of(entry, "term"))
            continue;
        log_append(self, &raft->log, index, entry);
        wrote = true;
    }
    if (wrote)
        server_sync_log(self);
}

/* Where a leader whose entry at `prev` is another should try: before the whole term in conflict
 * (the end of section 5.3). */
static json_int_t before_conflict(const struct raft *raft, json_int_t prev)
{
    json_int_t index = prev;

    if (prev > log_last(&raft->log))
        return log_last(&raft->log);
    while (index > raft->log.base_index &&
           log_term(&raft->log, index) == log_term(&raft->log, prev))
        index--;
    return index;
}

/* Figure 2, AppendEntries. */
void replication_on_append(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t prev = number_of(message->body, "prev_index");
    json_int_t commit = number_of(message->body, "commit");
    const json_t *entries = json_object_get(message->body, "entries");

    server_see_term(self, message);
    if (number_of(message->body, "term") < raft->term) { /* step 1 */
        reply_appended(self, message, false, 0);
        return;
    }
    server_follow(self, message->from);
    server_expect_leader(self);
    if (prev >= raft->log.base_index &&
        log_term(&raft->log, prev) != number_of(message->body, "prev_term")) { /* step 2 */
        reply_appended(self, message, false, before_conflict(raft, prev));
        return;
    }
    take_entries(self, prev + 1, entries);
    json_int_t match = prev + (json_int_t)json_array_size(entries);
    reply_appended(self, message, true, match);
    if (commit > match)
        commit = match;
    if (commit > raft->commit) /* step 5 */
        raft->commit = commit;
    server_apply(self);
}

/* Figure 13, InstallSnapshot. */
void replication_on_snapshot(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t index = number_of(message->body, "index");

    server_see_term(self, message);
    if (number_of(message->body, "term") < raft->term) {
        reply_appended(self, message, false, 0);
        return;
    }
    server_follow(self, message->from);
    server_expect_leader(self);
    if (index > raft->commit) {
        /* "If existing log entry has same index and term as snapshot's last included entry, retain
         * log entries following it." */
        bool retains = log_term(&raft->log, index) == number_of(message->body, "base_term");
        log_restart(self, &raft->log, message->body,
                    retains ? log_slice(&raft->log, index + 1, log_last(&raft->log))
                            : json_array());
        raft->commit = raft->applied = index;
        machine_load(&raft->machine, raft->log.base);
    }
    reply_appended(self, message, true, index);
}
