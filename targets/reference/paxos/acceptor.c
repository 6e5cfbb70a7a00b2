/* SPDX-License-Identifier: GPL-2.0-or-later */
/* acceptor.c - what acceptors do (Paxos Made Simple, section 2.2), and the leases that they grant.
 */
#include "agents.h"

json_int_t lease_clock_ms(const struct self *self)
{
    return bug_is_on(self, "lease-trusts-clock") ? now_wall_ms() : now_ms();
}

void acceptor_promise(struct self *self, json_int_t ballot)
{
    struct paxos *paxos = self->state;
    json_t *record = json_integer(ballot);

    paxos->promised = ballot;
    if (!bug_is_on(self, "forget-promise"))
        storage_replace(self, PROMISE_FILE, record);
    json_decref(record);
}

bool acceptor_is_leased_to_other(const struct self *self, int node)
{
    const struct paxos *paxos = self->state;
    return paxos->lease && paxos->lease_holder != node &&
           lease_clock_ms(self) < paxos->lease_ends_ms;
}

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
void acceptor_on_prepare(struct self *self, const struct message *message)
{
    struct paxos *paxos = self->state;
    json_int_t ballot = number_of(message->body, "ballot");
    json_int_t from = number_of(message->body, "from");

    if (acceptor_is_leased_to_other(self, message->from))
        return;
    if (paxos->decided - from > LAG_MAX) { /* let it learn first, and ask again */
        learner_send(self, message->from, from);
        return;
    }
    bool is_new = ballot > paxos->promised;
    bool is_own = ballot == paxos->promised && message->from == self->me;
    if (!is_new && !is_own) {
        refuse(self, message);
        return;
    }
    if (is_new) { /* to itself it promised when it chose the number */
        acceptor_promise(self, ballot);
        proposer_give_way(self, ballot, NOBODY);
    }
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:I, s:o, s:o}", "type", "promise", "ballot", ballot, "from",
                       from, "chosen", learner_chosen_from(paxos, from), "accepted",
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
            learner_learn(self, slot, instance->accepted);
    }
    learner_advance(self);
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
        value_assign(&instance->accepted, value);
    }
    if (json_array_size(values) > 0)
        storage_sync(self, ACCEPTED_FILE);
}

/* Phase 2 (b): "it accepts the proposal unless it has already responded to a prepare request having
 * a number greater than n". */
void acceptor_on_accept(struct self *self, const struct message *message)
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
        acceptor_promise(self, ballot);
    if (message->from != self->me)
        proposer_give_way(self, ballot, message->from);
    accept_values(self, ballot, from, values);
    grant_lease(self, message);
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:O, s:I, s:I}", "type", "accepted", "ballot", ballot, "stamp",
                       json_object_get(message->body, "stamp"), "from", from, "count",
                       (json_int_t)json_array_size(values)));
    catch_up(self, message);
}
