/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls_names.c - the calls that look up and change names, passed through to the disk's folder and
 * put on record. */
#include "lossfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void lock(void)
{
    pthread_mutex_lock(&disk.lock);
}

static void unlock(void)
{
    pthread_mutex_unlock(&disk.lock);
}

static int attributes(const struct inode *inode, struct stat *status)
{
    if (fstatat(inode->fd, "", status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return errno;
    status->st_nlink -= inode->buried < status->st_nlink ? inode->buried : status->st_nlink;
    return 0;
}

/* With the lock. */
static int look(struct inode *dir, const char *name, struct fuse_entry_param *entry)
{
    int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    *entry = (struct fuse_entry_param){.attr_timeout = CACHED_S, .entry_timeout = CACHED_S};
    if (fd < 0)
        return errno;
    struct inode *inode = inode_of(&disk.inodes, fd);
    if (!inode)
        return errno;
    entry->ino = (fuse_ino_t)(uintptr_t)inode;
    return attributes(inode, &entry->attr);
}

int calls_look(struct inode *dir, const char *name, struct fuse_entry_param *entry)
{
    lock();
    int code = look(dir, name, entry);
    unlock();
    return code;
}

static void call_lookup(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct fuse_entry_param entry;
    int code = calls_look(inode_at(parent), name, &entry);

    if (code)
        (void)fuse_reply_err(req, code);
    else
        (void)fuse_reply_entry(req, &entry);
}

static void call_forget(fuse_req_t req, fuse_ino_t ino, uint64_t count)
{
    lock();
    inode_release(&disk.inodes, inode_at(ino), count);
    unlock();
    fuse_reply_none(req);
}

static void call_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    struct stat status;

    (void)file;
    lock();
    int code = attributes(inode_at(ino), &status);
    unlock();
    if (code)
        (void)fuse_reply_err(req, code);
    else
        (void)fuse_reply_attr(req, &status, CACHED_S);
}

static void call_readlink(fuse_req_t req, fuse_ino_t ino)
{
    char target[4097];
    ssize_t len = readlinkat(inode_at(ino)->fd, "", target, sizeof target - 1);

    if (len < 0) {
        (void)fuse_reply_err(req, errno);
        return;
    }
    target[len] = '\0';
    (void)fuse_reply_readlink(req, target);
}

/* What was made belongs to the caller, and is on record; with the lock. */
static int made(fuse_req_t req, struct inode *dir, const char *name, bool own,
                struct fuse_entry_param *entry)
{
    const struct fuse_ctx *caller = fuse_req_ctx(req);

    if (own && fchownat(dir->fd, name, caller->uid, caller->gid, AT_SYMLINK_NOFOLLOW) &&
        errno != EPERM)
        return errno;
    int code = look(dir, name, entry);
    if (code)
        return code;
    struct inode *inode = inode_at(entry->ino);
    if (names_made(&disk.names, dir, name, inode) == 0)
        return 0;
    code = errno;
    inode_release(&disk.inodes, inode, 1);
    return code;
}

static void answer_entry(fuse_req_t req, int code, const struct fuse_entry_param *entry)
{
    if (code)
        (void)fuse_reply_err(req, code);
    else
        (void)fuse_reply_entry(req, entry);
}

static void call_mknod(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                       dev_t device)
{
    struct inode *dir = inode_at(parent);
    struct fuse_entry_param entry;
    int code = disk_fails_name(&disk, dir, name, CALL_CREATE);

    if (code == 0) {
        lock();
        code = mknodat(dir->fd, name, mode, device) ? errno : made(req, dir, name, true, &entry);
        unlock();
    }
    answer_entry(req, code, &entry);
}

static void call_mkdir(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode)
{
    struct inode *dir = inode_at(parent);
    struct fuse_entry_param entry;
    int code = disk_fails_name(&disk, dir, name, CALL_CREATE);

    if (code == 0) {
        lock();
        code = mkdirat(dir->fd, name, mode) ? errno : made(req, dir, name, true, &entry);
        unlock();
    }
    answer_entry(req, code, &entry);
}

static void call_symlink(fuse_req_t req, const char *target, fuse_ino_t parent, const char *name)
{
    struct inode *dir = inode_at(parent);
    struct fuse_entry_param entry;
    int code = disk_fails_name(&disk, dir, name, CALL_CREATE);

    if (code == 0) {
        lock();
        code = symlinkat(target, dir->fd, name) ? errno : made(req, dir, name, true, &entry);
        unlock();
    }
    answer_entry(req, code, &entry);
}

static void call_link(fuse_req_t req, fuse_ino_t ino, fuse_ino_t parent, const char *name)
{
    struct inode *dir = inode_at(parent), *inode = inode_at(ino);
    char path[INODE_PATH_BYTES];
    struct fuse_entry_param entry;
    int code = disk_fails(&disk, inode, CALL_CHANGE);

    if (code == 0) {
        lock();
        code = linkat(AT_FDCWD, inode_path(inode, path), dir->fd, name, AT_SYMLINK_FOLLOW)
                   ? errno
                   : made(req, dir, name, false, &entry);
        unlock();
    }
    answer_entry(req, code, &entry);
}

/* A file by open(O_CREAT). */
static void call_create(fuse_req_t req, fuse_ino_t parent, const char *name, mode_t mode,
                        struct fuse_file_info *file)
{
    struct inode *dir = inode_at(parent);
    struct fuse_entry_param entry = {0};
    struct handle *handle = NULL;
    int code = disk_fails_name(&disk, dir, name, CALL_CREATE), fd = -1;

    if (code == 0) {
        lock();
        fd = openat(dir->fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        code = fd < 0 ? errno : made(req, dir, name, true, &entry);
        handle = code ? NULL : handle_new(fd, NULL);
        unlock();
    }
    if (!handle) {
        if (fd >= 0)
            (void)close(fd);
        (void)fuse_reply_err(req, code ? code : ENOMEM);
        return;
    }
    file->fh = (uint64_t)(uintptr_t)handle;
    if (fuse_reply_create(req, &entry, file) == -ENOENT) { /* interrupted: nobody has it open */
        handle_close(handle);
        lock();
        inode_release(&disk.inodes, inode_at(entry.ino), 1);
        unlock();
    }
}

static void call_remove(fuse_req_t req, fuse_ino_t parent, const char *name)
{
    struct inode *dir = inode_at(parent);
    int code = disk_fails_name(&disk, dir, name, CALL_CHANGE);

    if (code == 0) {
        lock();
        code = names_remove(&disk.names, dir, name) ? errno : 0;
        unlock();
    }
    (void)fuse_reply_err(req, code);
}

static void call_rename(fuse_req_t req, fuse_ino_t parent, const char *name, fuse_ino_t to_parent,
                        const char *to_name, unsigned flags)
{
    struct inode *dir = inode_at(parent), *to_dir = inode_at(to_parent);
    int code = disk_fails_name(&disk, dir, name, CALL_CHANGE);

    if (code == 0)
        code = disk_fails_name(&disk, to_dir, to_name, CALL_CHANGE);
    if (code == 0) {
        lock();
        code = names_move(&disk.names, dir, name, to_dir, to_name, flags) ? errno : 0;
        disk_renamed(&disk);
        unlock();
    }
    (void)fuse_reply_err(req, code);
}

/* -- folders ---------------------------------------------------------------------------------- */

static void call_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    int fd = inode_open(inode_at(ino), O_RDONLY | O_DIRECTORY);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct handle *handle = dir ? handle_new(fd, dir) : NULL;

    if (!handle) {
        int code = errno;
        if (dir)
            (void)closedir(dir);
        (void)fuse_reply_err(req, code);
        return;
    }
    file->fh = (uint64_t)(uintptr_t)handle;
    (void)fuse_reply_open(req, file);
}

static void call_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    (void)ino;
    handle_close(handle_of(file));
    (void)fuse_reply_err(req, 0);
}

