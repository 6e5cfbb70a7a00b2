/* SPDX-License-Identifier: GPL-2.0-or-later */
/* box.h - where the system's processes run, so that all of them can be stopped and killed as one.
 *
 * On a node of the lab the box is a pid namespace whose first process, the node init, is its life:
 * nothing that a process does (daemonise, change its session, fork in a loop) takes it out of
 * there. On a remote host, where namespaces cannot be had, it is whatever descends from the agent.
 * The box is opened when the first process needs it, and again after a kill: then /run, /tmp,
 * /dev/shm and System V memory are empty as after a crash, and /node is as it was.
 *
 * Processes in the box are the agent's own children (or were left to the node init), so their exit
 * is learned by waiting for children; whoever does so tells box_reaped().
 */
#ifndef ORDEAL_AGENT_BOX_H
#define ORDEAL_AGENT_BOX_H

#include "../base/err.h"
#include "../world.h"

#include <stdbool.h>
#include <sys/types.h>

struct clocks;

struct box {
    const struct box_kind *kind;
    const struct clocks *clocks; /* that all who execute something in it get; NULL: the machine's */
    bool open;
    struct limits limits; /* on whatever is in it, now and in later lives */
    /* namespaces only: */
    pid_t init;         /* the node init */
    int init_fd;        /* socket to it: commands and answers; its end is the node init's end */
    int init_pid;       /* pidfd: the namespaces to enter */
    unsigned asked;     /* number of the last request to the node init */
    uint64_t throttles; /* of this life, as far as was told */
    uint64_t throttles_past; /* of earlier lives */
};

struct box_kind {
    const char *name; /* an ability, as hello tells it */

    /* Make it ready to take processes. */
    int (*open)(struct box *box, struct err *err);

    /* fork(), but the child is in the box. In the child the result is 0 and `enter` of the kind has
     * yet to be called. -1 with *err. */
    pid_t (*fork)(struct box *box, struct err *err);

    /* In the child: what only it can do. -1 with errno. */
    int (*enter)(struct box *box);

    /* SIGSTOP to every process in one step and wait until none runs: *count of them. -1 if one
     * still ran after a second. */
    int (*stop)(struct box *box, int *count, struct err *err);
    int (*resume)(struct box *box, struct err *err);

    /* Put limits on its processes; zeroed: none. -1 if this kind has no way to. */
    int (*limit)(struct box *box, const struct limits *limits, struct err *err);

    /* How often a limit has held a process back, or ended it, so far. */
    uint64_t (*throttles)(struct box *box);

    /* SIGKILL to every process; they go soon. */
    void (*kill)(struct box *box);

    /* Whether nothing of it is left; looks at processes for the kinds that have no better way. */
    bool (*gone)(struct box *box);

    /* The agent has waited for `pid`. */
    void (*reaped)(struct box *box, pid_t pid);
};

extern const struct box_kind box_namespace, box_descendants;

/* The node init's whole life; in the child of box_namespace's open. `fd` is its end of init_fd. */
_Noreturn void init_main(int fd);

/* What the agent says to the node init, and is answered. */
struct init_request {
    enum init_command { INIT_STOP = 1, INIT_RESUME, INIT_LIMIT, INIT_TELL } command;
    unsigned number;      /* the answer repeats it; from 1: the first answer, 0, is unasked */
    struct limits limits; /* INIT_LIMIT */
};

struct init_answer {
    unsigned number;
    int error;          /* errno value, 0: done */
    int count;          /* processes */
    int running;        /* of them: not seen stopped */
    uint64_t throttles; /* of this life */
    char where[32];     /* when it could not begin: at what */
};

#endif
