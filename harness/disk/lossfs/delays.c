/* SPDX-License-Identifier: GPL-2.0-or-later */
/* delays.c - syncs that take their time, or as long as the disk is declared stalled.
 *
 * They wait here and not in the threads that answer FUSE, so that a stalled sync holds up nobody
 * else. A caller in fsync cannot be killed before it is answered: that is why the power goes off
 * first (DISK_POWER_OFF), which answers all of them, and syncs nothing.
 */
#include "lossfs.h"

#include "../../base/clock.h"

#include <errno.h>
#include <stdlib.h>

struct waiting {
    struct waiting *next;
    fuse_req_t req;
    struct inode *inode;      /* held */
    int64_t since_ns, due_ns; /* due_ns INT64_MAX: when something else is declared */
};

static struct {
    pthread_mutex_t lock; /* taken before the disk's */
    pthread_cond_t changed;
    struct waiting *first;
} delays = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t later(int64_t from_ns, int64_t delay_ns)
{
    return delay_ns > INT64_MAX - from_ns ? INT64_MAX : from_ns + delay_ns;
}

void delays_add(fuse_req_t req, struct inode *inode, int64_t delay_ns)
{
    struct waiting *waiting = malloc(sizeof *waiting);
    int64_t now_ns = clock_now_ns();

    if (!waiting) { /* an error is the truth: nothing was synced */
        (void)fuse_reply_err(req, ENOMEM);
        return;
    }
    *waiting = (struct waiting){
        .req = req, .inode = inode, .since_ns = now_ns, .due_ns = later(now_ns, delay_ns)};
    pthread_mutex_lock(&delays.lock);
    waiting->next = delays.first;
    delays.first = waiting;
    pthread_cond_signal(&delays.changed);
    pthread_mutex_unlock(&delays.lock);
}

void delays_review(void)
{
    pthread_mutex_lock(&delays.lock);
    pthread_mutex_lock(&disk.lock);
    for (struct waiting *waiting = delays.first; waiting; waiting = waiting->next)
        waiting->due_ns =
            disk.power_off ? 0 : later(waiting->since_ns, disk_delays(&disk, waiting->inode));
    pthread_mutex_unlock(&disk.lock);
    pthread_cond_signal(&delays.changed);
    pthread_mutex_unlock(&delays.lock);
}

/* What is durable when the answer comes is what had been written by then. */
static void finish(struct waiting *waiting)
{
    pthread_mutex_lock(&disk.lock);
    int code = disk.power_off ? EIO : 0;
    if (code == 0)
        disk_synced(&disk, waiting->inode);
    inode_release(&disk.inodes, waiting->inode, 1);
    pthread_mutex_unlock(&disk.lock);
    (void)fuse_reply_err(waiting->req, code);
    free(waiting);
}

/* With the lock: finish what is due; when the next one is. */
static int64_t finish_due(int64_t now_ns)
{
    int64_t next_ns = INT64_MAX;

    for (struct waiting **link = &delays.first; *link;) {
        struct waiting *waiting = *link;
        if (waiting->due_ns <= now_ns) {
            *link = waiting->next;
            finish(waiting);
            continue;
        }
        next_ns = waiting->due_ns < next_ns ? waiting->due_ns : next_ns;
        link = &waiting->next;
    }
    return next_ns;
}

static void *wait_for_all(void *context)
{
    (void)context;
    pthread_mutex_lock(&delays.lock);
    for (;;) {
        int64_t next_ns = finish_due(clock_now_ns());
        if (next_ns == INT64_MAX) {
            pthread_cond_wait(&delays.changed, &delays.lock);
            continue;
        }
        struct timespec until = {.tv_sec = next_ns / NS_PER_SEC, .tv_nsec = next_ns % NS_PER_SEC};
        (void)pthread_cond_timedwait(&delays.changed, &delays.lock, &until);
    }
    return NULL;
}

int delays_start(struct err *err)
{
    pthread_condattr_t monotonic;
    pthread_t thread;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&delays.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int code = pthread_create(&thread, NULL, wait_for_all, NULL);
    if (code)
        return err_errno(err, code, "cannot start the disk's thread");
    return pthread_detach(thread);
}
