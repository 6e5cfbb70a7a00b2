/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "skeleton.h"

#include "root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BONES_MAX = 512 };

/* What a node has of its own; lost+found is nothing to anybody. */
static bool is_left_out(const char *name)
{
    static const char *const own[] = {".",   "..",  "proc", "sys",       "dev",
                                      "tmp", "run", "node", "lost+found"};

    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (strcmp(name, own[i]) == 0)
            return true;
    }
    return false;
}

static char *read_link(int root, const char *name)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(root, name, target, sizeof target - 1);

    return len < 0 ? NULL : strndup(target, (size_t)len);
}

/* False if it is to be left out; *failed if there was no memory for it. */
static bool bone_read(struct bone *bone, int root, const char *name, bool *failed)
{
    struct stat status;

    if (is_left_out(name) || fstatat(root, name, &status, AT_SYMLINK_NOFOLLOW) < 0 ||
        !(S_ISDIR(status.st_mode) || S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)))
        return false;
    *bone = (struct bone){.name = strdup(name), .mode = status.st_mode};
    if (S_ISLNK(status.st_mode))
        bone->link = read_link(root, name);
    bone->overlay = S_ISDIR(status.st_mode) && !strpbrk(name, "\\:,");
    *failed = !bone->name || (S_ISLNK(status.st_mode) && !bone->link);
    return true;
}

/* Folders with something mounted below: an overlay would not show it. */
static void mark_mounts(struct skeleton *skeleton)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;

    while (file && getline(&line, &size, file) > 0) {
        char point[PATH_MAX];
        if (sscanf(line, "%*s %*s %*s %*s %4095s", point) != 1)
            continue;
        for (size_t i = 0; i < skeleton->count; i++) {
            struct bone *bone = &skeleton->bones[i];
            size_t len = strlen(bone->name);
            if (strncmp(point + 1, bone->name, len) == 0 && point[1 + len] == '/')
                bone->overlay = false;
        }
    }
    free(line);
    if (file)
        (void)fclose(file);
}

int skeleton_read(struct skeleton **skeleton, struct err *err)
{
    DIR *root = opendir("/");
    if (!root)
        return err_errno(err, errno, "cannot read '/'");
    struct skeleton *read = calloc(1, sizeof *read);
    bool failed = !read || !(read->bones = calloc(BONES_MAX, sizeof *read->bones));
    const struct dirent *entry;

    while (!failed && read->count < BONES_MAX && (entry = readdir(root)))
        read->count += bone_read(&read->bones[read->count], dirfd(root), entry->d_name, &failed);
    (void)closedir(root);
    if (failed) {
        skeleton_free(read);
        return err_set(err, ENOMEM, "out of memory");
    }
    mark_mounts(read);
    *skeleton = read;
    return 0;
}

void skeleton_free(struct skeleton *skeleton)
{
    if (!skeleton)
        return;
    for (size_t i = 0; i < skeleton->count; i++) {
        free(skeleton->bones[i].name);
        free(skeleton->bones[i].link);
    }
    free(skeleton->bones);
    free(skeleton);
}
