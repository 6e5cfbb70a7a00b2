/* SPDX-License-Identifier: GPL-2.0-or-later */
/* smr.c - a replicated state machine whose replicas choose the ids: S2, "SMR", "Replica Generated
 * IDs: 2 phase ID generation", after Schneider: Implementing fault-tolerant services using the
 * state machine approach, 1990, section 3.2.3.
 *
 * "Every replica proposes a candidate; one candidate is chosen and agreed upon by all replicas."
 * Whoever a client asks proposes its request to all live replicas, takes the highest candidate that
 * they give for its id, and tells them. A request is carried out, in the order of ids, when it is
 * stable. Its client is answered when every live replica has carried it out, which none does
 * before it has confirmed the id. Reads are requests too.
 *
 * "To tolerate t failures, need t+1 servers. Only need to participate in protocols with other live
 * servers": all rests on the failure detector. With every death or return all replicas begin alike
 * (group.h), the survivors propose again what was under way, a dead proposer's requests included.
 */
#include "runtime/front.h"
#include "runtime/group.h"

enum { AGAIN_MS = 100, IDS_PER_STEP = NODE_COUNT_MAX + 1 };

/* A request that this node has proposed. */
struct proposal {
    struct proposal *next;
    json_int_t number; /* among this node's */
    json_t *request, *answer;
    json_int_t view;               /* in which it was proposed; another: it must be again */
    json_int_t id;                 /* the highest candidate; the chosen one, once `is_accepted` */
    bool is_accepted;              /* all candidates are here */
    uint64_t candidates, finished; /* by node: has given one, has carried it out */
};

struct smr {
    struct group group;  /* the replica, alike everywhere when a view begins */
    json_int_t view;     /* that the following is of */
    json_t *pending;     /* "node.number" -> {"id", "accepted", "request", "node", "number"} */
    json_t *carried_out; /* "node.number" -> true */
    json_int_t highest;  /* id that was seen accepted, or given as a candidate */
    json_int_t given;    /* the last candidate of this node */

    struct proposal *proposals;
    json_int_t last_number;
    struct front *front;
    struct timer *again;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* What a replica knows a proposal by. */
static const char *name_of(char *name, size_t size, int node, json_int_t number)
{
    (void)snprintf(name, size, "%d.%" JSON_INTEGER_FORMAT, node, number);
    return name;
}

/* -- views ---------------------------------------------------------------------------------------
 */

/* Ids and what waits for them are of one view: those of the last are nothing any more. */
static void enter(struct self *self)
{
    struct smr *smr = self->state;

    if (smr->view == smr->group.replica.label)
        return;
    smr->view = smr->group.replica.label;
    (void)json_object_clear(smr->pending);
    (void)json_object_clear(smr->carried_out);
}

/* Whether the message is of the view in which this replica is. */
static bool is_current(struct self *self, const struct message *message)
{
    const struct smr *smr = self->state;

    enter(self);
    return smr->group.replica.current && number_of(message->body, "view") == smr->view;
}

/* Whether this node knows who lives, and has the state that they began with. */
static bool is_ready(struct self *self)
{
    const struct smr *smr = self->state;

    enter(self);
    return smr->group.replica.current && smr->view == view_now(self)->number;
}

static bool all_are_in(const struct self *self, uint64_t nodes)
{
    const struct view *view = view_now(self);

    for (int i = 0; i < view->count; i++) {
        if (!(nodes >> view->members[i] & 1))
            return false;
    }
    return true;
}

/* -- the replica ---------------------------------------------------------------------------------
 */

/* "Any new candidate id must be > the id of any accepted request." */
static json_int_t new_candidate(struct self *self)
{
    struct smr *smr = self->state;
    json_int_t above = smr->highest;

    if (bug_is_on(self, "cuid-not-above-accepted")) /* only above what is pending */
        above = json_object_size(smr->pending) ? smr->given : 0;
    smr->given = (above / IDS_PER_STEP + 1) * IDS_PER_STEP + self->me; /* no two alike */
    if (smr->given > smr->highest)
        smr->highest = smr->given;
    return smr->given;
}

/* The pending request of the smallest id, candidate or accepted. NULL: none is pending. */
static json_t *first_pending(const struct smr *smr)
{
    json_t *first = NULL, *pending;
    const char *name;

    json_object_foreach(smr->pending, name, pending)
    {
        if (!first || number_of(pending, "id") < number_of(first, "id"))
            first = pending;
    }
    return first;
}

static struct proposal *proposal_of(const struct smr *smr, json_int_t number)
{
    struct proposal *proposal = smr->proposals;

