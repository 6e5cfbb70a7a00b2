/* SPDX-License-Identifier: GPL-2.0-or-later */
/* paxos.c - multi-Paxos: a sequence of instances, decided by a distinguished proposer.
 *
 * L. Lamport: Paxos Made Simple; section numbers are that paper's. S0, S2 and S3 tell it with
 * ballots, as here. Every node is proposer, acceptor and learner; what is chosen is kept for ever,
 * there are no snapshots. Reads go through the log unless lease=on, which rests on clocks whose
 * rates differ by less than 10 %.
 */
#include "runtime/front.h"
#include "runtime/machine.h"
#include "runtime/protocol.h"
#include "runtime/table.h"

#include <string.h>

#define PROMISE_FILE "promised"
#define ACCEPTED_FILE "accepted"
#define CHOSEN_FILE "chosen"

enum {
    NOBODY = -1,
    HEARTBEAT_MS = 50,
    BATCH = 128,   /* values in a message, at most */
    LAG_MAX = 512, /* chosen values in a message, at most */
    LEASE_MS = 300,
};

/* An instance of consensus. */
struct instance {
    json_int_t ballot;   /* in which this acceptor accepted `accepted`; 0: in none */
    json_t *accepted;    /* as acceptor */
    json_t *proposed;    /* as proposer in its present ballot */
    json_int_t reported; /* ballot of the proposal reported in phase 1 that is in `proposed` */
    uint64_t acks;       /* the acceptors that accepted `proposed` */
    json_t *chosen;      /* as learner */
};

enum role { WAITING, PREPARING, LEADING };

struct paxos {
    /* The acceptor's promise (section 2.2), for all instances at once (section 3). */
    json_int_t promised;
    json_int_t lease_ends_ms; /* until then it promises nothing to others than lease_holder */
    int lease_holder;

    struct instance *instances;
    json_int_t count, room;
    json_int_t decided;  /* all below are chosen, and carried out */
    json_int_t asked_ms; /* when it last asked for what it lacks */

    /* The proposer. */
    enum role role;
    json_int_t ballot, seen; /* its own; the highest that it has heard of */
    uint64_t promises;
    json_int_t next;                      /* first instance without a proposal */
    json_int_t recovered;                 /* what was below `next` when it began to lead */
    json_t *queue;                        /* requests to propose */
    json_int_t stamps_ms[NODE_COUNT_MAX]; /* sent when, of what each acceptor answered last */

    int leader;
    struct machine machine;
    struct front *front;
    struct timer *election, *heartbeat, *flush;
    int backoff_ms;
    bool lease;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int quorum(const struct self *self)
{
    return bug_is_on(self, "minority-quorum") ? self->count / 2 : self->count / 2 + 1;
}

static json_int_t lease_clock_ms(const struct self *self)
{
    return bug_is_on(self, "lease-trusts-clock") ? now_wall_ms() : now_ms();
}

static struct instance *instance_of(struct paxos *paxos, json_int_t slot)
{
    if (slot >= paxos->room) {
        json_int_t room = slot * 2 + 1024;
        paxos->instances = realloc(paxos->instances, (size_t)room * sizeof *paxos->instances);
        if (!paxos->instances)
            abort();
        memset(paxos->instances + paxos->room, 0,
               (size_t)(room - paxos->room) * sizeof *paxos->instances);
        paxos->room = room;
    }
    if (slot >= paxos->count)
        paxos->count = slot + 1;
    return &paxos->instances[slot];
}

static void assign(json_t **place, json_t *value)
{
    json_t *old = *place;
    *place = json_incref(value);
    json_decref(old);
}

/* -- what the acceptor remembers -----------------------------------------------------------------
 */

/* "An acceptor must remember this information even if it fails." */
static void promise(struct self *self, json_int_t ballot)
{
    struct paxos *paxos = self->state;
    json_t *record = json_integer(ballot);

    paxos->promised = ballot;
    if (!bug_is_on(self, "forget-promise"))
        storage_replace(self, PROMISE_FILE, record);
    json_decref(record);
}

/* Whether the leader may still answer reads because this acceptor lets no other lead. */
static bool is_leased_to_other(const struct self *self, int node)
{
    const struct paxos *paxos = self->state;
    return paxos->lease && paxos->lease_holder != node &&
           lease_clock_ms(self) < paxos->lease_ends_ms;
}

/* -- learners: section 2.3 -----------------------------------------------------------------------
 */

static json_t *carry_out(struct paxos *paxos, const json_t *request)
{
    return json_is_null(request) ? NULL : machine_apply(&paxos->machine, request);
}

/* Carry out what is decided, in order; the leader answers. */
static void advance(struct self *self)
{
    struct paxos *paxos = self->state;

    while (paxos->decided < paxos->count && paxos->instances[paxos->decided].chosen) {
        struct instance *instance = &paxos->instances[paxos->decided++];
        const json_t *request = instance->chosen;
        json_t *answer = carry_out(paxos, request);
        front_reply(self, request, paxos->role == LEADING ? json_incref(answer) : NULL);
        json_decref(answer);
        assign(&instance->accepted, NULL); /* what is asked for now is what was chosen */
        assign(&instance->proposed, NULL);
    }
}

/* It is chosen for ever. The file only saves asking others after a restart: it needs no sync. */
static void learn(struct self *self, json_int_t slot, json_t *value)
{
    struct instance *instance = instance_of(self->state, slot);

    if (instance->chosen)
        return;
    json_t *record = json_pack("[I, O]", slot, value);
    storage_append(self, CHOSEN_FILE, record);
    json_decref(record);
    assign(&instance->chosen, value);
}

static json_t *chosen_from(const struct paxos *paxos, json_int_t from)
{
    json_t *values = json_array();

    for (json_int_t slot = from; slot < paxos->decided && slot < from + LAG_MAX; slot++)
        (void)json_array_append(values, paxos->instances[slot].chosen);
    return values;
}

static void learn_all(struct self *self, json_int_t from, const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++)
        learn(self, from + (json_int_t)i, json_array_get(values, i));
    advance(self);
}

