/* SPDX-License-Identifier: GPL-2.0-or-later */
/* calls_data.c - the calls that read, change and sync what is in files, passed through to the
 * disk's folder; what is about to change is kept first.
 *
 * Whoever opened a file for writing alone gets a descriptor that can read too, to keep what was
 * there. Nothing is ever opened for appending or direct transfer here: the kernel says where to
 * write, and what it may cache.
 */
#include "lossfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

static int fd_of(const struct fuse_file_info *file)
{
    return handle_of(file)->fd;
}

static void call_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    bool writes = (file->flags & O_ACCMODE) != O_RDONLY;
    int code = writes ? disk_fails(&disk, inode_at(ino), CALL_CHANGE) : 0;
    int fd = code ? -1 : inode_open(inode_at(ino), writes ? O_RDWR : O_RDONLY);

    struct handle *handle = fd < 0 ? NULL : handle_new(fd, NULL);
    if (!handle) {
        code = code ? code : errno;
        if (fd >= 0)
            (void)close(fd);
        (void)fuse_reply_err(req, code);
        return;
    }
    file->fh = (uint64_t)(uintptr_t)handle;
    file->keep_cache = 1; /* nobody but the kernel changes anything */
    if (fuse_reply_open(req, file) == -ENOENT)
        handle_close(handle);
}

static void call_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    (void)ino;
    handle_close(handle_of(file));
    (void)fuse_reply_err(req, 0);
}

static void call_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
                      struct fuse_file_info *file)
{
    struct fuse_bufvec bytes = FUSE_BUFVEC_INIT(size);
    int code = disk_fails(&disk, inode_at(ino), CALL_READ);

    if (code) {
        (void)fuse_reply_err(req, code);
        return;
    }
    bytes.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
    bytes.buf[0].fd = fd_of(file);
    bytes.buf[0].pos = offset;
    (void)fuse_reply_data(req, &bytes, 0);
}

static ssize_t write_through(struct inode *inode, const struct fuse_file_info *file,
                             const char *bytes, size_t size, off_t offset)
{
    bool synced = file->flags & O_DSYNC; /* which O_SYNC includes */
    ssize_t put = -1;

    pthread_mutex_lock(&disk.lock);
    if (disk_before(&disk, inode, fd_of(file), offset, (int64_t)size) == 0)
        put = pwrite(fd_of(file), bytes, size, offset);
    int code = errno;
    if (put > 0 && synced)
        disk_synced_range(&disk, inode, offset, put);
    pthread_mutex_unlock(&disk.lock);
    errno = code;
    return put;
}

static void call_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t size, off_t offset,
                       struct fuse_file_info *file)
{
    struct inode *inode = inode_at(ino);
    int code = disk_fails(&disk, inode, CALL_WRITE);
    ssize_t put = code ? -1 : write_through(inode, file, bytes, size, offset);

    if (put < 0)
        (void)fuse_reply_err(req, code ? code : errno);
    else
        (void)fuse_reply_write(req, (size_t)put);
}

/* -- attributes ------------------------------------------------------------------------------- */

static int resize(struct inode *inode, off_t size)
{
    char path[INODE_PATH_BYTES];
    struct stat status;
    int result = -1;

    pthread_mutex_lock(&disk.lock);
    if (fstat(inode->fd, &status) == 0 &&
        disk_before(&disk, inode, -1, size, size < status.st_size ? status.st_size - size : 0) == 0)
        result = truncate(inode_path(inode, path), size);
    int code = errno;
    pthread_mutex_unlock(&disk.lock);
    errno = code;
    return result;
}

static struct timespec time_of(int set, int now_flag, int set_flag, struct timespec given)
{
    if (set & now_flag)
        return (struct timespec){.tv_nsec = UTIME_NOW};
    return set & set_flag ? given : (struct timespec){.tv_nsec = UTIME_OMIT};
}

