/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disk.h"

#include "damage.h"
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PPM = 1000000 };

/* -- life ------------------------------------------------------------------------------------- */

static int open_folder(int at, const char *name, struct err *err)
{
    if (mkdirat(at, name, 0755) && errno != EEXIST)
        return err_errno(err, errno, "cannot make the disk's folder '%s'", name);
    int fd = openat(at, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? err_errno(err, errno, "cannot open the disk's folder '%s'", name) : fd;
}

int disk_open(struct disk *disk, const char *path, int log_fd, struct err *err)
{
    int at = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), root = -1;

    memset(disk, 0, sizeof *disk);
    disk->grave_fd = disk->earlier_fd = -1;
    disk->log_fd = log_fd;
    if (at < 0)
        return err_errno(err, errno, "cannot open '%s'", path);
    root = open_folder(at, "disk", err);
    if (root >= 0)
        disk->grave_fd = open_folder(at, "grave", err);
    if (disk->grave_fd >= 0)
        disk->earlier_fd = open_folder(at, "earlier", err);
    (void)close(at);
    if (disk->earlier_fd < 0)
        return -1;
    disk->root = inode_of(&disk->inodes, root);
    if (!disk->root)
        return err_errno(err, errno, "cannot open the disk in '%s'", path);
    disk->names = (struct names){.inodes = &disk->inodes, .grave_fd = disk->grave_fd};
    pthread_mutex_init(&disk->lock, NULL);
    rng_init(&disk->rng, 0, 0);
    return 0;
}

/* Whoever knew an inode, but for ourselves the root, is gone. */
static void forget_inodes(struct disk *disk)
{
    for (int i = 0; i < INODE_BUCKETS; i++) {
        struct inode *inode = disk->inodes.buckets[i], *next;
        for (; inode; inode = next) {
            next = inode->next;
            if (inode == disk->root)
                inode->refs = 1;
            else
                inode_release(&disk->inodes, inode, inode->refs);
        }
    }
}

static void clean(struct disk *disk, struct inode *inode)
{
    undo_forget(&inode->undo);
    *inode->link_dirty = inode->next_dirty;
    if (inode->next_dirty)
        inode->next_dirty->link_dirty = inode->link_dirty;
    inode->link_dirty = NULL;
    inode_release(&disk->inodes, inode, 1);
}

void disk_close(struct disk *disk)
{
    while (disk->dirty)
        clean(disk, disk->dirty);
    names_forget(&disk->names);
    free(disk->names.ops);
    forget_inodes(disk);
    inode_release(&disk->inodes, disk->root, 1);
    (void)close(disk->grave_fd);
    (void)close(disk->earlier_fd);
    pthread_mutex_destroy(&disk->lock);
}

/* -- what is durable -------------------------------------------------------------------------- */

static void note_dirty(struct disk *disk, struct inode *inode)
{
    if (inode->link_dirty)
        return;
    inode_hold(inode);
    inode->next_dirty = disk->dirty;
    inode->link_dirty = &disk->dirty;
    if (disk->dirty)
        disk->dirty->link_dirty = &inode->next_dirty;
    disk->dirty = inode;
}

int disk_before(struct disk *disk, struct inode *inode, int fd, int64_t offset, int64_t len)
{
    int own = fd < 0 ? inode_open(inode, O_RDONLY) : -1;

    if (fd < 0 && own < 0)
        return -1;
    int result = undo_before(&inode->undo, fd < 0 ? own : fd, offset, len);
    int code = errno;
    if (own >= 0)
        (void)close(own);
    if (result == 0)
        note_dirty(disk, inode);
    errno = code;
    return result;
}

void disk_synced(struct disk *disk, struct inode *inode)
{
    if (inode->link_dirty)
        clean(disk, inode);
    names_sync_file(&disk->names, inode);
    names_sync_folder(&disk->names, inode);
}

void disk_synced_range(struct disk *disk, struct inode *inode, int64_t offset, int64_t len)
{
    undo_forget_range(&inode->undo, offset, len);
    names_sync_file(&disk->names, inode);
}

/* -- faults ----------------------------------------------------------------------------------- */

/* Whether the fault is about this file; found out once, until a name changes. */
static bool matches(const struct disk *disk, struct inode *inode)
{
    char path[PATH_MAX];

    if (!disk->fault.files[0])
        return true;
    if (inode->looked != disk->matchings) {
        inode->matches = files_match(disk->fault.files, files_path(disk->root, inode->fd, path));
        inode->looked = disk->matchings;
    }
    return inode->matches;
}