static void on_learn(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;

    learn_all(self, number_of(message->body, "from"), json_object_get(message->body, "values"));
    paxos->asked_ms = 0; /* it may ask for more */
}

static void send_learn(struct self *self, int to, json_int_t from)
{
    msg_send(self, to,
             json_pack("{s:s, s:I, s:o}", "type", "learn", "from", from, "values",
                       chosen_from(self->state, from)));
}

static void on_missing(struct self *self, const struct message *message)
{
    send_learn(self, message->from, number_of(message->body, "from"));
}

/* -- proposers -----------------------------------------------------------------------------------
 */

static void wait_for_leader(struct self *self)
{
    const struct paxos *paxos = self->state;
    uint64_t more_ms = rng_below(&self->rng, (uint64_t)paxos->backoff_ms + 1);
    timer_set(paxos->election, paxos->backoff_ms + (int)more_ms);
}

/* Somebody else has a higher ballot. */
static void give_way(struct self *self, json_int_t ballot, int leader)
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
    if (is_leased_to_other(self, self->me)) {
        wait_for_leader(self);
        return;
    }
    if (paxos->promised > paxos->seen)
        paxos->seen = paxos->promised;
    paxos->role = PREPARING;
    paxos->leader = NOBODY;
    paxos->ballot = (paxos->seen / NODE_COUNT_MAX + 1) * NODE_COUNT_MAX + self->me;
    paxos->seen = paxos->ballot;
    promise(self, paxos->ballot); /* never to use this number again */
    paxos->promises = 0;
    for (json_int_t slot = 0; slot < paxos->count; slot++) {
        struct instance *instance = &paxos->instances[slot];
        assign(&instance->proposed, NULL);
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
        assign(&instance_of(paxos, paxos->next++)->proposed, json_array_get(paxos->queue, i));
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
            assign(&instance->proposed, instance->chosen);
        else if (!instance->reported)
            assign(&instance->proposed, json_null());
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
    assign(&instance->proposed, json_array_get(report, 2));
}

static void on_promise(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    const json_t *reports = json_object_get(message->body, "accepted");

    learn_all(self, number_of(message->body, "from"), json_object_get(message->body, "chosen"));
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
        give_way(self, promised, NOBODY);
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
            learn(self, slot, instance->proposed);
    }
    advance(self);
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

/* -- acceptors: section 2.2 ----------------------------------------------------------------------
 */

static void refuse(struct self *self, const struct message *message)
{
    const struct paxos *paxos = self->state;
    msg_send(self, message->from,
             json_pack("{s:s, s:I}", "type", "refused", "promised", paxos->promised));
}

/* [[instance, ballot, value], ...]: "the highest-numbered proposal (if any) that it has accepted".
 */
static json_t *reports_from(const struct paxos *paxos, json_int_t from)
{
    json_t *reports = json_array();

    for (json_int_t slot = from; slot < paxos->count; slot++) {
        const struct instance *instance = &paxos->instances[slot];
        if (instance->accepted)
            (void)json_array_append_new(
                reports, json_pack("[I, I, O]", slot, instance->ballot, instance->accepted));
    }
    return reports;
}

/* Phase 1 (b): "if an acceptor receives a prepare request with number n greater than that of any
 * prepare request to which it has already responded, then it responds with a promise". What it
 * knows to be chosen it tells as such. */
