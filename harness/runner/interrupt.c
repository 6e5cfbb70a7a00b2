/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "interrupt.h"

#include "../base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_bool requested;

static void *watch(void *unused)
{
    sigset_t signals;
    int number;

    (void)unused;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    while (sigwait(&signals, &number) == 0) {
        if (atomic_exchange(&requested, true))
            _exit(255); /* the kernel takes the lab down with us */
        log_warning("run", "healing, then the verdict of what there is; once more ends at once");
    }
    return NULL;
}

void interrupt_watch(void)
{
    sigset_t signals;
    pthread_t thread;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    if (pthread_create(&thread, NULL, watch, NULL) == 0)
        pthread_detach(thread);
    else
        pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}

bool interrupt_requested(void)
{
    return atomic_load(&requested);
}
