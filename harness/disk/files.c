/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool files_match(const char *pattern, const char *path)
{
    return !pattern[0] || fnmatch(pattern, path, 0) == 0;
}

const char *files_path(const struct inode *root, int fd, char path[PATH_MAX])
{
    char link[INODE_PATH_BYTES], top[PATH_MAX];

    if (!path) /* nobody does that, but gcc 12 sees it where nothing is optimised */
        return "";
    ssize_t prefix = readlink(inode_path(root, link), top, sizeof top - 1);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, PATH_MAX - 1);
    path[len > 0 ? len : 0] = '\0';
    if (prefix > 0 && len > prefix && strncmp(path, top, (size_t)prefix) == 0)
        return path + prefix + 1;
    return path;
}

/* -- lists ------------------------------------------------------------------------------------ */

static int add(struct file_list *list, const char *path, int64_t size)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? list->capacity * 2 : 64;
        struct file_entry *grown = realloc(list->all, capacity * sizeof *grown);
        if (!grown)
            return -1;
        list->all = grown;
        list->capacity = capacity;
    }
    struct file_entry *entry = &list->all[list->count];
    *entry = (struct file_entry){.path = strdup(path), .size = size};
    if (!entry->path)
        return -1;
    list->count++;
    return 0;
}

/* A walk, at the folder whose path is in the first `len` bytes of `path`. */
struct walk {
    int root_fd;
    const char *pattern;
    struct file_list *list;
    char path[PATH_MAX];
};

static int walk_folder(struct walk *walk, size_t len);

static int walk_entry(struct walk *walk, size_t len)
{
    struct stat status;

    if (fstatat(walk->root_fd, walk->path, &status, AT_SYMLINK_NOFOLLOW))
        return errno == ENOENT ? 0 : -1;
    if (S_ISDIR(status.st_mode))
        return walk_folder(walk, len);
    if (!S_ISREG(status.st_mode) || !files_match(walk->pattern, walk->path))
        return 0;
    return add(walk->list, walk->path, status.st_size);
}

static int walk_folder(struct walk *walk, size_t len)
{
    int fd = openat(walk->root_fd, len ? walk->path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    int result = 0;

    if (!dir)
        return -1;
    while (result == 0 && (entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int more = snprintf(walk->path + len, sizeof walk->path - len, "%s%s", len ? "/" : "",
                            entry->d_name);
        if (len + (size_t)more < sizeof walk->path)
            result = walk_entry(walk, len + (size_t)more);
        walk->path[len] = '\0';
    }
    int code = errno;
    (void)closedir(dir);
    errno = code;
    return result;
}

static int by_path(const void *left, const void *right)
{
    const struct file_entry *a = left, *b = right;

    return strcmp(a->path, b->path);
}

int files_list(int root_fd, const char *pattern, struct file_list *list)
{
    struct walk walk = {.root_fd = root_fd, .pattern = pattern, .list = list};

    *list = (struct file_list){0};
    int result = walk_folder(&walk, 0);
    if (list->count)
        qsort(list->all, list->count, sizeof *list->all, by_path);
    return result;
}

void files_release(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->all[i].path);
    free(list->all);
    *list = (struct file_list){0};
}
