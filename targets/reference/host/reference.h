/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.h - what the files of the host share. */
#ifndef ORDEAL_REFERENCE_REFERENCE_H
#define ORDEAL_REFERENCE_REFERENCE_H

#include "host.h"
#include "wire.h"

#include <jansson.h>

/* A protocol as `ordeal-node --describe` tells it. */
struct reference {
    struct target target; /* first: a target of ours is one of these */
    json_t *described;    /* owns all its strings */
    const char *promise;  /* level; NULL: none */
};

static inline const struct reference *reference_of(const struct test *test)
{
    return (const struct reference *)test->target;
}

/* cluster.c */
int reference_promise(const struct test *test, const char **level, struct err *err);
int64_t reference_staleness_ns(const struct test *test);
int reference_setup(struct cluster *cluster, struct err *err);
void reference_teardown(struct cluster *cluster);
int reference_healthy(struct cluster *cluster, struct err *err);
node_set reference_leaders(struct cluster *cluster);
int reference_roll(struct cluster *cluster, int index, bool other, int64_t deadline_ns,
                   struct err *err);

/* Whether clients try other nodes: the protocol has them, and the setting is not off. */
bool reference_resends(const struct test *test);

/* herald.c: tells every node who is up, until it has heard it. */
struct herald;
struct herald *herald_open(struct cluster *cluster, struct err *err);
void herald_tell(struct herald *herald, node_set down);
void herald_close(struct herald *herald); /* NULL: nothing */
void reference_crashed(struct cluster *cluster, node_set down);

/* client.c */
int reference_client_open(struct cluster *cluster, int node, struct client **client,
                          struct err *err);
void reference_invoke(struct client *client, struct client_op *op);
void reference_client_close(struct client *client);

/* The same for a node known only by its name and address; `number` makes the client's name. */
struct client *reference_client_new(const char *node_name, const char *ipv4, uint16_t port,
                                    int number);

/* Ask a bare question ("health", "leader"). The answer's body, a new reference; NULL with *why if
 * there was none. An error is an answer. */
json_t *reference_ask(struct client *client, const char *type, int64_t deadline_ns,
                      const char **why);

/* The same with a whole body, which is borrowed. */
json_t *reference_tell(struct client *client, const json_t *body, int64_t deadline_ns,
                       const char **why);

#endif
