/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lossfs.h - the parts of ordeal-lossfs: calls from FUSE, syncs that take their time, the mount. */
#ifndef ORDEAL_DISK_LOSSFS_LOSSFS_H
#define ORDEAL_DISK_LOSSFS_LOSSFS_H

#define FUSE_USE_VERSION 314

#include "../disk.h"

#include <dirent.h>
#include <fuse3/fuse_lowlevel.h>

extern struct disk disk; /* the only one: FUSE's callbacks take no better context */

static inline struct inode *inode_at(fuse_ino_t ino)
{
    return ino == FUSE_ROOT_ID ? disk.root : (struct inode *)(uintptr_t)ino;
}

/* An open file or folder. NULL if out of memory; fd and dir are the handle's then no more than
 * before. */
struct handle {
    struct handle *next, **link;
    int fd;
    DIR *dir; /* NULL for files */
};

struct handle *handle_new(int fd, DIR *dir);
void handle_close(struct handle *handle);
void handles_close_all(void); /* those that the mount's end left open */

static inline struct handle *handle_of(const struct fuse_file_info *file)
{
    return (struct handle *)(uintptr_t)file->fh;
}

/* The calls of each kind, entered into the table. */
void calls_add_names(struct fuse_lowlevel_ops *ops);
void calls_add_data(struct fuse_lowlevel_ops *ops);

/* Fill in the entry of `name` in the folder, with one more reference; 0 or an errno value. */
int calls_look(struct inode *dir, const char *name, struct fuse_entry_param *entry);

enum { CACHED_S = 3600 }; /* nobody but the kernel changes anything */

/* A sync of `inode` (held), to be answered when its delay is over. */
void delays_add(fuse_req_t req, struct inode *inode, int64_t delay_ns);

/* Another fault was declared, or the power went: waiting syncs are looked at again. */
void delays_review(void);
int delays_start(struct err *err) MUST_CHECK;

/* One mounting: from mount_begin() until nothing is mounted any more, which mount_serve() waits
 * for. */
int mount_begin(const char *at, struct err *err) MUST_CHECK;
int mount_serve(struct err *err) MUST_CHECK;

/* Take the mount away: no new user can come, and when the last is gone mount_serve() returns. */
int mount_detach(const char *at, struct err *err) MUST_CHECK;

/* Try everything that a crash must do, on a disk in the empty folder `path`; prints what it does,
 * and the exit status. */
int self_test(const char *path);

#endif
