/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raft.c - Raft: a log replicated by an elected leader.
 *
 * D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm (extended version);
 * section numbers are that paper's, and the state and the rules are those of its figures 2 and 13.
 * S2 ("Raft distributed consensus") tells the same shorter, and lets the leader "simply respond" to
 * reads: that is the bug stale-read. Membership does not change, and snapshots travel in one piece.
 */
#include "raft/log.h"
#include "runtime/front.h"
#include "runtime/machine.h"
#include "runtime/protocol.h"
#include "runtime/table.h"

#include <string.h>

#define STATE_FILE "state"

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

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int majority(const struct self *self)
{
    return bug_is_on(self, "minority-commit") ? self->count / 2 : self->count / 2 + 1;
}

/* -- stable storage ------------------------------------------------------------------------------
 */

/* Before anything that the log holds is answered for (figure 2, "updated on stable storage before
 * responding to RPCs"). */
static void sync_log(struct self *self)
{
    if (!bug_is_on(self, "no-fsync"))
        log_sync(self);
}

static void save_state(struct self *self)
{
    const struct raft *raft = self->state;
    bool forgets = bug_is_on(self, "vote-not-persisted");
    json_t *record = json_pack("{s:I, s:i}", "term", raft->term, "voted_for",
                               forgets ? NOBODY : raft->voted_for);

    storage_replace(self, STATE_FILE, record);
    json_decref(record);
}

static void recover(struct self *self)
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

/* Section 5.2: "randomized election timeouts". */
static void expect_leader(struct self *self)
{
    const struct raft *raft = self->state;
    uint64_t more_ms = rng_below(&self->rng, (uint64_t)raft->timeout_ms);
    timer_set(raft->election, raft->timeout_ms + (int)more_ms);
}

static void follow(struct self *self, int leader)
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

/* Figure 2, all servers: "if RPC request or response contains term T > currentTerm: set currentTerm
 * = T, convert to follower". */
static void see_term(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t term = number_of(message->body, "term");

    if (term <= raft->term)
        return;
    raft->term = term;
    raft->voted_for = NOBODY;
    save_state(self);
    if (raft->role != FOLLOWER)
        expect_leader(self);
    follow(self, NOBODY);
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

/* Figure 2, all servers: "if commitIndex > lastApplied: increment lastApplied, apply". The leader
 * answers: "respond after entry applied to state machine". */
static void apply_committed(struct self *self)
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
    return count >= majority(self);
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
    apply_committed(self);
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
        if (heard < majority(self) || raft->applied < number_of(read, "index"))
            return;
        front_reply(self, request,
                    table_apply(raft->machine.table, json_object_get(request, "command")));
        (void)json_array_remove(raft->reads, 0);
    }
}

