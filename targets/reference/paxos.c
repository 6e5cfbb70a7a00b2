/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paxos.c - multi-Paxos: a sequence of instances, decided by a distinguished proposer.
 *
 * L. Lamport: Paxos Made Simple; section numbers are that paper's. S0, S2 and S3 tell it with
 * ballots, as here. Every node is proposer, acceptor and learner; what is chosen is kept for ever,
 * there are no snapshots. Reads go through the log unless lease=on, which rests on clocks whose
 * rates differ by less than 10 %. Here are proposers; paxos/ has acceptors and learners.
 */
#include "paxos/agents.h"
#include "runtime/table.h"

#include <string.h>

static int quorum(const struct self *self)
{
    return bug_is_on(self, "minority-quorum") ? self->count / 2 : self->count / 2 + 1;
}

/* -- proposers -----------------------------------------------------------------------------------
 */

static void wait_for_leader(struct self *self)
{
    const struct paxos *paxos = self->state;
    uint64_t more_ms = rng_below(&self->rng, (uint64_t)paxos->backoff_ms + 1);
    timer_set(paxos->election, paxos->backoff_ms + (int)more_ms);
}

void proposer_give_way(struct self *self, json_int_t ballot, int leader)
{
    struct paxos *paxos = self->state;
    bool is_new = leader != paxos->leader;

    if (ballot > paxos->seen)
        paxos->seen = ballot;
    paxos->role = WAITING;
    paxos->leader = leader;
    (void)json_array_clear(paxos->queue); /* their nodes ask the next leader */
    timer_clear(paxos->heartbeat);
    wait_for_leader(self);
    if (is_new && leader != NOBODY)
        front_resend(paxos->front);
}

/* Phase 1 (a) of section 2.2: "a proposer selects a proposal number n and sends a prepare request
 * with number n", here for all instances that it does not know to be decided (section 3). Numbers
 * are disjoint: the node is the remainder. */
static void on_election(struct self *self, void *context)
{
    struct paxos *paxos = self->state;

    (void)context;
    if (acceptor_is_leased_to_other(self, self->me)) {
        wait_for_leader(self);
        return;
    }
    if (paxos->promised > paxos->seen)
        paxos->seen = paxos->promised;
    paxos->role = PREPARING;
    paxos->leader = NOBODY;
    paxos->ballot = (paxos->seen / NODE_COUNT_MAX + 1) * NODE_COUNT_MAX + self->me;
    paxos->seen = paxos->ballot;
    acceptor_promise(self, paxos->ballot); /* never to use this number again */
    paxos->promises = 0;
    for (json_int_t slot = 0; slot < paxos->count; slot++) {
        struct instance *instance = &paxos->instances[slot];
        value_assign(&instance->proposed, NULL);
        instance->reported = 0;
        instance->acks = 0;
    }
    for (int to = 0; to < self->count; to++)
        msg_send(self, to,
                 json_pack("{s:s, s:I, s:I}", "type", "prepare", "ballot", paxos->ballot, "from",
                           paxos->decided));
    wait_for_leader(self); /* or try again */
}

/* Phase 2 (a): accept requests for what is not chosen, from `from` on, to one acceptor. Without
 * values it is a heartbeat. */
static void send_accept(struct self *self, int to, json_int_t from)
{
    struct paxos *paxos = self->state;
    json_t *values = json_array();

    while (from < paxos->next && (instance_of(paxos, from)->acks >> to & 1))
        from++;
    for (json_int_t slot = from; slot < paxos->next && slot < from + BATCH; slot++) {
        struct instance *instance = instance_of(paxos, slot);
        (void)json_array_append(values, instance->chosen ? instance->chosen : instance->proposed);
    }
    msg_send(self, to,
             json_pack("{s:s, s:I, s:I, s:I, s:o, s:I}", "type", "accept", "ballot", paxos->ballot,
                       "stamp", lease_clock_ms(self), "from", from, "values", values, "decided",
                       paxos->decided));
}

static void send_accepts(struct self *self, json_int_t from)
{
    for (int to = 0; to < self->count; to++)
        send_accept(self, to, from);
}

static void on_heartbeat(struct self *self, void *context)
{
    const struct paxos *paxos = self->state;

    (void)context;
    send_accepts(self, paxos->decided);
    timer_set(paxos->heartbeat, HEARTBEAT_MS);
}

/* Propose what came together, in one message. */
static void on_flush(struct self *self, void *context)
{
    struct paxos *paxos = self->state;
    json_int_t first = paxos->next;

    (void)context;
    if (paxos->role != LEADING || json_array_size(paxos->queue) == 0)
        return;
    for (size_t i = 0; i < json_array_size(paxos->queue); i++)
        value_assign(&instance_of(paxos, paxos->next++)->proposed, json_array_get(paxos->queue, i));
    (void)json_array_clear(paxos->queue);
    send_accepts(self, first);
}