    while (proposal && proposal->number != number)
        proposal = proposal->next;
    return proposal;
}

static void say_done(struct self *self, int to, json_int_t number)
{
    const struct smr *smr = self->state;
    msg_send(self, to,
             json_pack("{s:s, s:I, s:I}", "type", "done", "view", smr->view, "number", number));
}

/* Durably; and its proposer hears of it. */
static void carry_out(struct self *self, json_t *pending)
{
    struct smr *smr = self->state;
    int node = (int)number_of(pending, "node");
    json_int_t number = number_of(pending, "number");
    char name[32];

    (void)name_of(name, sizeof name, node, number);
    json_t *answer =
        replica_carry_out(self, &smr->group.replica, json_object_get(pending, "request"));
    struct proposal *proposal = node == self->me ? proposal_of(smr, number) : NULL;
    if (proposal && !proposal->answer)
        proposal->answer = json_incref(answer);
    json_decref(answer);
    (void)json_object_set_new(smr->carried_out, name, json_true());
    (void)json_object_del(smr->pending, name);
    say_done(self, node, number);
}

/* "When do we know a candidate is stable? It is accepted, and there are no other pending requests
 * with smaller candidate ids." */
static void carry_out_stable(struct self *self)
{
    const struct smr *smr = self->state;
    json_t *first;

    while ((first = first_pending(smr)) != NULL && json_is_true(json_object_get(first, "accepted")))
        carry_out(self, first);
}

/* "1) Propose candidates." */
static void on_propose(struct self *self, const struct message *message)
{
    const struct smr *smr = self->state;
    json_int_t number = number_of(message->body, "number");
    char name[32];

    if (!is_current(self, message))
        return; /* it comes again */
    (void)name_of(name, sizeof name, message->from, number);
    if (json_object_get(smr->carried_out, name))
        return;
    json_t *pending = json_object_get(smr->pending, name);
    if (!pending) {
        pending = json_pack("{s:I, s:b, s:O, s:i, s:I}", "id", new_candidate(self), "accepted", 0,
                            "request", json_object_get(message->body, "request"), "node",
                            message->from, "number", number);
        (void)json_object_set_new(smr->pending, name, pending);
    }
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:I, s:I}", "type", "candidate", "view", smr->view, "number",
                       number, "id", number_of(pending, "id")));
}

/* "2) Accept." */
static void on_accept(struct self *self, const struct message *message)
{
    struct smr *smr = self->state;
    json_int_t number = number_of(message->body, "number"), id = number_of(message->body, "id");
    char name[32];

    if (!is_current(self, message))
        return;
    (void)name_of(name, sizeof name, message->from, number);
    json_t *pending = json_object_get(smr->pending, name);
    if (!pending) { /* it has given its candidate, so it has carried the request out */
        say_done(self, message->from, number);
        return;
    }
    if (id > smr->highest)
        smr->highest = id;
    (void)json_object_set_new(pending, "id", json_integer(id));
    (void)json_object_set_new(pending, "accepted", json_true());
    if (bug_is_on(self, "apply-unstable"))
        carry_out(self, pending);
    carry_out_stable(self);
}

/* -- the proposer --------------------------------------------------------------------------------
 */

/* Tell, or ask, the live replicas that have not answered. */
static void propose(struct self *self, const struct proposal *proposal)
{
    const struct view *view = view_now(self);
    uint64_t answered = proposal->is_accepted ? proposal->finished : proposal->candidates;

    for (int i = 0; i < view->count; i++) {
        if (answered >> view->members[i] & 1)
            continue;
        json_t *body =
            json_pack("{s:s, s:I, s:I, s:I}", "type", proposal->is_accepted ? "accept" : "propose",
                      "view", proposal->view, "number", proposal->number, "id", proposal->id);
        if (!proposal->is_accepted)
            (void)json_object_set(body, "request", proposal->request);
        msg_send(self, view->members[i], body);
    }
}

static void begin(struct self *self, struct proposal *proposal)
{
    const struct smr *smr = self->state;

    proposal->view = smr->view;
    proposal->id = 0;
    proposal->is_accepted = false;
    proposal->candidates = proposal->finished = 0;
    json_decref(proposal->answer);
    proposal->answer = NULL;
    propose(self, proposal);
}

/* The proposal that the message answers, if it still does. */
static struct proposal *answered_proposal(struct self *self, const struct message *message)
{
    struct proposal *proposal = proposal_of(self->state, number_of(message->body, "number"));

    if (!is_ready(self) || !is_current(self, message) || !proposal)
        return NULL;
    return proposal->view == view_now(self)->number ? proposal : NULL;
}

/* "The id selected from the candidate list must be >= each candidate." */
static void on_candidate(struct self *self, const struct message *message)
{
    struct proposal *proposal = answered_proposal(self, message);
    json_int_t id = number_of(message->body, "id");

    if (!proposal || proposal->is_accepted)
        return;
    if (id > proposal->id)
        proposal->id = id;
    proposal->candidates |= UINT64_C(1) << message->from;
    proposal->is_accepted = all_are_in(self, proposal->candidates);
    if (proposal->is_accepted)
        propose(self, proposal);
}

