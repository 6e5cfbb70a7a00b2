/* SPDX-License-Identifier: GPL-2.0-or-later */
/* protocol.h - all that a protocol file sees.
 *
 * A protocol is one file, targets/reference/NAME.c, that defines `const struct protocol
 * protocol_NAME` (underscores in C, dashes in its name); the build finds it by being there. It is a
 * state and rules: on this message, do that. The rest is the runtime's: sockets, peers, timers,
 * requests with time-outs, stable storage, clients. One process runs one node, in one thread: rules
 * run one after another, none waits.
 *
 * Messages are those of Maelstrom nodes, JSON objects {"src","dest","body"} with "type", "msg_id"
 * and "in_reply_to" in the body. The same program speaks them over the network between nodes of a
 * real cluster, and on standard input and output under Maelstrom itself.
 */
#ifndef ORDEAL_REFERENCE_PROTOCOL_H
#define ORDEAL_REFERENCE_PROTOCOL_H

#include "../../../harness/base/rng.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* This node, as its protocol sees it. */
struct self {
    int me;                   /* from 0, in the order of names */
    int count;                /* nodes in the cluster, this one included */
    const char *const *names; /* "n1", ... */
    struct rng rng;
    void *state; /* the protocol's own: state_size zeroed bytes */
};

enum { FROM_CLIENT = -1, NODE_COUNT_MAX = 63 };

/* Whom to answer; may be kept and answered later, once. */
struct caller {
    int node; /* or FROM_CLIENT */
    uint64_t connection;
    int64_t msg_id; /* NO_MSG_ID: wants no answer, and gets none */
    char client[24];
};

#define NO_MSG_ID INT64_MIN

struct message {
    int from; /* node, or FROM_CLIENT */
    const char *type;
    json_t *body; /* borrowed, lives until the rule returns */
    struct caller caller;
};

/* -- messages: `body` is taken over, and gets what the envelope needs ---------------------------
 */

/* To node `to`, or to oneself, which arrives after the present rule has returned. */
void msg_send(struct self *self, int to, json_t *body);

/* To all others. */
void msg_broadcast(struct self *self, json_t *body);

void msg_reply(struct self *self, const struct caller *caller, json_t *body);

/* Maelstrom's errors. All but those two are definite: the operation did not and will not happen. */
enum msg_error {
    MSG_TIMEOUT = 0, /* indefinite */
    MSG_NOT_SUPPORTED = 10,
    MSG_UNAVAILABLE = 11, /* temporarily */
    MSG_MALFORMED = 12,
    MSG_CRASH = 13, /* indefinite */
    MSG_ABORT = 14,
    MSG_NO_KEY = 20,
    MSG_KEY_EXISTS = 21,
    MSG_PRECONDITION = 22,
    MSG_CONFLICT = 30,
};

void msg_error(struct self *self, const struct caller *caller, enum msg_error code,
               const char *text);

/* Ask node `to`; `done` runs once, with the answer (an error is an answer too), or with NULL after
 * timeout_ms. */
typedef void msg_done(struct self *self, void *context, const struct message *answer);
void msg_call(struct self *self, int to, json_t *body, int timeout_ms, msg_done *done,
              void *context);

/* -- timers: made once in `start`, never freed --------------------------------------------------
 */

struct timer;
struct timer *timer_new(struct self *self, void (*fire)(struct self *self, void *context),
                        void *context);

/* Fire once, this much later; a second call moves it. */
void timer_set(struct timer *timer, int after_ms);
void timer_clear(struct timer *timer);

int64_t now_ms(void);      /* monotonic */
int64_t now_wall_ms(void); /* what this node's clock says; faults move it */

/* -- stable storage: files of JSON records, kept over crashes of the process --------------------
 *
 * What was appended but not synced may be lost when the machine crashes. A record that was being
 * written is dropped whole. A node that cannot write ends with a message. */

void storage_append(struct self *self, const char *name, const json_t *record);
void storage_sync(struct self *self, const char *name);

/* Put `record` in the place of all that the file holds; durable when it returns. */
void storage_replace(struct self *self, const char *name, const json_t *record);

/* The records in order, a new array; empty if the file was never written. */
json_t *storage_read(struct self *self, const char *name);

/* -- who is up: what the failure detector says ---------------------------------------------------
 *
 * For protocols with `on_view`. --set detector=perfect: the harness tells every node whom it has
 * killed, never a node that is cut off or paused; one number is one view, everywhere and for good,
 * though each node hears of it in its own time, and may miss some. --set detector=timeout: nodes
 * tell each other that they live, and whoever is silent for --set suspect-ms is taken for dead; the
 * first whom nobody older contradicts makes the next view, so that two sides of a cut have one
 * each. */

