/* SPDX-License-Identifier: GPL-2.0-or-later */
/* runtime.h - what the runtime's own files share; protocols see protocol.h only. */
#ifndef ORDEAL_REFERENCE_RUNTIME_H
#define ORDEAL_REFERENCE_RUNTIME_H

#include "../../../harness/base/buf.h"
#include "../../../harness/base/err.h"
#include "protocol.h"

#include <netinet/in.h>
#include <uv.h>

#define HEARTBEAT "heartbeat" /* the type of the messages of heartbeat.c */

enum { SETTINGS_MAX = 32, LINE_LIMIT = 16 << 20, PENDING_BUCKETS = 1024 };

struct runtime {
    struct self self;
    const struct protocol *protocol;
    uv_loop_t loop;

    /* From the command line. */
    char *names[NODE_COUNT_MAX];
    struct sockaddr_in addresses[NODE_COUNT_MAX];
    struct {
        const char *key, *value;
    } settings[SETTINGS_MAX];
    int setting_count;
    const char *bug;      /* NULL: none */
    const char *data_dir; /* NULL: nothing is kept */
    uint64_t seed;
    const char *late; /* names, with commas between: health does not wait for links to these */

    /* How lines leave this process; set by whoever connects it to the outside. */
    void (*to_node)(struct runtime *rt, int to, struct str line);
    void (*to_client)(struct runtime *rt, uint64_t connection, struct str line);
    bool (*links_ready)(const struct runtime *rt); /* NULL: cannot be told, as with datagrams */

    char incarnation[17]; /* of this process: random */
    bool started;
    struct buf line; /* of the message being sent */

    /* message.c */
    int64_t next_msg_id;
    struct pending *pending[PENDING_BUCKETS];
    struct local_message *local_first, **local_last;
    uv_idle_t local_idle;

    struct storage *storage;
    struct network *network;
    struct sessions *sessions;
    struct datagrams *datagrams;
    struct views *views; /* NULL: no failure detector */
};

static inline struct runtime *runtime_of(struct self *self)
{
    return (struct runtime *)self; /* its first member */
}

static inline const struct runtime *runtime_of_const(const struct self *self)
{
    return (const struct runtime *)self;
}

/* Say why on standard error and exit: the node cannot go on. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* main.c: the protocol's start, once the node's name and peers are known. */
void runtime_start(struct runtime *rt);

/* The number of the node of that name, or -1. */
int runtime_find_node(const struct runtime *rt, const char *name);

/* message.c */
void messages_init(struct runtime *rt);

/* A line came in. `from`: node, FROM_CLIENT, or FROM_ANYONE to tell by its "src". */
enum { FROM_ANYONE = -2 };
void message_receive(struct runtime *rt, struct str line, int from, uint64_t connection);

/* views.c: the options of a protocol with a failure detector; ends with key NULL. */
extern const struct protocol_option views_options[];

/* Start its failure detector, if it has one. */
void views_open(struct runtime *rt);

/* What the harness says of who is up: {"number","members":[[name, since],...]}. False if it makes
 * no sense here. */
bool views_take(struct runtime *rt, const json_t *body);

/* heartbeat.c: a sign of life of another node. */
void heartbeat_take(struct runtime *rt, int from, const json_t *body);

/* network.c: listen for clients and peers at this node's address. */
void network_open(struct runtime *rt);

/* session.c, datagram.c: the two links. Sets to_node and links_ready. */
void sessions_open(struct runtime *rt);
void datagrams_open(struct runtime *rt);

/* stdio.c: all messages on standard input and output. */
void stdio_open(struct runtime *rt);

/* describe.c: --describe. */
void describe_protocols(void);

#endif