static int change(struct inode *inode, const struct stat *to, int set)
{
    char path[INODE_PATH_BYTES];
    const struct timespec times[2] = {
        time_of(set, FUSE_SET_ATTR_ATIME_NOW, FUSE_SET_ATTR_ATIME, to->st_atim),
        time_of(set, FUSE_SET_ATTR_MTIME_NOW, FUSE_SET_ATTR_MTIME, to->st_mtim)};
    uid_t uid = set & FUSE_SET_ATTR_UID ? to->st_uid : (uid_t)-1;
    gid_t gid = set & FUSE_SET_ATTR_GID ? to->st_gid : (gid_t)-1;

    (void)inode_path(inode, path);
    if ((set & FUSE_SET_ATTR_MODE) && chmod(path, to->st_mode))
        return -1;
    if ((set & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) &&
        fchownat(inode->fd, "", uid, gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW))
        return -1;
    if ((set & FUSE_SET_ATTR_SIZE) && resize(inode, to->st_size))
        return -1;
    if (set & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME))
        return utimensat(AT_FDCWD, path, times, 0);
    return 0;
}

static void call_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *to, int set,
                         struct fuse_file_info *file)
{
    struct inode *inode = inode_at(ino);
    struct stat status = {0};
    int code = disk_fails(&disk, inode, CALL_CHANGE);

    (void)file;
    if (code == 0 && (change(inode, to, set) ||
                      fstatat(inode->fd, "", &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)))
        code = errno;
    if (code) {
        (void)fuse_reply_err(req, code);
        return;
    }
    status.st_nlink -= inode->buried < status.st_nlink ? inode->buried : status.st_nlink;
    (void)fuse_reply_attr(req, &status, CACHED_S);
}

static void call_fallocate(fuse_req_t req, fuse_ino_t ino, int mode, off_t offset, off_t len,
                           struct fuse_file_info *file)
{
    struct inode *inode = inode_at(ino);
    int code = disk_fails(&disk, inode, CALL_WRITE);

    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE))
        code = EOPNOTSUPP; /* bytes would change their place */
    if (code == 0) {
        bool erases = mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE);
        pthread_mutex_lock(&disk.lock);
        if (disk_before(&disk, inode, fd_of(file), offset, erases ? len : 0) ||
            fallocate(fd_of(file), mode, offset, len))
            code = errno;
        pthread_mutex_unlock(&disk.lock);
    }
    (void)fuse_reply_err(req, code);
}

/* -- syncs ------------------------------------------------------------------------------------ */

/* What reaches the machine's own disk does not matter: everything dies with the node. */
static void call_fsync(fuse_req_t req, fuse_ino_t ino, int data_only, struct fuse_file_info *file)
{
    struct inode *inode = inode_at(ino);
    int code = disk_fails(&disk, inode, CALL_SYNC);

    (void)data_only;
    (void)file;
    if (code) {
        (void)fuse_reply_err(req, code);
        return;
    }
    pthread_mutex_lock(&disk.lock);
    int64_t delay_ns = disk_delays(&disk, inode);
    if (disk.power_off)
        code = EIO;
    else if (delay_ns > 0)
        disk.counts.syncs_delayed++;
    else
        disk_synced(&disk, inode);
    if (code == 0 && delay_ns > 0)
        inode_hold(inode);
    pthread_mutex_unlock(&disk.lock);
    if (code == 0 && delay_ns > 0)
        delays_add(req, inode, delay_ns);
    else
        (void)fuse_reply_err(req, code);
}

/* Closing promises nothing. */
static void call_flush(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file)
{
    (void)ino;
    (void)file;
    (void)fuse_reply_err(req, 0);
}

void calls_add_data(struct fuse_lowlevel_ops *ops)
{
    ops->open = call_open;
    ops->release = call_release;
    ops->read = call_read;
    ops->write = call_write;
    ops->setattr = call_setattr;
    ops->fallocate = call_fallocate;
    ops->fsync = call_fsync;
    ops->fsyncdir = call_fsync;
    ops->flush = call_flush;
}