struct view {
    int64_t number; /* grows at every node, over restarts too; 0: nothing is known yet */
    int count;      /* of members: the nodes that are up */
    int members[NODE_COUNT_MAX];   /* by age: the first has been up for the longest */
    int64_t since[NODE_COUNT_MAX]; /* by node: the view in which its present life began; 0: down */
    int unborn; /* how many nodes have been in no view up to this one, as far as is known: they have
                 * nothing that anybody could miss */
};

/* What this node has heard last; lives as long as the node and changes before `on_view` is called.
 */
const struct view *view_now(const struct self *self);

static inline bool view_has(const struct view *view, int node)
{
    return view->since[node] != 0;
}

/* -- the command line ----------------------------------------------------------------------------
 */

/* The value of one of the protocol's options. */
const char *option_get(const struct self *self, const char *key);

/* The same as a number; the node ends with a message if it is none, or outside min..max. */
int option_number(const struct self *self, const char *key, int min, int max);

/* Whether the planted bug of that name (one of the protocol's bugs) is on. */
bool bug_is_on(const struct self *self, const char *name);

/* A line in the node's log. */
void note(const struct self *self, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* -- the protocol itself --------------------------------------------------------------------------
 */

struct rule {
    const char *type; /* of messages; from clients only if it is one of `fs` */
    void (*run)(struct self *self, const struct message *message);
};

struct protocol_option {
    const char *key;
    const char *values;  /* "eager|lazy"; without a |: anything, the text is for people */
    const char *initial; /* if not given */
    const char *about;
};

struct bug {
    const char *name;
    const char *about; /* what it does wrong, one line */
    const char *shown; /* options of `ordeal run`, as typed, under which it shows: "-w append
                        * --nemesis kill -t 8"; "--plan plans/NAME.json" names a file of ours. NULL:
                        * those of the first of `holds`, without its bug */
};

/* Where theory breaks the honest protocol, and the record must show it. */
struct showing {
    const char *name;  /* "stale-read" */
    const char *about; /* what is seen, one line */
    const char *shown; /* as a bug's; with `--consistency` where the promise is not what breaks */
};

/* What is promised where a setting is not the usual one. */
struct exception {
    const char *key, *value; /* "detector", "timeout" */
    const char *promise;     /* NULL: nothing */
};

enum link_kind { LINK_TCP, LINK_UDP };

struct protocol {
    const char *name;      /* "primary-backup" */
    const char *about;     /* one line, for `ordeal list` */
    const char *promise;   /* level that it holds; NULL: none */
    const char *staleness; /* promise "staleness": the option that says in milliseconds how old */
    const struct exception *exceptions; /* the first that applies; ends with key NULL; or NULL */
    const char *const *fs;              /* what clients may ask: "read", ...; ends with NULL */
    const char *const *faults; /* nemeses under which it holds its promise; ends with NULL; or NULL
                                * for every one */
    const struct protocol_option *options; /* ends with key NULL; or NULL */
    const struct bug *bugs;                /* ends with name NULL; or NULL */
    const char *const *holds; /* conditions under which it must never be blamed, each as options
                               * of `ordeal run`; ends with NULL; or NULL: nothing is promised */
    const struct showing *showings; /* ends with name NULL; or NULL */
    const struct rule *rules;       /* ends with type NULL */

    /* How messages between nodes travel unless --link says otherwise. LINK_TCP: a numbered session,
     * resumed after a cut, in order, nothing lost or doubled while both live. LINK_UDP: fair loss;
     * what is not repeated may be lost, doubled or overtaken. */
    enum link_kind link;

    /* Requests carry "session" and "number", and whatever comes again with the same is carried out
     * once (see machine.h): clients then try other nodes until an operation's time is over. */
    bool resends;

    int recovery_ms; /* it answers again within this after everything is healed; 0: 5 seconds */
    size_t state_size;

    /* Prepare the state, from stable storage where there is any. MUST be set. */
    void (*start)(struct self *self);

    /* There is a new view. MAY be NULL: the protocol has no failure detector. Else it has the
     * settings `detector` and `suspect-ms`. */
    void (*on_view)(struct self *self, const struct view *view);

    /* Whether it can serve clients now (a leader is known, ...). MAY be NULL: always. */
    bool (*healthy)(struct self *self);

    /* Whether this node believes that it leads. MAY be NULL: there is no leader. */
    bool (*leads)(struct self *self);
};

/* Generated from the files in targets/reference/: sorted by name, NULL-terminated. */
extern const struct protocol *const protocols[];

#endif
