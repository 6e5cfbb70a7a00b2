/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock_inject.h - gives a program that has just been executed the node's clocks.
 *
 * The program is traced from its execve() to its first own instruction, and no longer. In that time
 * the clocks' memory (clock_page.h) is mapped into it and the vDSO's entries are overwritten with
 * jumps there. So it works for whatever asks the vDSO: C linked dynamically or statically, Go,
 * Java.
 */
#ifndef ORDEAL_AGENT_CLOCK_INJECT_H
#define ORDEAL_AGENT_CLOCK_INJECT_H

#include "../base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Where things are in the vDSO, from its beginning; the same in all 64-bit processes. */
struct vdso {
    uint64_t gettime, gettimeofday, time; /* the entries */
    uint64_t call;                        /* a system call instruction */
};

/* Look into this process's own. */
int vdso_find(struct vdso *vdso, struct err *err) MUST_CHECK;

/* How to come by a descriptor of the clocks' memory in the traced process: it waits in an execve()
 * without a path. Attend to it: hand it the descriptor if that is what it waits for. False: look
 * again whether it still lives. */
struct granting {
    bool (*grant)(void *context, pid_t pid);
    void *context;
};

/* `pid` is at the stop that its execve() makes, and is traced by the caller. Returns when it runs
 * on, untraced: 0 if it has the node's clocks or has died meanwhile; -1 with why it has not. */
int clock_inject(pid_t pid, const struct vdso *vdso, const struct granting *granting,
                 struct err *err) MUST_CHECK;

#endif
