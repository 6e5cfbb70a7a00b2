/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { GRAVE_NAME_BYTES = 24, PPM = 1000000 };

/* -- the record ------------------------------------------------------------------------------- */

static void release(struct names *names, struct inode *inode)
{
    if (inode)
        inode_release(names->inodes, inode, 1);
}

static void op_release(struct names *names, struct name_op *op)
{
    release(names, op->dir);
    release(names, op->to_dir);
    release(names, op->object);
    release(names, op->victim);
    free(op->name);
    free(op->to_name);
}

static const char *grave_name(uint64_t number, char name[GRAVE_NAME_BYTES])
{
    (void)snprintf(name, GRAVE_NAME_BYTES, "%llu", (unsigned long long)number);
    return name;
}

static int64_t size_of(const struct inode *inode)
{
    struct stat status;

    return fstat(inode->fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

/* What lies in the grave for this operation is needed no more. */
static void purge(struct names *names, const struct name_op *op)
{
    char name[GRAVE_NAME_BYTES];

    if (!op->victim)
        return;
    op->victim->buried--;
    names->grave_bytes -= op->bytes;
    (void)unlinkat(names->grave_fd, grave_name(op->grave, name), op->folder ? AT_REMOVEDIR : 0);
}

/* The first `count` pending operations are durable. */
static void commit(struct names *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        purge(names, &names->ops[i]);
        op_release(names, &names->ops[i]);
    }
    names->count -= count;
    names->before += count;
    if (count)
        memmove(names->ops, names->ops + count, names->count * sizeof *names->ops);
}

static void bound(struct names *names)
{
    if (names->count >= NAMES_PENDING_MAX)
        commit(names, names->count / 2);
    while (names->grave_bytes > NAMES_GRAVE_BYTES_MAX && names->count > 0)
        commit(names, (names->count + 1) / 2);
}

/* Room for an operation, with its names copied. NULL with errno. */
static struct name_op *op_new(struct names *names, const char *name, const char *to_name)
{
    bound(names);
    if (names->count == names->capacity) {
        size_t capacity = names->capacity ? names->capacity * 2 : 64;
        struct name_op *grown = realloc(names->ops, capacity * sizeof *grown);
        if (!grown)
            return NULL;
        names->ops = grown;
        names->capacity = capacity;
    }
    struct name_op *op = &names->ops[names->count];
    *op = (struct name_op){.name = strdup(name), .to_name = to_name ? strdup(to_name) : NULL};
    if (op->name && (op->to_name || !to_name))
        return op;
    free(op->name);
    free(op->to_name);
    errno = ENOMEM;
    return NULL;
}

static struct inode *held(struct inode *inode)
{
    inode_hold(inode);
    return inode;
}

/* The operation was carried out: it is pending from now on. */
static void op_add(struct names *names, struct name_op *op)
{
    uint64_t number = names->before + ++names->count;

    op->dir->changed = number;
    if (op->to_dir)
        op->to_dir->changed = number;
    op->object->named = number;
    if (op->victim) {
        op->victim->named = number;
        op->victim->buried++;
        op->bytes = size_of(op->victim);
        names->grave_bytes += op->bytes;
    }
}

static void op_drop(struct names *names, struct name_op *op)
{
    int code = errno;

    op_release(names, op);
    errno = code;
}

static struct inode *find(struct names *names, const struct inode *dir, const char *name)
{
    int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    return fd < 0 ? NULL : inode_of(names->inodes, fd);
}

static bool is_folder(const struct inode *inode)
{
    struct stat status;

    return fstat(inode->fd, &status) == 0 && S_ISDIR(status.st_mode);
}

/* 0, or -1 with ENOTEMPTY or another errno. */
static int check_empty(const struct inode *folder)
{
    int fd = inode_open(folder, O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    bool empty = true;

    if (!dir)
        return -1;
    for (const struct dirent *entry; empty && (entry = readdir(dir));)
        empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    (void)closedir(dir);
    errno = ENOTEMPTY;
    return empty ? 0 : -1;
}

/* -- operations ------------------------------------------------------------------------------- */

int names_made(struct names *names, struct inode *dir, const char *name, struct inode *object)
{
    struct name_op *op = op_new(names, name, NULL);

    if (!op) {
        int code = errno;
        (void)unlinkat(dir->fd, name, is_folder(object) ? AT_REMOVEDIR : 0);
        errno = code;
        return -1;
    }
    op->kind = NAME_MADE;
    op->dir = held(dir);
    op->object = held(object);
    op->folder = is_folder(object);
    op_add(names, op);
    return 0;
}

int names_remove(struct names *names, struct inode *dir, const char *name)
{
    struct name_op *op = op_new(names, name, NULL);
    char grave[GRAVE_NAME_BYTES];

    if (!op)
        return -1;
    op->kind = NAME_REMOVED;
    op->dir = held(dir);
    op->object = find(names, dir, name);
    op->folder = op->object && is_folder(op->object);
    op->grave = ++names->grave_next;
    if (!op->object || (op->folder && check_empty(op->object)) ||
        renameat(dir->fd, name, names->grave_fd, grave_name(op->grave, grave))) {
        op_drop(names, op);
        return -1;
    }
    op->victim = held(op->object);
    op_add(names, op);
    return 0;
}

/* Move over `op->victim`: by changing places with it, so that the name is never missing, and
 * burying it where the moved one was. */
static int move_over(struct names *names, struct name_op *op)
{
    char grave[GRAVE_NAME_BYTES];
    int from = op->dir->fd, to = op->to_dir->fd;

    op->folder = is_folder(op->victim);
    op->grave = ++names->grave_next;
    if (op->folder && check_empty(op->victim))
        return -1;
    if (renameat2(from, op->name, to, op->to_name, RENAME_EXCHANGE))
        return -1;
    if (renameat(from, op->name, names->grave_fd, grave_name(op->grave, grave)) == 0)
        return 0;
    int code = errno;
    (void)renameat2(from, op->name, to, op->to_name, RENAME_EXCHANGE);
    errno = code;
    return -1;
}

int names_move(struct names *names, struct inode *dir, const char *name, struct inode *to_dir,
               const char *to_name, unsigned flags)
{
    struct name_op *op = op_new(names, name, to_name);
    int result;

    if (!op)
        return -1;
    op->kind = flags & RENAME_EXCHANGE ? NAME_SWAPPED : NAME_MOVED;
    op->dir = held(dir);
    op->to_dir = held(to_dir);
    op->object = find(names, dir, name);
    if (!op->object) {
        op_drop(names, op);
        return -1;
    }
    if (flags == 0)
        op->victim = find(names, to_dir, to_name);
    if (op->victim == op->object) { /* two names of one file: nothing is to be done */
        op_drop(names, op);
        return 0;
    }
    if (op->victim)
        result = move_over(names, op);
    else
        result = renameat2(dir->fd, name, to_dir->fd, to_name, flags);
    if (result) {
        op_drop(names, op);
        return -1;
    }
    op_add(names, op);
    return 0;
}

/* -- syncs ------------------------------------------------------------------------------------ */

void names_sync_folder(struct names *names, struct inode *dir)
{
    names_sync_file(names, dir);
    if (dir->changed > names->before)
        commit(names, (size_t)(dir->changed - names->before));
}

void names_sync_file(struct names *names, struct inode *file)
{
    if (file->named > names->soft)
        names->soft = file->named;
}

void names_forget(struct names *names)
{
    commit(names, names->count);
}

/* -- a crash ---------------------------------------------------------------------------------- */

static int exhume(const struct names *names, const struct name_op *op, struct inode *dir,
                  const char *name)
{
    char grave[GRAVE_NAME_BYTES];

    return renameat2(names->grave_fd, grave_name(op->grave, grave), dir->fd, name,
                     RENAME_NOREPLACE);
}

static int undo(const struct names *names, const struct name_op *op)
{
    switch (op->kind) {
    case NAME_MADE:
        return unlinkat(op->dir->fd, op->name, op->folder ? AT_REMOVEDIR : 0);
    case NAME_REMOVED:
        return exhume(names, op, op->dir, op->name);
    case NAME_MOVED:
        if (renameat2(op->to_dir->fd, op->to_name, op->dir->fd, op->name, RENAME_NOREPLACE))
            return -1;
        return op->victim ? exhume(names, op, op->to_dir, op->to_name) : 0;
    case NAME_SWAPPED:
        break;
    }
    return renameat2(op->dir->fd, op->name, op->to_dir->fd, op->to_name, RENAME_EXCHANGE);
}

uint64_t names_take_back(struct names *names, bool strict, int64_t keep_ppm, struct rng *rng,
                         names_undone *undone, void *context, uint64_t *failed)
{
    size_t keep =
        !strict && names->soft > names->before ? (size_t)(names->soft - names->before) : 0;
    uint64_t count = 0;

    keep = keep < names->count ? keep : names->count;
    while (keep < names->count && keep_ppm > 0 && (int64_t)rng_below(rng, PPM) < keep_ppm)
        keep++;
    for (; names->count > keep; count++) {
        struct name_op *op = &names->ops[--names->count];
        if (undone)
            undone(context, op);
        if (undo(names, op))
            ++*failed;
        else if (op->victim) {
            op->victim->buried--;
            names->grave_bytes -= op->bytes;
        }
        op_release(names, op);
    }
    names->before += count; /* numbers are never used again */
    names_forget(names);
    return count;
}