/* The same of a name in a folder, be it there or not. */
static bool matches_name(const struct disk *disk, const struct inode *dir, const char *name)
{
    char path[PATH_MAX], whole[PATH_MAX + NAME_MAX + 2];

    if (!disk->fault.files[0])
        return true;
    const char *in = dir == disk->root ? "" : files_path(disk->root, dir->fd, path);
    (void)snprintf(whole, sizeof whole, "%s%s%s", in, *in ? "/" : "", name);
    return files_match(disk->fault.files, whole);
}

void disk_renamed(struct disk *disk)
{
    disk->matchings++;
}

static bool drawn(struct disk *disk, int64_t ppm)
{
    return ppm > 0 && (int64_t)rng_below(&disk->rng, PPM) < ppm;
}

static int failure(struct disk *disk, struct inode *inode, const char *name, enum disk_call call)
{
    const struct disk_fault *fault = &disk->fault;
    bool changes = call == CALL_WRITE || call == CALL_CREATE || call == CALL_CHANGE;
    bool grows = call == CALL_WRITE || call == CALL_CREATE;
    bool moves_bytes = call == CALL_READ || call == CALL_WRITE || call == CALL_SYNC;

    if (!fault->read_only && !fault->io_error_ppm && !fault->no_space_ppm)
        return 0;
    if (name ? !matches_name(disk, inode, name) : !matches(disk, inode))
        return 0;
    if (changes && fault->read_only)
        return EROFS;
    if (moves_bytes && drawn(disk, fault->io_error_ppm))
        return EIO;
    return grows && drawn(disk, fault->no_space_ppm) ? ENOSPC : 0;
}

int disk_fails_name(struct disk *disk, struct inode *inode, const char *name, enum disk_call call)
{
    pthread_mutex_lock(&disk->lock);
    int code = failure(disk, inode, name, call);
    disk->counts.calls_failed += code != 0;
    pthread_mutex_unlock(&disk->lock);
    return code;
}

int disk_fails(struct disk *disk, struct inode *inode, enum disk_call call)
{
    return disk_fails_name(disk, inode, NULL, call);
}

int64_t disk_delays(struct disk *disk, struct inode *inode)
{
    return disk->fault.sync_delay_ns && matches(disk, inode) ? disk->fault.sync_delay_ns : 0;
}

int disk_declare(struct disk *disk, const struct disk_fault *fault, struct err *err)
{
    struct file_list list = {0};

    pthread_mutex_lock(&disk->lock);
    int failed = fault->files[0] ? files_list(disk->root->fd, fault->files, &list) : 0;
    int code = errno;
    disk->counts.files_matched += list.count;
    disk->fault = *fault;
    disk->matchings++;
    rng_init(&disk->rng, (uint64_t)fault->seed, 0);
    files_release(&list);
    if (failed)
        (void)err_errno(err, code, "cannot list the disk's files");
    else if (fault->stale)
        failed = damage_keep(disk, fault, err);
    else
        damage_forget(disk);
    pthread_mutex_unlock(&disk->lock);
    return failed;
}

/* -- a crash ---------------------------------------------------------------------------------- */

void disk_say(struct disk *disk, const char *fmt, ...)
{
    char line[PATH_MAX + 128];
    va_list args;

    if (disk->log_fd < 0 || disk->log_bytes > DISK_LOG_BYTES_MAX)
        return;
    va_start(args, fmt);
    int len = vsnprintf(line, sizeof line - 1, fmt, args);
    va_end(args);
    len = len < (int)sizeof line - 1 ? len : (int)sizeof line - 2;
    line[len] = '\n';
    disk->log_bytes += len + 1;
    if (disk->log_bytes > DISK_LOG_BYTES_MAX)
        len = snprintf(line, sizeof line, "no more is told: this log is full\n") - 1;
    (void)!write(disk->log_fd, line, (size_t)len + 1);
}

/* A file under way back, and the last run of bytes, which may go on. */
struct telling {
    struct disk *disk;
    const char *path;
    int64_t offset, end;
};

static void tell_run(struct telling *telling)
{
    if (telling->end > telling->offset)
        disk_say(telling->disk, "  took back bytes %lld to %lld of '%s'",
                 (long long)telling->offset, (long long)telling->end - 1, telling->path);
    telling->offset = telling->end = 0;
}

static void lost_bytes(void *context, int64_t offset, int64_t len)
{
    struct telling *telling = context;

    if (offset != telling->end) {
        tell_run(telling);
        telling->offset = offset;
    }
    telling->end = offset + len;
}

