/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk.h - a folder of the machine as a disk that may lose power, and fail otherwise: all of it but
 * the way by which calls come (lossfs/ brings them from FUSE).
 *
 * Callers hold `lock` around every change of a file or name and what is put on record of it.
 * What it does not claim: permissions, owners and times are durable at once, and sync(2) is never
 * heard of.
 */
#ifndef ORDEAL_DISK_DISK_H
#define ORDEAL_DISK_DISK_H

#include "control.h"
#include "inode.h"
#include "names.h"

#include <pthread.h>

struct disk {
    pthread_mutex_t lock;
    struct inodes inodes;
    struct inode *root; /* held */
    int grave_fd, earlier_fd;
    struct names names;
    struct inode *dirty; /* held: files with something to undo */
    struct disk_fault fault;
    uint64_t matchings; /* grows when files match the declared pattern anew */
    bool power_off;
    struct rng rng; /* of calls that fail */
    struct disk_counts counts;
    int log_fd; /* what was taken back; -1: nowhere */
    int64_t log_bytes;
};

enum { DISK_LOG_BYTES_MAX = 8 << 20 };

/* The disk whose files are kept in the folder `path`: in "disk" below it, in "grave" what was
 * removed, in "earlier" what may be brought back. They are made if they are not there. log_fd is
 * borrowed. */
int disk_open(struct disk *disk, const char *path, int log_fd, struct err *err) MUST_CHECK;
void disk_close(struct disk *disk);

/* Before bytes of a file, or its size, change; `fd` is any readable descriptor of it, or -1. */
int disk_before(struct disk *disk, struct inode *inode, int fd, int64_t offset, int64_t len);

/* fsync of a file or folder; a write of a file that was opened with O_SYNC or O_DSYNC. */
void disk_synced(struct disk *disk, struct inode *inode);
void disk_synced_range(struct disk *disk, struct inode *inode, int64_t offset, int64_t len);

/* What a call is: which faults it may meet. */
enum disk_call { CALL_READ, CALL_WRITE, CALL_CREATE, CALL_CHANGE, CALL_SYNC };

/* Whether a call on `inode` fails, and is counted: the errno value, or 0. Takes the lock. */
int disk_fails(struct disk *disk, struct inode *inode, enum disk_call call);

/* The same for a call on a name in the folder `inode`. */
int disk_fails_name(struct disk *disk, struct inode *inode, const char *name, enum disk_call call);

/* A file or folder has another path now; with lock. */
void disk_renamed(struct disk *disk);

/* How long a sync of `inode` takes more; INT64_MAX: until something else is declared. With lock. */
int64_t disk_delays(struct disk *disk, struct inode *inode);

/* Put a declaration in force. */
int disk_declare(struct disk *disk, const struct disk_fault *fault, struct err *err) MUST_CHECK;

/* A line for the log. */
void disk_say(struct disk *disk, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The power is gone: take back what is not durable if the fault says so, and damage what it says
 * (damage.h); counted and logged. Nobody may use the disk, and no inode but the root is valid
 * afterwards. */
int disk_crash(struct disk *disk, const struct disk_fault *fault, struct err *err) MUST_CHECK;

#endif
