/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sources.h"

#include "devices.h"
#include "lab.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NO_DEVICES = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };

static int set_attributes(int tree, uint64_t attributes, int user_namespace)
{
    struct mount_attr change = {.attr_set = attributes, .userns_fd = (unsigned)user_namespace};

    return mount_setattr(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change);
}

static int take(const char *path, uint64_t attributes, struct err *err)
{
    int tree = open_tree(AT_FDCWD, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
    if (tree < 0 || set_attributes(tree, attributes, 0) < 0) {
        int code = errno;
        if (tree >= 0)
            (void)close(tree);
        return code == ENOSYS ? err_set(err, code, "nodes need Linux 5.12 or later")
                              : err_errno(err, code, "cannot bind '%s'", path);
    }
    return tree;
}

static int take_if_given(int *tree, const char *path, struct err *err)
{
    *tree = path ? take(path, NO_DEVICES | MOUNT_ATTR_RDONLY, err) : -1;
    return path && *tree < 0 ? -1 : 0;
}

static void log_path(char path[PATH_MAX], const struct lab_options *options, const char *name)
{
    (void)snprintf(path, PATH_MAX, "%s/%s", options->log_dir, name);
}

int sources_open(struct sources *sources, const struct lab_options *options, const char *name,
                 uint32_t stranger, struct err *err)
{
    char path[PATH_MAX];

    log_path(path, options, name);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make '%s'", path);
    sources->log = take(path, NO_DEVICES, err);
    sources->bin = sources->log < 0 ? -1 : take(options->helper_dir, MOUNT_ATTR_RDONLY, err);
    if (sources->bin < 0 || take_if_given(&sources->packages, options->package_dir, err) < 0 ||
        take_if_given(&sources->target, options->target_dir, err) < 0)
        return -1;
    sources->devices = -1;
    if (stranger == 0)
        return 0;
    sources->devices = devices_make(options->needs & NEED_DISK, stranger, err);
    return sources->devices < 0 ? -1 : 0;
}

int sources_translate(const struct sources *sources, const struct lab_options *options,
                      const char *name, pid_t pid, uint32_t stranger, struct err *err)
{
    const int folders[] = {sources->bin, sources->packages, sources->target};
    char path[PATH_MAX];

    (void)snprintf(path, sizeof path, "/proc/%d/ns/user", (int)pid);
    int users = open(path, O_RDONLY | O_CLOEXEC);
    if (users < 0)
        return err_errno(err, errno, "cannot open '%s'", path);
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (folders[i] >= 0)
            (void)set_attributes(folders[i], MOUNT_ATTR_IDMAP, users);
    }
    int translated = set_attributes(sources->log, MOUNT_ATTR_IDMAP, users);
    (void)close(users);
    log_path(path, options, name);
    if (translated < 0 && chown(path, stranger, stranger) < 0)
        return err_errno(err, errno, "cannot give '%s' to the node", path);
    return 0;
}

static int own(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)type;
    (void)at;
    if (status->st_uid != geteuid() || status->st_gid != getegid())
        (void)!lchown(path, geteuid(), getegid());
    return 0;
}

void sources_reclaim(const struct lab_options *options, const char *name)
{
    char path[PATH_MAX];

    log_path(path, options, name);
    (void)nftw(path, own, 16, FTW_PHYS | FTW_MOUNT);
}
