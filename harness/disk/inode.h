/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inode.h - the files and folders of the disk that somebody knows: the kernel, or something that a
 * crash would have to undo. */
#ifndef ORDEAL_DISK_INODE_H
#define ORDEAL_DISK_INODE_H

#include "undo.h"

#include <sys/types.h>

struct inode {
    struct inode *next; /* of its bucket */
    struct inode *next_dirty, **link_dirty;
    dev_t dev;
    ino_t ino;
    int fd;        /* O_PATH */
    uint64_t refs; /* look-ups by the kernel, and holds of ours */
    struct undo undo;
    uint64_t named;   /* number of the last pending operation on a name of it (names.h); 0: none */
    uint64_t changed; /* of the last one in this folder */
    unsigned buried;  /* names that it has among what was removed and may yet come back */
    uint64_t looked;  /* in which matching `matches` was found out (disk.h) */
    bool matches;     /* the files that the declared fault is about */
};

enum { INODE_BUCKETS = 4096 };

struct inodes {
    struct inode *buckets[INODE_BUCKETS];
};

/* The inode that `fd` (O_PATH) is open on, with one more reference; takes `fd` over. NULL with
 * errno. */
struct inode *inode_of(struct inodes *inodes, int fd);

void inode_hold(struct inode *inode);
void inode_release(struct inodes *inodes, struct inode *inode, uint64_t count);

/* A descriptor of its file with other rights, through /proc; -1 with errno. */
int inode_open(const struct inode *inode, int flags);

/* "/proc/self/fd/<fd>" */
enum { INODE_PATH_BYTES = 40 };
const char *inode_path(const struct inode *inode, char path[INODE_PATH_BYTES]);

#endif
