/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raft.c - Raft: a log replicated by an elected leader.
 *
 * D. Ongaro, J. Ousterhout: In Search of an Understandable Consensus Algorithm (extended version);
 * section numbers are that paper's, and the state and the rules are those of its figures 2 and 13.
 * S2 ("Raft distributed consensus") tells the same shorter, and lets the leader "simply respond" to
 * reads: that is the bug stale-read. Membership does not change, and snapshots travel in one piece.
 * Here are elections; raft/ has the rules of all servers, replication, and the log.
 */
#include "raft/replication.h"
#include "raft/server.h"

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
    server_save(self);
    raft->role = CANDIDATE;
    raft->leader = NOBODY;
    for (int i = 0; i < self->count; i++)
        raft->peers[i].voted = i == self->me;
    server_expect_leader(self);
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

    server_see_term(self, message);
    bool is_free = raft->voted_for == NOBODY || raft->voted_for == message->from ||
                   bug_is_on(self, "vote-twice");
    bool granted = number_of(message->body, "term") == raft->term && is_free &&
                   is_up_to_date(self, message->body);
    if (granted && raft->voted_for != message->from) {
        raft->voted_for = message->from;
        server_save(self);
    }
    if (granted && raft->role != LEADER)
        server_expect_leader(self);
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:b}", "type", "vote", "term", raft->term, "granted", granted));
}

static void on_vote(struct self *self, const struct message *message)
{
    struct raft *raft = self->state;

    server_see_term(self, message);
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
    server_recover(self);
    raft->front = front_new(self, known_leader);
    raft->election = timer_new(self, on_election_timeout, NULL);
    raft->heartbeat = timer_new(self, replication_heartbeat, NULL);
    raft->flush = timer_new(self, replication_flush, NULL);
    server_expect_leader(self);
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
             "--plan plans/leader-cut.json --set timeout-ms=150 -t 6"},
            {"no-fsync", "answers before its log is durable (shows when a disk loses writes)",
             "--plan plans/power-cut-of-all.json -t 6"},
            {"no-dedup", "carries a request out as often as the log holds it",
             "-w append --plan plans/all-slow.json -c 4n -r 500 -t 5"},
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
            "-w append --plan plans/all-slow.json -c 4n -r 500 -t 5",
            "--plan plans/slow-and-leaders-killed.json --set timeout-ms=60 --set batch=1 -w append "
            "-c 6n -t 10",
            NULL},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", replication_on_request},
                                   {"request_vote", on_request_vote},
                                   {"vote", on_vote},
                                   {"append_entries", replication_on_append},
                                   {"appended", replication_on_appended},
                                   {"snapshot", replication_on_snapshot},
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .state_size = sizeof(struct raft),
    .start = start,
    .healthy = knows_leader,
    .leads = is_leader,
};
