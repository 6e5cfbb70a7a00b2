/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "inode.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct inode **bucket_of(struct inodes *inodes, dev_t dev, ino_t ino)
{
    return &inodes->buckets[(dev * 31 + ino) % INODE_BUCKETS];
}

struct inode *inode_of(struct inodes *inodes, int fd)
{
    struct stat status;

    if (fstatat(fd, "", &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) {
        int code = errno;
        (void)close(fd);
        errno = code;
        return NULL;
    }
    struct inode **bucket = bucket_of(inodes, status.st_dev, status.st_ino);
    for (struct inode *inode = *bucket; inode; inode = inode->next) {
        if (inode->dev == status.st_dev && inode->ino == status.st_ino) {
            (void)close(fd);
            inode->refs++;
            return inode;
        }
    }
    struct inode *inode = calloc(1, sizeof *inode);
    if (!inode) {
        (void)close(fd);
        return NULL;
    }
    inode->dev = status.st_dev;
    inode->ino = status.st_ino;
    inode->fd = fd;
    inode->refs = 1;
    inode->next = *bucket;
    *bucket = inode;
    return inode;
}

void inode_hold(struct inode *inode)
{
    inode->refs++;
}

void inode_release(struct inodes *inodes, struct inode *inode, uint64_t count)
{
    inode->refs -= count;
    if (inode->refs > 0)
        return;
    struct inode **link = bucket_of(inodes, inode->dev, inode->ino);
    while (*link != inode)
        link = &(*link)->next;
    *link = inode->next;
    undo_forget(&inode->undo);
    (void)close(inode->fd);
    free(inode);
}

const char *inode_path(const struct inode *inode, char path[INODE_PATH_BYTES])
{
    (void)snprintf(path, INODE_PATH_BYTES, "/proc/self/fd/%d", inode->fd);
    return path;
}

int inode_open(const struct inode *inode, int flags)
{
    char path[INODE_PATH_BYTES];

    return open(inode_path(inode, path), flags | O_CLOEXEC);
}
