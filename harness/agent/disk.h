/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.h - the agent's end of ordeal-lossfs, the disk under /node/data where the plan needs one
 * that can fail (../disk/control.h). */
#ifndef ORDEAL_AGENT_DISK_H
#define ORDEAL_AGENT_DISK_H

#include "../base/buf.h"
#include "../base/err.h"
#include "../disk/control.h"

#include <sys/types.h>

struct disk_link {
    pid_t pid; /* 0: there is no such disk on this node */
    int fd;
    struct disk_fault fault; /* declared */
    bool crashed;            /* for this declaration already */
    struct disk_counts counts;
};

/* Mount it. -1 with what is missing and the remedy. */
int disk_link_open(struct disk_link *disk, struct err *err) MUST_CHECK;

/* Put a declaration in force; without a disk only the healthy one is possible. */
int disk_link_declare(struct disk_link *disk, const struct disk_fault *fault,
                      struct err *err) MUST_CHECK;

/* The node's processes are about to be killed: whoever waits for a sync waits no more. And when
 * they are gone: what the declaration says is lost is lost. */
void disk_link_power_off(struct disk_link *disk);
int disk_link_settle(struct disk_link *disk, struct err *err) MUST_CHECK;

/* Ask for the counts, and append them to a receipt. */
int disk_link_count(struct disk_link *disk, struct err *err) MUST_CHECK;
void disk_link_print(const struct disk_link *disk, struct buf *answer);

/* The end: only when no process is left. */
void disk_link_close(struct disk_link *disk);

#endif
