/* SPDX-License-Identifier: GPL-2.0-or-later */
/* primary_backup.c - passive replication, blocking: S2, "Passive Replication (Primary-backup)".
 *
 * The primary gives all updates their order and streams its log to the backups; an update is
 * acknowledged when every backup that lives has it. "We wait... how long? Until it's marked dead":
 * all rests on the failure detector. With a perfect one N servers tolerate the loss of N - 1
 * copies; one that mistakes a cut for a crash makes two primaries. "Clients must participate in
 * recovery": when the primary dies they send again, and what was done already is not done twice.
 */
#include "runtime/front.h"
#include "runtime/group.h"
#include "runtime/table.h"

#include <string.h>

enum { AGAIN_MS = 200 };

struct primary_backup {
    struct group group; /* the log of updates, and what it has made of the table */
    bool reads_locally;
    struct front *front;

    /* At the primary. */
    json_int_t held[NODE_COUNT_MAX]; /* by node: the last update that it has said to hold */
    json_t *waiting;   /* [{"number", "update", "request", "answer"}]: until all hold the number */
    json_int_t resent; /* the first number that was missing when it last looked */
    struct timer *again;
};

static json_int_t number_of(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static int primary_of(const struct self *self)
{
    const struct view *view = view_now(self);
    return view->count > 0 ? view->members[0] : -1;
}

/* -- the primary ---------------------------------------------------------------------------------
 */

/* The last update that every replica has, as far as they have said. */
static json_int_t stable(const struct self *self)
{
    const struct primary_backup *pb = self->state;
    const struct view *view = view_now(self);
    json_int_t number = pb->group.replica.number;

    for (int i = 0; i < view->count; i++) {
        int node = view->members[i];
        if (node != self->me && pb->held[node] < number)
            number = pb->held[node];
    }
    return number;
}

/* Answer what no failure can undo any more. */
static void answer_stable(struct self *self)
{
    struct primary_backup *pb = self->state;
    json_int_t number = stable(self);

    while (pb->group.alike && json_array_size(pb->waiting) > 0) {
        const json_t *first = json_array_get(pb->waiting, 0);
        if (number_of(first, "number") > number)
            return;
        front_reply(self, json_object_get(first, "request"),
                    json_incref(json_object_get(first, "answer")));
        (void)json_array_remove(pb->waiting, 0);
    }
}

/* "It streams copies to backup(s)." */
static void send_update(struct self *self, int backup, json_int_t number, json_t *request)
{
    msg_send(self, backup,
             json_pack("{s:s, s:I, s:I, s:O}", "type", "update", "view", view_now(self)->number,
                       "number", number, "request", request));
}

static void stream(struct self *self, json_int_t number, json_t *request)
{
    const struct view *view = view_now(self);

    for (int i = 1; i < view->count; i++)
        send_update(self, view->members[i], number, request);
}

/* "Operations handled by primary." A read shows what came before it, and so is answered when that
 * is everywhere; it is no update, and not streamed. */
static void on_request(struct self *self, const struct message *message)
{
    struct primary_backup *pb = self->state;
    const json_t *command = json_object_get(message->body, "command");
    const char *type = json_string_value(json_object_get(command, "type"));
    bool is_update = type && strcmp(type, "read") != 0;
    json_t *answer;

    if (!group_leads(self))
        return; /* it will come again, or go to the next primary */
    if (!is_update) {
        answer = table_apply(pb->group.replica.machine.table, command);
    } else {
        answer = replica_carry_out(self, &pb->group.replica, message->body);
        stream(self, pb->group.replica.number, message->body);
    }
    if (bug_is_on(self, "reply-before-backup")) {
        front_reply(self, message->body, answer ? json_deep_copy(answer) : NULL);
        answer = NULL;
    }
    (void)json_array_append_new(pb->waiting,
                                json_pack("{s:I, s:b, s:O, s:o?}", "number",
                                          pb->group.replica.number, "update", (int)is_update,
                                          "request", message->body, "answer", answer));
    answer_stable(self);
}

/* A backup has it. */
static void on_updated(struct self *self, const struct message *message)
{
    struct primary_backup *pb = self->state;
    json_int_t number = number_of(message->body, "number");

    if (!group_leads(self) || number_of(message->body, "view") != view_now(self)->number)
        return;
    if (number > pb->held[message->from])
        pb->held[message->from] = number;
    answer_stable(self);
}

/* Send what a backup lacks once more, if it has lacked that for a while: links may lose it, and it
 * could not take it before it had the view's state. */
static void stream_again(struct self *self, void *context)
{
    struct primary_backup *pb = self->state;
    const struct view *view = view_now(self);
    json_int_t missing = stable(self) + 1;
    const json_t *entry;
    size_t i;

    (void)context;
    timer_set(pb->again, AGAIN_MS);
    bool is_late = missing == pb->resent && pb->group.alike;
    pb->resent = missing;
    if (!is_late || !group_leads(self))
        return;
    json_array_foreach(pb->waiting, i, entry)
    {
        json_int_t number = number_of(entry, "number");
        bool is_update = json_is_true(json_object_get(entry, "update"));
        for (int k = 1; is_update && k < view->count; k++) {
            if (number > pb->held[view->members[k]])
                send_update(self, view->members[k], number, json_object_get(entry, "request"));
        }
    }
}

/* -- backups -------------------------------------------------------------------------------------
 */

/* "Stream the log to the backup": durable, in order, from the primary of the view whose state this
 * is. What comes twice is only acknowledged again. */
static void on_update(struct self *self, const struct message *message)
{
    struct replica *replica = &((struct primary_backup *)self->state)->group.replica;
    json_int_t number = number_of(message->body, "number");

    if (!replica->current || number_of(message->body, "view") != replica->label ||
        number > replica->number + 1)
        return;
    if (number == replica->number + 1)
        json_decref(replica_carry_out(self, replica, json_object_get(message->body, "request")));
    msg_send(self, message->from,
             json_pack("{s:s, s:I, s:I}", "type", "updated", "view", replica->label, "number",
                       replica->number));
}

/* -- failures ------------------------------------------------------------------------------------
 */

/* The other replicas are as this one was when it began to lead, and what has come since is being
 * streamed: those that wait may be answered when that is everywhere. */
static void on_alike(struct self *self)
{
    struct primary_backup *pb = self->state;

    pb->resent = stable(self) + 1;
    stream_again(self, NULL);
    answer_stable(self);
}

static void take_over(struct self *self)
{
    struct primary_backup *pb = self->state;

    for (int i = 0; i < self->count; i++)
        pb->held[i] = pb->group.replica.number;
    group_share(self);
}

/* "On master failure, run election": the member that has lived longest leads. */
static void on_view(struct self *self, const struct view *view)
{
    struct primary_backup *pb = self->state;

    if (primary_of(self) != self->me)
        (void)json_array_clear(pb->waiting); /* their clients ask the new primary */
    group_enter(self, view);
    front_resend(pb->front);
}

/* -- clients -------------------------------------------------------------------------------------
 */

static void on_client(struct self *self, const struct message *message)
{
    const struct primary_backup *pb = self->state;
    const struct replica *replica = &pb->group.replica;

    if (strcmp(message->type, "read") != 0 || !pb->reads_locally)
        front_take(pb->front, message);
    else if (replica->current) /* S2's figure: "response to read" from a backup */
        msg_reply(self, &message->caller, table_apply(replica->machine.table, message->body));
    else
        msg_error(self, &message->caller, MSG_UNAVAILABLE, "this backup has just started");
}

static void on_answer(struct self *self, const struct message *message)
{
    const struct primary_backup *pb = self->state;
    front_finish(pb->front, message);
}

static void start(struct self *self)
{
    struct primary_backup *pb = self->state;

    pb->waiting = json_array();
    pb->reads_locally = strcmp(option_get(self, "reads"), "local") == 0;
    pb->group.replica.repeats = bug_is_on(self, "no-dedup");
    group_start(self, take_over, on_alike);
    pb->front = front_new(self, primary_of);
    pb->again = timer_new(self, stream_again, NULL);
    timer_set(pb->again, AGAIN_MS);
}

static bool is_ready(struct self *self)
{
    const struct primary_backup *pb = self->state;
    return pb->group.replica.current && pb->group.replica.label == view_now(self)->number;
}

static bool is_primary(struct self *self)
{
    return group_leads(self);
}

const struct protocol protocol_primary_backup = {
    .name = "primary-backup",
    .about = "passive replication: a primary, and backups that have all it acknowledges (S2)",
    .promise = "linearizable",
    .exceptions = (const struct exception[]){{"detector", "timeout", NULL},
                                             {"reads", "local", NULL},
                                             {NULL, NULL, NULL}},
    .fs = (const char *const[]){"read", "write", "cas", "append", "add", NULL},
    .options = (const struct protocol_option[]){{"reads", "primary|local", "primary",
                                                 "who answers reads; any backup may be behind"},
                                                {NULL, NULL, NULL, NULL}},
    .bugs = (const struct bug[]){{"reply-before-backup",
                                  "the primary answers before the backups have it",
                                  "--plan plans/leader-cut-then-killed.json -t 6"},
                                 {"no-dedup", "what clients send again is carried out again",
                                  "-w append --nemesis kill --interval 2 -t 8"},
                                 {NULL, NULL, NULL}},
    .holds = (const char *const[]){"--nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w append --nemesis partition,kill,pause --interval 2 -t 10",
                                   "-w register --set link=udp --nemesis partition,kill,pause "
                                   "--interval 2 -t 10",
                                   NULL},
    .showings =
        (const struct showing[]){
            {"split-brain", "a cut is taken for a crash: two primaries",
             "--set detector=timeout --nemesis partition --interval 3 -t 9"},
            {"stale-backup", "a backup that is read is behind another",
             "-w register --set reads=local --nemesis partition --interval 2 --op-timeout 0.5 "
             "--keys 3 -c 4n -t 8"},
            {NULL, NULL, NULL}},
    .rules = (const struct rule[]){{"read", on_client},
                                   {"write", on_client},
                                   {"cas", on_client},
                                   {"append", on_client},
                                   {"add", on_client},
                                   {"answer", on_answer},
                                   {"request", on_request},
                                   {"update", on_update},
                                   {"updated", on_updated},
                                   GROUP_RULES,
                                   {NULL, NULL}},
    .link = LINK_TCP,
    .resends = true,
    .state_size = sizeof(struct primary_backup),
    .start = start,
    .on_view = on_view,
    .healthy = is_ready,
    .leads = is_primary,
};
