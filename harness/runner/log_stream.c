/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "log_stream.h"

#include "../agent/wire.h"
#include "../base/clock.h"
#include "../base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOGS_MAX = 128, INTERVAL_MS = 500, LAST_MS = 10000, PIECES_MAX = 16 };

/* How far a log was brought. */
struct brought {
    char name[NODE_LOG_BYTES];
    int64_t until;
};

struct log_stream {
    const struct cluster *cluster;
    char folder[PATH_MAX];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
    bool failed; /* to write here: said once */
    struct brought brought[NODES_MAX][LOGS_MAX];
};

static struct brought *find(struct log_stream *stream, int node, const char *name)
{
    struct brought *brought = stream->brought[node];

    for (int i = 0; i < LOGS_MAX; i++) {
        if (!brought[i].name[0])
            (void)snprintf(brought[i].name, sizeof brought[i].name, "%.*s", NODE_LOG_BYTES - 1,
                           name);
        if (strcmp(brought[i].name, name) == 0)
            return &brought[i];
    }
    return NULL;
}

static bool append(struct log_stream *stream, int node, const char *name, struct str text)
{
    char path[PATH_MAX + 160];

    (void)snprintf(path, sizeof path, "%s/%s/%.*s", stream->folder,
                   stream->cluster->test->node_names[node], NODE_LOG_BYTES - 1, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    bool done = fd >= 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;
    if (!done && !stream->failed)
        log_warning("run", "logs of nodes are missing: cannot write '%s': %s", path,
                    strerror(errno));
    stream->failed |= !done;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* Some pieces of it. Whether there is more. */
static bool bring(struct log_stream *stream, int node, const struct node_log *log)
{
    struct brought *brought = find(stream, node, log->name);
    struct buf piece;
    struct err err;

    if (!brought)
        return false;
    if (brought->until < log->begins)
        brought->until = log->begins;
    buf_init(&piece, CHUNK_MAX_BYTES + 1);
    for (int i = 0; i < PIECES_MAX && brought->until < log->size; i++) {
        char path[NODE_LOG_BYTES + 16];
        buf_clear(&piece);
        (void)snprintf(path, sizeof path, "/node/log/%.*s", NODE_LOG_BYTES - 1, log->name);
        if (node_get(stream->cluster->nodes[node], path, brought->until, &piece, &err) < 0 ||
            piece.len == 0 || !append(stream, node, log->name, buf_str(&piece))) {
            buf_release(&piece);
            return false;
        }
        brought->until += (int64_t)piece.len;
    }
    buf_release(&piece);
    return brought->until < log->size;
}

/* Whether there is more to bring. */
static bool bring_all(struct log_stream *stream)
{
    static struct node_log logs[LOGS_MAX]; /* one thread's at a time */
    bool more = false;
    struct err err; /* who is lost is told elsewhere */
    int count;

    for (int i = 0; i < stream->cluster->node_count; i++) {
        if (node_logs(stream->cluster->nodes[i], logs, LOGS_MAX, &count, &err) < 0)
            continue;
        for (int k = 0; k < count; k++)
            more |= bring(stream, i, &logs[k]);
    }
    return more;
}

/* Whether to go on. */
static bool rest(struct log_stream *stream, bool more)
{
    int64_t at_ns = clock_now_ns() + (more ? 0 : INTERVAL_MS * NS_PER_MS);
    struct timespec at = {.tv_sec = at_ns / NS_PER_SEC, .tv_nsec = at_ns % NS_PER_SEC};
    bool over = false;

    pthread_mutex_lock(&stream->lock);
    while (!stream->stopping && !over)
        over = pthread_cond_timedwait(&stream->changed, &stream->lock, &at) == ETIMEDOUT;
    bool stopping = stream->stopping;
    pthread_mutex_unlock(&stream->lock);
    return !stopping;
}

static void *follow(void *context)
{
    struct log_stream *stream = context;

    while (rest(stream, bring_all(stream)))
        continue;
    int64_t deadline_ns = clock_now_ns() + LAST_MS * NS_PER_MS;
    while (bring_all(stream)) {
        if (clock_now_ns() > deadline_ns) {
            log_warning("run", "the last of the nodes' logs is missing: it did not come in time");
            break;
        }
    }
    return NULL;
}

int log_stream_start(struct log_stream **stream, const struct cluster *cluster, const char *folder,
                     struct err *err)
{
    struct log_stream *made = calloc(1, sizeof *made);
    pthread_condattr_t monotonic;

    if (!made)
        return err_set(err, ENOMEM, "out of memory for the nodes' logs");
    made->cluster = cluster;
    (void)snprintf(made->folder, sizeof made->folder, "%s", folder);
    pthread_mutex_init(&made->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&made->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int error = pthread_create(&made->thread, NULL, follow, made);
    if (error) {
        free(made);
        return err_errno(err, error, "cannot make a thread for the nodes' logs");
    }
    *stream = made;
    return 0;
}

void log_stream_stop(struct log_stream *stream)
{
    if (!stream)
        return;
    pthread_mutex_lock(&stream->lock);
    stream->stopping = true;
    pthread_cond_broadcast(&stream->changed);
    pthread_mutex_unlock(&stream->lock);
    pthread_join(stream->thread, NULL);
    pthread_mutex_destroy(&stream->lock);
    pthread_cond_destroy(&stream->changed);
    free(stream);
}