/* Phase 2 (a): the value is "the value of the highest-numbered proposal among the responses, or any
 * value if the responses reported no proposals"; gaps get a no-op (section 3). */
static void lead(struct self *self)
{
    struct paxos *paxos = self->state;

    note(self, "leads with ballot %" JSON_INTEGER_FORMAT, paxos->ballot);
    paxos->role = LEADING;
    paxos->leader = self->me;
    paxos->next = paxos->decided;
    for (json_int_t slot = paxos->decided; slot < paxos->count; slot++) {
        struct instance *instance = &paxos->instances[slot];
        if (instance->chosen || instance->reported)
            paxos->next = slot + 1;
    }
    for (json_int_t slot = paxos->decided; slot < paxos->next; slot++) {
        struct instance *instance = &paxos->instances[slot];
        if (instance->chosen)
            value_assign(&instance->proposed, instance->chosen);
        else if (!instance->reported)
            value_assign(&instance->proposed, json_null());
    }
    paxos->recovered = paxos->next;
    memset(paxos->stamps_ms, 0, sizeof paxos->stamps_ms);
    timer_clear(paxos->election);
    timer_set(paxos->heartbeat, HEARTBEAT_MS);
    send_accepts(self, paxos->decided);
    front_resend(paxos->front);
}

static void take_report(struct self *self, const json_t *report)
{
    json_int_t ballot = json_integer_value(json_array_get(report, 1));
    struct instance *instance =
        instance_of(self->state, json_integer_value(json_array_get(report, 0)));

    if (bug_is_on(self, "ignore-accepted-value") || ballot <= instance->reported)
        return;
    instance->reported = ballot;
    value_assign(&instance->proposed, json_array_get(report, 2));
}

static void on_promise(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    const json_t *reports = json_object_get(message->body, "accepted");

    learner_learn_all(self, number_of(message->body, "from"),
                      json_object_get(message->body, "chosen"));
    if (paxos->role != PREPARING || number_of(message->body, "ballot") != paxos->ballot)
        return;
    for (size_t i = 0; i < json_array_size(reports); i++)
        take_report(self, json_array_get(reports, i));
    paxos->promises |= UINT64_C(1) << message->from;
    if (__builtin_popcountll(paxos->promises) >= quorum(self))
        lead(self);
}

/* "It is probably a good idea to abandon a proposal if some proposer has begun trying to issue a
 * higher-numbered one" (section 2.3, end of 2.2). */
static void on_refused(struct self *self, const struct message *message)
{
    const struct paxos *paxos = self->state;
    json_int_t promised = number_of(message->body, "promised");

    if (promised > paxos->ballot && paxos->role != WAITING)
        proposer_give_way(self, promised, NOBODY);
}

static void on_accepted(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    json_int_t from = number_of(message->body, "from");
    json_int_t end = from + number_of(message->body, "count");

    if (paxos->role != LEADING || number_of(message->body, "ballot") != paxos->ballot)
        return;
    if (number_of(message->body, "stamp") > paxos->stamps_ms[message->from])
        paxos->stamps_ms[message->from] = number_of(message->body, "stamp");
    for (json_int_t slot = from; slot < end && slot < paxos->next; slot++) {
        struct instance *instance = instance_of(paxos, slot);
        instance->acks |= UINT64_C(1) << message->from;
        if (__builtin_popcountll(instance->acks) >= quorum(self) && instance->proposed)
            learner_learn(self, slot, instance->proposed);
    }
    learner_advance(self);
}

/* Whether a quorum of acceptors will promise nothing to others yet. */
static bool lease_holds(const struct self *self)
{
    const struct paxos *paxos = self->state;
    json_int_t earliest_ms = lease_clock_ms(self) - LEASE_MS + LEASE_MS / 10;
    int count = 0;

    for (int i = 0; i < self->count; i++)
        count += paxos->stamps_ms[i] > earliest_ms;
    return paxos->lease && paxos->decided >= paxos->recovered && count >= quorum(self);
}

static void on_request(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    const json_t *command = json_object_get(message->body, "command");
    const char *type = json_string_value(json_object_get(command, "type"));

    if (paxos->role != LEADING)
        return; /* it will be sent again */
    if (type && strcmp(type, "read") == 0 && lease_holds(self)) {
        front_reply(self, message->body, table_apply(paxos->machine.table, command));
        return;
    }
    (void)json_array_append(paxos->queue, message->body);
    timer_set(paxos->flush, 0);
}

/* -- the protocol --------------------------------------------------------------------------------
 */