static void proposal_end(struct smr *smr, struct proposal *proposal)
{
    struct proposal **slot = &smr->proposals;

    while (*slot != proposal)
        slot = &(*slot)->next;
    *slot = proposal->next;
    json_decref(proposal->request);
    json_decref(proposal->answer);
    free(proposal);
}

/* No failure of fewer than all can undo it any more: answer. */
static void on_done(struct self *self, const struct message *message)
{
    struct proposal *proposal = answered_proposal(self, message);

    if (!proposal || !proposal->is_accepted)
        return;
    proposal->finished |= UINT64_C(1) << message->from;
    if (!all_are_in(self, proposal->finished))
        return;
    front_reply(self, proposal->request, json_incref(proposal->answer));
    proposal_end(self->state, proposal);
}

static bool is_proposed(const struct smr *smr, const json_t *request)
{
    for (const struct proposal *it = smr->proposals; it; it = it->next) {
        if (number_of(it->request, "number") == number_of(request, "number") &&
            json_equal(json_object_get(it->request, "session"),
                       json_object_get(request, "session")))
            return true;
    }
    return false;
}

static void proposal_new(struct self *self, json_t *request)
{
    struct smr *smr = self->state;
    struct proposal *proposal = calloc(1, sizeof *proposal);

    *proposal = (struct proposal){.next = smr->proposals, .number = ++smr->last_number};
    proposal->request = json_incref(request);
    smr->proposals = proposal;
    if (is_ready(self))
        begin(self, proposal);
}

/* From this node's own front. */
static void on_request(struct self *self, const struct message *message)
{
    if (!is_proposed(self->state, message->body))
        proposal_new(self, message->body);
}

/* What an earlier view has left undone, and what nobody has answered for a while. */
static void propose_again(struct self *self, void *context)
{
    struct smr *smr = self->state;

    (void)context;
    timer_set(smr->again, AGAIN_MS);
    if (!is_ready(self))
        return;
    for (struct proposal *proposal = smr->proposals; proposal; proposal = proposal->next) {
        if (proposal->view != smr->view)
            begin(self, proposal);
        else
            propose(self, proposal);
    }
}

/* -- failures ------------------------------------------------------------------------------------
 */

/* A dead proposer's requests are proposed again by the oldest survivor. Carrying one out a second
 * time changes nothing: see machine.h. */
static void adopt_orphans(struct self *self, const struct view *view)
{
    const struct smr *smr = self->state;
    json_t *pending;
    const char *name;

    if (view->count == 0 || view->members[0] != self->me)
        return;
    json_object_foreach(smr->pending, name, pending)
    {
        json_t *request = json_object_get(pending, "request");
        if (!view_has(view, (int)number_of(pending, "node")) && !is_proposed(smr, request))
            proposal_new(self, request);
    }
}

static void on_view(struct self *self, const struct view *view)
{
    adopt_orphans(self, view);
    group_enter(self, view);
}

static void on_alike(struct self *self)
{
    propose_again(self, NULL);
}

/* -- clients -------------------------------------------------------------------------------------
 */

static void on_client(struct self *self, const struct message *message)
{
    const struct smr *smr = self->state;
    front_take(smr->front, message);
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct smr *smr = self->state;
    front_finish(smr->front, message);
}

static int myself(const struct self *self)
{
    return self->me;
}

static void start(struct self *self)
{
    struct smr *smr = self->state;

    smr->pending = json_object();
    smr->carried_out = json_object();
    group_start(self, group_share, on_alike);
    smr->front = front_new(self, myself);
    smr->again = timer_new(self, propose_again, NULL);
    timer_set(smr->again, AGAIN_MS);
}

const struct protocol protocol_smr = {
    .name = "smr",
    .about = "a state machine whose replicas choose the requests' ids (S2; Schneider)",
    .promise = "linearizable",
    .exceptions = (const struct exception[]){{"detector", "timeout", NULL}, {0}},
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .bugs =
        (const struct bug[]){
            {"apply-unstable", "what is accepted is carried out before smaller candidates",
             "-w register --nemesis none -t 5"},
            {"cuid-not-above-accepted", "candidates are above what is pending only",
             "-w append -n 3 -c 3 --keys 1 --plan plans/one-node-slow.json -t 6"},
            {0}},
    .holds =
        (const char *const[]){"--nemesis partition,kill,pause --interval 2 -t 10",
                              "-w append -n 3 -c 3 --keys 1 --plan plans/one-node-slow.json -t 6",
                              NULL},
    .showings = (const struct showing[]){{"mistaken-detector",
                                          "who is cut off is taken for dead, and goes on alone",
                                          "-w register --set detector=timeout --nemesis partition "
                                          "--interval 3 -t 10 --consistency linearizable"},
                                         {0}},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"propose", on_propose},
                                   {"candidate", on_candidate},
                                   {"accept", on_accept},
                                   {"done", on_done},
                                   GROUP_RULES,
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .resends = true,
    .state_size = sizeof(struct smr),
    .start = start,
    .on_view = on_view,
    .healthy = is_ready,
};