/* What came together is synced and sent together. */
static void on_flush(struct self *self, void *context)
{
    struct raft *raft = self->state;
    struct peer *own = &raft->peers[self->me];

    (void)context;
    if (raft->role != LEADER)
        return;
    sync_log(self);
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
static void on_heartbeat(struct self *self, void *context)
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
static void on_appended(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    struct peer *peer = &raft->peers[message->from];
    json_int_t match = number_of(message->body, "match");
    json_int_t round = number_of(message->body, "round");

    see_term(self, message);
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
static void on_request(struct self *self, const struct message *message)
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
        sync_log(self);
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
static void on_append(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t prev = number_of(message->body, "prev_index");
    json_int_t commit = number_of(message->body, "commit");
    const json_t *entries = json_object_get(message->body, "entries");

    see_term(self, message);
    if (number_of(message->body, "term") < raft->term) { /* step 1 */
        reply_appended(self, message, false, 0);
        return;
    }
    follow(self, message->from);
    expect_leader(self);
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
    apply_committed(self);
}

/* Figure 13, InstallSnapshot. */
static void on_snapshot(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;
    json_int_t index = number_of(message->body, "index");

    see_term(self, message);
    if (number_of(message->body, "term") < raft->term) {
        reply_appended(self, message, false, 0);
        return;
    }
    follow(self, message->from);
    expect_leader(self);
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

/* -- elections: section 5.2 ----------------------------------------------------------------------
 */

static void lead(struct self *self)
{
    struct raft *raft = self->state;
    json_t *nothing = json_pack("{s:I, s:n}", "term", raft->term, "request");

    note(self, "leads term %" JSON_INTEGER_FORMAT, raft->term);
    raft->role = LEADER;
    raft->leader = self->me;
    timer_clear(raft->election);
    for (int i = 0; i < self->count; i++)
        raft->peers[i] = (struct peer){.next = log_last(&raft->log) + 1};
    raft->term_start = log_last(&raft->log) + 1;
    log_append(self, &raft->log, raft->term_start,
               nothing); /* section 8: a no-op at the start of its term */
    json_decref(nothing);
    timer_set(raft->flush, 0);
    timer_set(raft->heartbeat, raft->timeout_ms / HEARTBEATS_PER_TIMEOUT);
    front_resend(raft->front);
}

static void count_votes(struct self *self)
{
    const struct raft *raft = self->state;
    int count = 0;

    for (int i = 0; i < self->count; i++)
        count += raft->peers[i].voted;
    if (count >= self->count / 2 + 1)
        lead(self);
}

/* Figure 2, candidates: "on conversion to candidate, start election". */
static void on_election_timeout(struct self *self, void *context)
{
    struct raft *raft = self->state;

    (void)context;
    raft->term++;
    raft->voted_for = self->me;
    save_state(self);
    raft->role = CANDIDATE;
    raft->leader = NOBODY;
    for (int i = 0; i < self->count; i++)
        raft->peers[i].voted = i == self->me;
    expect_leader(self);
    msg_broadcast(self, json_pack("{s:s, s:I, s:I, s:I}", "type", "request_vote", "term",
                                  raft->term, "last_index", log_last(&raft->log), "last_term",
                                  log_term(&raft->log, log_last(&raft->log))));
    count_votes(self);
}

/* Section 5.4.1: "the voter denies its vote if its own log is more up-to-date". */
static bool is_up_to_date(const struct self *self, const json_t *asked)
{
    const struct raft *raft = self->state;
    json_int_t own_term = log_term(&raft->log, log_last(&raft->log)),
               term = number_of(asked, "last_term");

    if (bug_is_on(self, "no-log-check"))
        return true;
    return term != own_term ? term > own_term
                            : number_of(asked, "last_index") >= log_last(&raft->log);
}

/* Figure 2, RequestVote. */
static void on_request_vote(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;

    see_term(self, message);
    bool is_free = raft->voted_for == NOBODY || raft->voted_for == message->from ||
                   bug_is_on(self, "vote-twice");
    bool granted = number_of(message->body, "term") == raft->term && is_free &&
                   is_up_to_date(self, message->body);
    if (granted && raft->voted_for != message->from) {
        raft->voted_for = message->from;
        save_state(self);
    }
    if (granted && raft->role != LEADER)
        expect_leader(self);
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:b}", "type", "vote", "term", raft->term, "granted", granted));
}

static void on_vote(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;

    see_term(self, message);
    if (raft->role != CANDIDATE || number_of(message->body, "term") != raft->term ||
        !json_is_true(json_object_get(message->body, "granted")))
        return;
    raft->peers[message->from].voted = true;
    count_votes(self);
}

/* -- the protocol --------------------------------------------------------------------------------
 */

static int known_leader(const struct self *self)
{
    const struct raft *raft = self->state;
    return raft->leader;
}

static void on_client(struct self *self, const struct message *message)
{
    const struct raft *raft = self->state;
    front_take(raft->front, message);
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct raft *raft = self->state;
    front_finish(raft->front, message);
}

static void start(struct self *self)
{
    struct raft *raft = self->state;

    raft->leader = NOBODY;
    raft->reads = json_array();
    raft->timeout_ms = option_number(self, "timeout-ms", 10, 60000);
    raft->batch = option_number(self, "batch", 1, 10000);
    raft->snapshot_every = option_number(self, "snapshot", 1, 1000000000);
    recover(self);
    raft->front = front_new(self, known_leader);
    raft->election = timer_new(self, on_election_timeout, NULL);
    raft->heartbeat = timer_new(self, on_heartbeat, NULL);
    raft->flush = timer_new(self, on_flush, NULL);
    expect_leader(self);
}

static bool knows_leader(struct self *self)
{
    return known_leader(self) != NOBODY;
}

static bool is_leader(struct self *self)
{
    return known_leader(self) == self->me;
}

const struct protocol protocol_raft = {
    .name = "raft",
    .about = "Raft: an elected leader replicates a log (Ongaro, Ousterhout)",
    .promise = "linearizable",
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .options =
        (const struct protocol_option[]){
            {"timeout-ms", "a number", "400", "election time-outs are this to twice this"},
            {"batch", "a number", "128", "entries per append, at most"},
            {"snapshot", "a number", "500", "entries from one snapshot to the next"},
            {NULL, NULL, NULL, NULL}},
    .bugs =
        (const struct bug[]){
            {"stale-read", "the leader answers reads without asking whether it still leads",
             "-w register --plan plans/leader-cut.json --set timeout-ms=150 --keys 5 -c 4n "
             "--op-timeout 0.3 -t 6"},
            {"vote-twice", "grants every request of a term",
             "-n 3 --plan plans/vote-and-restart.json --set timeout-ms=700 --set link=udp "
             "-w append -c 6n -r 500 -t 10.5"},
            {"vote-not-persisted", "a restarted server may vote again in the same term",
             "-n 3 --plan plans/vote-and-restart.json --set timeout-ms=700 --set link=udp "
             "-w append -c 6n -r 500 -t 10.5"},
            {"commit-old-term", "commits entries of earlier terms by counting replicas",
             "--plan plans/figure-8.json --set batch=4 --set link=udp --set timeout-ms=300 "
             "-w append -c 20n -r 300 --op-timeout 6 -t 9"},
            {"no-log-check", "votes for candidates whose log lacks committed entries",
             "--plan plans/member-cut.json --set timeout-ms=100 -t 7"},
            {"minority-commit", "commits what less than a majority holds",
             "--nemesis partition --interval 2.5 -t 8"},
            {"no-fsync", "answers before its log is durable (shows when a disk loses writes)",
             "--plan plans/power-cut-of-all.json -t 6"},
            {"no-dedup", "carries a request out as often as the log holds it",
             "-w append --nemesis kill,pause --interval 2 -t 8"},
            {0}},
    .holds =
        (const char *const[]){
            "--nemesis partition,kill,pause --interval 2 -t 10",
            "--nemesis partition,kill,pause,delay,loss,duplicate,reorder,reset,clock --interval 1 "
            "--schedule mixed -t 10",
            "--plan plans/slow-and-leader-cut.json --set timeout-ms=100 -w append -c 6n -t 10",
            "-n 3 --plan plans/vote-and-restart.json --set timeout-ms=700 --set link=udp "
            "-w append -c 6n -r 500 -t 10.5",
            "--plan plans/figure-8.json --set batch=4 --set link=udp --set timeout-ms=300 "
            "-w append -c 20n -r 300 --op-timeout 6 -t 9",
            "-w register --plan plans/leader-cut.json --set timeout-ms=150 --keys 5 -c 4n "
            "--op-timeout 0.3 -t 6",
            "--plan plans/member-cut.json --set timeout-ms=100 -t 7",
            "--plan plans/power-cut-of-all.json -t 6",
            "--plan plans/slow-and-leaders-killed.json --set timeout-ms=60 --set batch=1 -w append "
            "-c 6n -t 10",
            NULL},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"request_vote", on_request_vote},
                                   {"vote", on_vote},
                                   {"append_entries", on_append},
                                   {"appended", on_appended},
                                   {"snapshot", on_snapshot},
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .state_size = sizeof(struct raft),
    .start = start,
    .healthy = knows_leader,
    .leads = is_leader,
};