static void recover(struct self *self)
{
    struct paxos *paxos = self->state;
    json_t *promised = storage_read(self, PROMISE_FILE);
    json_t *accepted = storage_read(self, ACCEPTED_FILE);
    json_t *chosen = storage_read(self, CHOSEN_FILE);

    paxos->promised = json_integer_value(json_array_get(promised, 0));
    for (size_t i = 0; i < json_array_size(accepted); i++) {
        const json_t *record = json_array_get(accepted, i);
        struct instance *instance =
            instance_of(paxos, json_integer_value(json_array_get(record, 0)));
        instance->ballot = json_integer_value(json_array_get(record, 1));
        value_assign(&instance->accepted, json_array_get(record, 2));
    }
    for (size_t i = 0; i < json_array_size(chosen); i++) {
        const json_t *record = json_array_get(chosen, i);
        value_assign(&instance_of(paxos, json_integer_value(json_array_get(record, 0)))->chosen,
                     json_array_get(record, 1));
    }
    learner_advance(self);
    json_decref(promised);
    json_decref(accepted);
    json_decref(chosen);
}

static int known_leader(const struct self *self)
{
    const struct paxos *paxos = self->state;
    return paxos->leader;
}

static void on_client(struct self *self, const struct message *message)
{
    const struct paxos *paxos = self->state;
    front_take(paxos->front, message);
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct paxos *paxos = self->state;
    front_finish(paxos->front, message);
}

static void start(struct self *self)
{
    struct paxos *paxos = self->state;

    paxos->leader = NOBODY;
    paxos->queue = json_array();
    paxos->backoff_ms = option_number(self, "backoff", 0, 60000);
    paxos->lease =
        strcmp(option_get(self, "lease"), "on") == 0 || bug_is_on(self, "lease-trusts-clock");
    paxos->lease_holder = NOBODY; /* it may have granted one before it crashed */
    paxos->lease_ends_ms = lease_clock_ms(self) + LEASE_MS;
    machine_load(&paxos->machine, NULL);
    recover(self);
    paxos->front = front_new(self, known_leader);
    paxos->election = timer_new(self, on_election, NULL);
    paxos->heartbeat = timer_new(self, on_heartbeat, NULL);
    paxos->flush = timer_new(self, on_flush, NULL);
    wait_for_leader(self);
}

static bool knows_leader(struct self *self)
{
    return known_leader(self) != NOBODY;
}

static bool is_leader(struct self *self)
{
    return known_leader(self) == self->me;
}

const struct protocol protocol_paxos = {
    .name = "paxos",
    .about = "multi-Paxos with a distinguished proposer (Lamport, Paxos Made Simple)",
    .promise = "linearizable",
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .options =
        (const struct protocol_option[]){
            {"backoff", "a number", "400",
             "a proposer waits this to twice this, in ms; 0: duelling proposers"},
            {"lease", "off|on", "off", "the leader answers reads from its own table"},
            {NULL, NULL, NULL, NULL}},
    .bugs =
        (const struct bug[]){
            {"forget-promise", "a restarted acceptor has forgotten its promise",
             "-n 3 --plan plans/promise-and-restart.json --set backoff=250 --set link=udp "
             "-w append -c 6n -r 500 -t 5"},
            {"accept-older-ballot", "accepts in ballots below its promise",
             "-n 3 --plan plans/slow-and-acceptor-restarts.json --set backoff=150 --set link=udp "
             "-w append -c 6n -t 10"},
            {"ignore-accepted-value", "a new leader proposes over what was accepted",
             "--plan plans/slow-and-leader-cut.json --set backoff=100 -w append -c 10n -r 2000 -t "
             "9"},
            {"minority-quorum", "less than a majority is enough",
             "--plan plans/leader-cut.json -t 7"},
            {"lease-trusts-clock", "leases by the time of day (shows when clocks differ)",
             "--set lease=on -w register --op-timeout 0.3 "
             "--plan plans/stopped-leader-clock.json -t 8"},
            {0}},
    .holds =
        (const char *const[]){
            "--nemesis partition,kill,pause --interval 2 -t 10",
            "--nemesis partition,kill,pause,delay,loss,duplicate,reorder,reset,clock --interval 1 "
            "--schedule mixed -t 10",
            "-n 3 --plan plans/slow-and-acceptor-restarts.json --set backoff=150 --set link=udp -w "
            "append -c 6n -t 10",
            "--plan plans/slow-and-leader-cut-often.json --set backoff=60 -t 10",
            "-n 3 --plan plans/promise-and-restart.json --set backoff=250 --set link=udp -w append "
            "-c 6n -r 500 -t 5",
            "--plan plans/leader-cut.json -t 7",
            "--plan plans/slow-and-leader-cut.json --set backoff=100 -w append -c 10n -r 2000 -t 9",
            "--set lease=on --nemesis partition,kill,pause --interval 2 -t 10", NULL},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"prepare", acceptor_on_prepare},
                                   {"promise", on_promise},
                                   {"refused", on_refused},
                                   {"accept", acceptor_on_accept},
                                   {"accepted", on_accepted},
                                   {"learn", learner_on_learn},
                                   {"missing", learner_on_missing},
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .state_size = sizeof(struct paxos),
    .start = start,
    .healthy = knows_leader,
    .leads = is_leader,
};
