/* SPDX-License-Identifier: GPL-2.0-or-later */
/* herald.c - the perfect failure detector: tells every node who is up, as the harness knows it.
 *
 * Every change makes a view with the next number: the nodes that run, the longest up first, each
 * with the view in which its life began. One thread per node tells it the last view, again until
 * the node has said that it heard; over a cut, a pause or a crash that takes as long as they last,
 * and whoever waits for a view meanwhile waits. A node that comes up hears of it by the view that
 * its coming up makes.
 */
#include "reference.h"

#include "../../../harness/base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

enum { PATIENCE_MS = 1000, RETRY_MS = 20 };

/* One node's ear. */
struct ear {
    struct herald *herald;
    int node;
    int64_t heard; /* the last view that it has confirmed */
    struct client *client;
    pthread_t thread;
    bool started;
};

struct herald {
    struct cluster *cluster;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    int64_t number;
    int members[NODES_MAX], count; /* by age */
    int64_t since[NODES_MAX];      /* 0: down */
    node_set born;                 /* that have been in a view */
    struct ear ears[NODES_MAX];
};

/* The present view as a message; the lock is held. */
static json_t *print_view(const struct herald *herald)
{
    json_t *members = json_array();

    for (int i = 0; i < herald->count; i++) {
        int node = herald->members[i];
        (void)json_array_append_new(members,
                                    json_pack("[s, I]", node_name(herald->cluster->nodes[node]),
                                              (json_int_t)herald->since[node]));
    }
    return json_pack("{s:s, s:I, s:i, s:o}", "type", "view", "number", (json_int_t)herald->number,
                     "unborn", herald->cluster->node_count - node_set_count(herald->born),
                     "members", members);
}

/* Until something changes or a while has passed; the lock is held. */
static void wait_a_while(struct herald *herald)
{
    int64_t until_ns = clock_now_ns() + RETRY_MS * NS_PER_MS;
    struct timespec until = {.tv_sec = until_ns / NS_PER_SEC, .tv_nsec = until_ns % NS_PER_SEC};

    (void)pthread_cond_timedwait(&herald->changed, &herald->lock, &until);
}

/* Whether the node has confirmed `view`. The lock is not held. */
static bool tell_node(struct ear *ear, const json_t *view)
{
    const char *why;
    json_t *answer =
        reference_tell(ear->client, view, clock_now_ns() + PATIENCE_MS * NS_PER_MS, &why);
    const char *type = json_string_value(json_object_get(answer, "type"));
    bool heard = type && strcmp(type, "view_ok") == 0;

    json_decref(answer);
    return heard;
}

static void *keep_informed(void *context)
{
    struct ear *ear = context;
    struct herald *herald = ear->herald;

    pthread_mutex_lock(&herald->lock);
    while (!herald->stopping) {
        if (ear->heard == herald->number || herald->since[ear->node] == 0) {
            pthread_cond_wait(&herald->changed, &herald->lock);
            continue;
        }
        int64_t number = herald->number;
        json_t *view = print_view(herald);
        pthread_mutex_unlock(&herald->lock);
        bool heard = tell_node(ear, view);
        json_decref(view);
        pthread_mutex_lock(&herald->lock);
        if (heard)
            ear->heard = number;
        else if (!herald->stopping)
            wait_a_while(herald);
    }
    pthread_mutex_unlock(&herald->lock);
    return NULL;
}

void herald_tell(struct herald *herald, node_set down)
{
    int count = 0;

    pthread_mutex_lock(&herald->lock);
    herald->number++;
    for (int i = 0; i < herald->count; i++) {
        int node = herald->members[i];
        if (down & NODE(node))
            herald->since[node] = 0;
        else
            herald->members[count++] = node;
    }
    for (int node = 0; node < herald->cluster->node_count; node++) {
        if ((down & NODE(node)) || herald->since[node] != 0)
            continue;
        herald->since[node] = herald->number;
        herald->members[count++] = node;
        herald->born |= NODE(node);
    }
    herald->count = count;
    (void)pthread_cond_broadcast(&herald->changed);
    pthread_mutex_unlock(&herald->lock);
}

static int start_ear(struct herald *herald, int node, struct err *err)
{
    const struct node *place = herald->cluster->nodes[node];
    struct ear *ear = &herald->ears[node];

    *ear = (struct ear){.herald = herald, .node = node};
    ear->client = reference_client_new(node_name(place), node_address(place), NODE_PORT, 0);
    if (!ear->client)
        return err_set(err, ENOMEM, "out of memory");
    int code = pthread_create(&ear->thread, NULL, keep_informed, ear);
    if (code != 0)
        return err_errno(err, code, "cannot start a thread that tells '%s' who is up",
                         node_name(place));
    ear->started = true;
    return 0;
}

struct herald *herald_open(struct cluster *cluster, struct err *err)
{
    struct herald *herald = calloc(1, sizeof *herald);
    pthread_condattr_t monotonic;

    if (!herald) {
        (void)err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    herald->cluster = cluster;
    (void)pthread_mutex_init(&herald->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&herald->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    herald_tell(herald, cluster->test->plan.skipped);
    for (int node = 0; node < cluster->node_count; node++) {
        if (start_ear(herald, node, err) == 0)
            continue;
        herald_close(herald);
        return NULL;
    }
    return herald;
}

void herald_close(struct herald *herald)
{
    if (!herald)
        return;
    pthread_mutex_lock(&herald->lock);
    herald->stopping = true;
    (void)pthread_cond_broadcast(&herald->changed);
    pthread_mutex_unlock(&herald->lock);
    for (int node = 0; node < herald->cluster->node_count; node++) {
        struct ear *ear = &herald->ears[node];
        if (ear->started)
            (void)pthread_join(ear->thread, NULL);
        if (ear->client)
            reference_client_close(ear->client);
    }
    (void)pthread_mutex_destroy(&herald->lock);
    (void)pthread_cond_destroy(&herald->changed);
    free(herald);
}