static void lost_name(void *context, const struct name_op *op)
{
    static const char *const what[] = {"making", "removing", "moving", "swapping"};
    struct disk *disk = context;
    char dir[PATH_MAX], to_dir[PATH_MAX];
    const char *in = files_path(disk->root, op->dir->fd, dir);

    if (!op->to_dir)
        disk_say(disk, "  took back %s '%s' in '%s'", what[op->kind], op->name, in);
    else
        disk_say(disk, "  took back %s '%s' in '%s' to '%s' in '%s'", what[op->kind], op->name, in,
                 op->to_name, files_path(disk->root, op->to_dir->fd, to_dir));
}

static int take_back_file(struct disk *disk, struct inode *inode, int64_t keep_ppm, struct rng *rng)
{
    char path[PATH_MAX];
    struct telling telling = {.disk = disk, .path = files_path(disk->root, inode->fd, path)};
    struct undo_loss loss = {.lost = lost_bytes, .context = &telling};
    int fd = inode_open(inode, O_RDWR);

    if (fd < 0)
        return -1;
    int result = undo_take_back(&inode->undo, fd, keep_ppm, rng, &loss);
    int code = errno;
    (void)close(fd);
    tell_run(&telling);
    disk->counts.bytes_lost += loss.bytes_lost;
    disk->counts.pages_torn += loss.pages_torn;
    errno = code;
    return result;
}

static int by_ino(const void *left, const void *right)
{
    const struct inode *const *a = left, *const *b = right;

    return (*a)->ino < (*b)->ino ? -1 : (*a)->ino > (*b)->ino;
}

/* The files with something to undo, in an order that does not depend on when they were changed, so
 * that a seed means the same; to be freed. NULL if out of memory. */
static struct inode **list_dirty(struct disk *disk, size_t *count)
{
    *count = 0;
    for (const struct inode *inode = disk->dirty; inode; inode = inode->next_dirty)
        ++*count;
    struct inode **list = calloc(*count + 1, sizeof *list);
    size_t at = 0;
    for (struct inode *inode = disk->dirty; list && inode; inode = inode->next_dirty)
        list[at++] = inode;
    if (list)
        qsort(list, *count, sizeof *list, by_ino);
    return list;
}

static int take_back(struct disk *disk, const struct disk_fault *fault, struct rng *rng,
                     struct err *err)
{
    uint64_t failed = 0;
    size_t count;

    struct inode **files = list_dirty(disk, &count);
    disk_say(disk, "power cut: %zu files and %zu names were not synced", count, disk->names.count);
    for (size_t i = 0; files && i < count; i++) {
        failed += take_back_file(disk, files[i], fault->torn_ppm, rng) != 0;
        clean(disk, files[i]);
    }
    disk->counts.names_lost += names_take_back(&disk->names, fault->strict_names != 0,
                                               fault->torn_ppm, rng, lost_name, disk, &failed);
    if (!files)
        return err_set(err, ENOMEM, "out of memory for a crash");
    free(files);
    if (failed)
        return err_set(err, EIO, "%llu changes could not be taken back",
                       (unsigned long long)failed);
    return 0;
}

/* What the dead had written reaches the disk, as a kernel that lives on sees to. */
static void make_durable(struct disk *disk)
{
    while (disk->dirty)
        clean(disk, disk->dirty);
    names_forget(&disk->names);
}

static int harm(struct disk *disk, const struct disk_fault *fault, struct rng *rng, struct err *err)
{
    make_durable(disk);
    disk_say(disk, "damage to the files that match '%s'", fault->files[0] ? fault->files : "*");
    if ((fault->stale && damage_bring_back(disk, fault, err)) ||
        (fault->cut_bytes && damage_cut(disk, fault, err)) ||
        (fault->flip_bytes && damage_flip(disk, fault, rng, err)))
        return -1;
    return 0;
}

int disk_crash(struct disk *disk, const struct disk_fault *fault, struct err *err)
{
    struct rng rng;
    int result = 0;

    pthread_mutex_lock(&disk->lock);
    rng_init(&rng, (uint64_t)fault->seed, 1);
    if (fault->lose_unsynced)
        result = take_back(disk, fault, &rng, err);
    if (result == 0 && disk_fault_damages(fault))
        result = harm(disk, fault, &rng, err);
    forget_inodes(disk);
    pthread_mutex_unlock(&disk->lock);
    return result;
}
