/* SPDX-License-Identifier: GPL-2.0-or-later */
/* names.h - what was done to folders since they were last synced, so that a crash can undo it.
 *
 * Operations are on record in their order, and become durable in it, as a journal writes them:
 * syncing a folder makes the last operation in it durable, and with it all that came before.
 * Syncing a file makes durable what was done to its names, as ext4, XFS and btrfs do although POSIX
 * does not promise it; `strict` is the crash that takes POSIX at its word. What is removed or
 * overwritten is not gone until that is durable: it lies in a folder of ours, the grave.
 */
#ifndef ORDEAL_DISK_NAMES_H
#define ORDEAL_DISK_NAMES_H

#include "inode.h"

struct name_op {
    enum name_op_kind { NAME_MADE, NAME_REMOVED, NAME_MOVED, NAME_SWAPPED } kind;
    struct inode *dir, *to_dir; /* held; to_dir: of moved and swapped names */
    char *name, *to_name;
    struct inode *object; /* held: whose name it is */
    struct inode *victim; /* held: what lies in the grave; NULL: nothing */
    uint64_t grave;       /* its name there */
    int64_t bytes;        /* what it takes there */
    bool folder;          /* it is one */
};

enum { NAMES_PENDING_MAX = 65536 }; /* of more, the oldest become durable by themselves */

#define NAMES_GRAVE_BYTES_MAX (INT64_C(128) << 20) /* likewise */

struct names {
    struct inodes *inodes;
    int grave_fd;
    uint64_t grave_next;
    int64_t grave_bytes;
    struct name_op *ops; /* a ring is not needed: what is durable leaves from the front in bulk */
    size_t count, capacity;
    uint64_t before; /* operations that are durable: the first pending one has number before + 1 */
    uint64_t soft;   /* up to this number they are durable by the sync of a file */
};

/* What a crash takes back, for the log; `to` is NULL but for moves. */
typedef void names_undone(void *context, const struct name_op *op);

/* The name was just made (a file, folder, node, symlink or another name of `object`). -1 with errno
 * if it cannot be put on record; the name is gone again then. */
int names_made(struct names *names, struct inode *dir, const char *name, struct inode *object);

/* unlink, rmdir, renameat2: done, and put on record. -1 with errno. */
int names_remove(struct names *names, struct inode *dir, const char *name);
int names_move(struct names *names, struct inode *dir, const char *name, struct inode *to_dir,
               const char *to_name, unsigned flags);

void names_sync_folder(struct names *names, struct inode *dir);
void names_sync_file(struct names *names, struct inode *file);

/* Everything is durable. */
void names_forget(struct names *names);

/* Undo what is not durable, but for the first of them, each of which survives with a probability of
 * keep_ppm until one does not. The number of operations undone; *failed counts those that could
 * not be. */
uint64_t names_take_back(struct names *names, bool strict, int64_t keep_ppm, struct rng *rng,
                         names_undone *undone, void *context, uint64_t *failed);

#endif
