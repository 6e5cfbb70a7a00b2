/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - the disk's files by their paths, and those that a pattern is about (../file_pattern.h).
 */
#ifndef ORDEAL_DISK_FILES_H
#define ORDEAL_DISK_FILES_H

#include "inode.h"

#include <limits.h>

/* Whether the pattern is about the path; "" is about all. */
bool files_match(const char *pattern, const char *path);

/* The path below `root` of what `fd` is open on ("etcd/member/wal/0.wal"); as the machine has it if
 * it is not there. It lies in `path`. */
const char *files_path(const struct inode *root, int fd, char path[PATH_MAX]);

struct file_entry {
    char *path; /* below the root */
    int64_t size;
};

/* Regular files, by path. */
struct file_list {
    struct file_entry *all;
    size_t count, capacity;
};

/* Those that the pattern is about. -1 with errno; files_release() in any case. */
int files_list(int root_fd, const char *pattern, struct file_list *list);
void files_release(struct file_list *list);

#endif