static void call_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                         struct fuse_file_info *file)
{
    DIR *dir = handle_of(file)->dir;
    char *bytes = malloc(size);
    const struct dirent *entry;
    size_t used = 0;

    (void)ino;
    if (!bytes) {
        (void)fuse_reply_err(req, ENOMEM);
        return;
    }
    seekdir(dir, offset);
    while ((entry = readdir(dir))) {
        struct stat status = {.st_ino = entry->d_ino, .st_mode = (mode_t)entry->d_type << 12};
        size_t needed =
            fuse_add_direntry(req, bytes + used, size - used, entry->d_name, &status, entry->d_off);
        if (needed > size - used)
            break;
        used += needed;
    }
    (void)fuse_reply_buf(req, bytes, used);
    free(bytes);
}

static void call_statfs(fuse_req_t req, fuse_ino_t ino)
{
    struct statvfs status;

    if (fstatvfs(inode_at(ino)->fd, &status))
        (void)fuse_reply_err(req, errno);
    else
        (void)fuse_reply_statfs(req, &status);
}

void calls_add_names(struct fuse_lowlevel_ops *ops)
{
    ops->lookup = call_lookup;
    ops->forget = call_forget;
    ops->getattr = call_getattr;
    ops->readlink = call_readlink;
    ops->mknod = call_mknod;
    ops->mkdir = call_mkdir;
    ops->symlink = call_symlink;
    ops->link = call_link;
    ops->create = call_create;
    ops->unlink = call_remove;
    ops->rmdir = call_remove;
    ops->rename = call_rename;
    ops->opendir = call_opendir;
    ops->releasedir = call_releasedir;
    ops->readdir = call_readdir;
    ops->statfs = call_statfs;
}
