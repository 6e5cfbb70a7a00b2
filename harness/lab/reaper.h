/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reaper.h - pid 1 of the lab: starts the controller, buries the orphans, ends when it must.
 *
 * Its end is the end of the lab, because the kernel kills whatever lives in a pid namespace whose
 * first process has ended. It ends when the controller does, when the launcher dies (the kernel
 * tells by a signal, and the control socket by its end of file, since the signal has races), or
 * when it is killed itself.
 */
#ifndef ORDEAL_LAB_REAPER_H
#define ORDEAL_LAB_REAPER_H

#include "../base/err.h"

#include <signal.h>
#include <stdbool.h>

/* What launcher and reaper say to each other over their SOCK_SEQPACKET pair. The launcher sends
 * single bytes: REAPER_GO once the ids are mapped, then the number of each signal to pass on. The
 * reaper sends one `struct reaper_report`, before it ends. */
enum { REAPER_GO = 0 };

struct reaper_report {
    bool failed; /* the controller never ran: `err` says why */
    int status;  /* of the controller, 128 + signal if it was killed by one */
    struct err err;
};

struct reaper_job {
    void (*enter)(const struct reaper_job *job); /* in the controller's process, before it runs */
    int (*controller)(void *context);
    void *context;
    int control;       /* the reaper's end */
    sigset_t original; /* the caller's signal mask, for the controller */
    bool own_users;    /* in a new user namespace */
};

_Noreturn void reaper_run(const struct reaper_job *job);

#endif