static void on_prepare(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    json_int_t ballot = number_of(message->body, "ballot");
    json_int_t from = number_of(message->body, "from");

    if (is_leased_to_other(self, message->from))
        return;
    if (paxos->decided - from > LAG_MAX) { /* let it learn first, and ask again */
        send_learn(self, message->from, from);
        return;
    }
    bool is_new = ballot > paxos->promised;
    bool is_own = ballot == paxos->promised && message->from == self->me;
    if (!is_new && !is_own) {
        refuse(self, message);
        return;
    }
    if (is_new) { /* to itself it promised when it chose the number */
        promise(self, ballot);
        give_way(self, ballot, NOBODY);
    }
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:I, s:o, s:o}", "type", "promise", "ballot", ballot, "from",
                       from, "chosen", chosen_from(paxos, from), "accepted",
                       reports_from(paxos, from > paxos->decided ? from : paxos->decided)));
}

/* Instances below `decided` are decided: those that it accepted in that ballot with that value, for
 * a ballot proposes one value only. It asks for the others. */
static void catch_up(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    json_int_t decided = number_of(message->body, "decided");
    json_int_t ballot = number_of(message->body, "ballot");

    for (json_int_t slot = paxos->decided; slot < decided && slot < paxos->count; slot++) {
        const struct instance *instance = &paxos->instances[slot];
        if (instance->accepted && instance->ballot == ballot)
            learn(self, slot, instance->accepted);
    }
    advance(self);
    if (paxos->decided >= decided || now_ms() - paxos->asked_ms < HEARTBEAT_MS)
        return; /* once, not for each of the messages that piled up while it was cut off */
    paxos->asked_ms = now_ms();
    msg_send(self, message->from,
             json_pack("{s:s, s:I}", "type", "missing", "from", paxos->decided));
}

static void grant_lease(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    bool trusts = bug_is_on(self, "lease-trusts-clock"); /* the leader's, to be like its own */
    json_int_t begin_ms = trusts ? number_of(message->body, "stamp") : lease_clock_ms(self);

    paxos->lease_holder = message->from;
    paxos->lease_ends_ms = begin_ms + LEASE_MS;
}

static void accept_values(struct self *self, json_int_t ballot, json_int_t from,
                          const json_t *values)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        json_t *value = json_array_get(values, i);
        json_int_t slot = from + (json_int_t)i;
        struct instance *instance = instance_of(self->state, slot);
        json_t *record = json_pack("[I, I, O]", slot, ballot, value);
        storage_append(self, ACCEPTED_FILE, record);
        json_decref(record);
        instance->ballot = ballot;
        assign(&instance->accepted, value);
    }
    if (json_array_size(values) > 0)
        storage_sync(self, ACCEPTED_FILE);
}

/* Phase 2 (b): "it accepts the proposal unless it has already responded to a prepare request having
 * a number greater than n". */
static void on_accept(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    json_int_t ballot = number_of(message->body, "ballot");
    json_int_t from = number_of(message->body, "from");
    const json_t *values = json_object_get(message->body, "values");

    if (ballot < paxos->promised && !bug_is_on(self, "accept-older-ballot")) {
        refuse(self, message);
        return;
    }
    if (ballot > paxos->promised)
        promise(self, ballot);
    if (message->from != self->me)
        give_way(self, ballot, message->from);
    accept_values(self, ballot, from, values);
    grant_lease(self, message);
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:O, s:I, s:I}", "type", "accepted", "ballot", ballot, "stamp",
                       json_object_get(message->body, "stamp"), "from", from, "count",
                       (json_int_t)json_array_size(values)));
    catch_up(self, message);
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
        assign(&instance->accepted, json_array_get(record, 2));
    }
    for (size_t i = 0; i < json_array_size(chosen); i++) {
        const json_t *record = json_array_get(chosen, i);
        assign(&instance_of(paxos, json_integer_value(json_array_get(record, 0)))->chosen,
               json_array_get(record, 1));
    }
    advance(self);
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
             "-n 3 --plan plans/slow-and-acceptor-restarts.json --set backoff=150 --set link=udp "
             "-w append -c 6n -t 10"},
            {"accept-older-ballot", "accepts in ballots below its promise",
             "-n 3 --plan plans/slow-and-acceptor-restarts.json --set backoff=150 --set link=udp "
             "-w append -c 6n -t 10"},
            {"ignore-accepted-value", "a new leader proposes over what was accepted",
             "--nemesis kill,pause --interval 1.2 --set backoff=60 -t 6"},
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
            "--plan plans/leader-cut.json -t 7",
            "--set lease=on --nemesis partition,kill,pause --interval 2 -t 10", NULL},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"prepare", on_prepare},
                                   {"promise", on_promise},
                                   {"refused", on_refused},
                                   {"accept", on_accept},
                                   {"accepted", on_accepted},
                                   {"learn", on_learn},
                                   {"missing", on_missing},
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .state_size = sizeof(struct paxos),
    .start = start,
    .healthy = knows_leader,
    .leads = is_leader,
};
