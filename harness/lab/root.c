/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "root.h"

#include "devices.h"
#include "skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The new root grows below /tmp: every machine has it, and no node sees the machine's. What the
 * node writes to its overlays lies beside it, and is out of sight once the root is entered. */
#define BASE "/tmp"
#define STAGE BASE "/root"
#define LAYERS BASE "/layers"

enum { DATA_LIMIT_DEFAULT = 1 << 30 };

static int make_folder(const char *path, mode_t mode, struct err *err)
{
    if (mkdir(path, mode) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make '%s' in the node's root", path);
    return 0;
}

static int mount_tmpfs(const char *path, const char *options, struct err *err)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
        return err_errno(err, errno, "cannot mount a tmpfs on '%s'", path);
    return 0;
}

static int bind_read_only(const char *from, const char *to, struct err *err)
{
    struct mount_attr change = {.attr_set = MOUNT_ATTR_RDONLY};

    if (mount(from, to, NULL, MS_BIND | MS_REC, NULL) < 0 ||
        mount_setattr(AT_FDCWD, to, AT_RECURSIVE, &change, sizeof change) < 0)
        return err_errno(err, errno, "cannot bind '%s' into the node's root", from);
    return 0;
}

static int write_file(const char *path, const char *text, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    size_t len = strlen(text);
    bool done = fd >= 0 && write(fd, text, len) == (ssize_t)len;
    int code = errno;

    if (fd >= 0)
        (void)close(fd);
    return done ? 0 : err_errno(err, code, "cannot write '%s' in the node's root", path);
}

/* -- the machine's folders -------------------------------------------------------------------- */

static bool overlay(const char *name)
{
    char to[PATH_MAX], options[PATH_MAX];

    (void)snprintf(to, sizeof to, STAGE "/%s", name);
    int len =
        snprintf(options, sizeof options,
                 "lowerdir=/%s,upperdir=" LAYERS "/%s.upper,workdir=" LAYERS "/%s.work,userxattr",
                 name, name, name);
    return len < (int)sizeof options && mount("overlay", to, "overlay", 0, options) == 0;
}

/* The node's names lie in what becomes the upper layer of /etc, which nobody may write to later.
 * Where /etc has no such layer (in a container there are mounts below it), they cover the files
 * that are there. */
static int write_names(const struct root *root, struct err *err)
{
    if (make_folder(LAYERS "/etc.upper", 0755, err) < 0 ||
        write_file(LAYERS "/etc.upper/hosts", root->hosts, err) < 0)
        return -1;
    return write_file(LAYERS "/etc.upper/hostname", root->hostname, err);
}

static int cover_names(struct err *err)
{
    if (bind_read_only(LAYERS "/etc.upper/hosts", STAGE "/etc/hosts", err) < 0)
        return -1;
    if (access(STAGE "/etc/hostname", F_OK) < 0)
        return 0;
    return bind_read_only(LAYERS "/etc.upper/hostname", STAGE "/etc/hostname", err);
}

static int grow_folder(const struct bone *bone, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX], upper[PATH_MAX], work[PATH_MAX];
    mode_t mode = bone->mode & 07777;

    (void)snprintf(from, sizeof from, "/%s", bone->name);
    (void)snprintf(to, sizeof to, STAGE "/%s", bone->name);
    (void)snprintf(upper, sizeof upper, LAYERS "/%s.upper", bone->name);
    (void)snprintf(work, sizeof work, LAYERS "/%s.work", bone->name);
    if (make_folder(to, mode, err) < 0 || make_folder(upper, mode, err) < 0 ||
        make_folder(work, 0700, err) < 0)
        return -1;
    if (bone->overlay && overlay(bone->name))
        return 0;
    if (bind_read_only(from, to, err) < 0)
        return -1;
    return strcmp(bone->name, "etc") == 0 ? cover_names(err) : 0;
}

static int grow_bone(const struct bone *bone, struct err *err)
{
    char from[PATH_MAX], to[PATH_MAX];

    if (S_ISDIR(bone->mode))
        return grow_folder(bone, err);
    (void)snprintf(from, sizeof from, "/%s", bone->name);
    (void)snprintf(to, sizeof to, STAGE "/%s", bone->name);
    if (!bone->link)
        return write_file(to, "", err) < 0 ? -1 : bind_read_only(from, to, err);
    if (symlink(bone->link, to) < 0)
        return err_errno(err, errno, "cannot link '%s' in the node's root", to);
    return 0;
}

static int grow_machine(const struct root *root, struct err *err)
{
    if (write_names(root, err) < 0)
        return -1;
    for (size_t i = 0; i < root->skeleton->count; i++) {
        if (grow_bone(&root->skeleton->bones[i], err) < 0)
            return -1;
    }
    return 0;
}

/* -- the node's own folders ------------------------------------------------------------------- */

static int mount_kernel(const struct root *root, struct err *err)
{
    const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

    if (make_folder(STAGE "/proc", 0555, err) < 0 || make_folder(STAGE "/sys", 0555, err) < 0 ||
        make_folder(STAGE "/dev", 0755, err) < 0)
        return -1;
    if (mount("proc", STAGE "/proc", "proc", flags, NULL) < 0)
        return err_errno(err, errno, "cannot mount the node's /proc");
    if (mount("sysfs", STAGE "/sys", "sysfs", flags | MS_RDONLY, NULL) < 0 &&
        bind_read_only("/sys", STAGE "/sys", err) < 0)
        return -1;
    if (root->sources->devices < 0)
        return devices_bind(STAGE "/dev", root->want_fuse, err);
    if (move_mount(root->sources->devices, "", AT_FDCWD, STAGE "/dev", MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_errno(err, errno, "cannot mount the node's /dev");
    return 0;
}

static int mount_private(struct err *err)
{
    struct stat status;

    if (mount("devpts", STAGE "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
              "newinstance,ptmxmode=0666,mode=620") < 0)
        return err_errno(err, errno, "cannot mount the node's /dev/pts");
    if (mount_tmpfs(STAGE "/dev/shm", "mode=1777", err) < 0 ||
        make_folder(STAGE "/run", 0755, err) < 0 ||
        mount_tmpfs(STAGE "/run", "mode=755", err) < 0 ||
        make_folder(STAGE "/run/lock", 01777, err) < 0 ||
        make_folder(STAGE "/tmp", 0755, err) < 0 || mount_tmpfs(STAGE "/tmp", "mode=1777", err) < 0)
        return -1;
    if (lstat(STAGE "/var/tmp", &status) < 0 || !S_ISDIR(status.st_mode))
        return 0;
    return mount_tmpfs(STAGE "/var/tmp", "mode=1777", err);
}

static int put_source(const char *path, int tree, struct err *err)
{
    if (make_folder(path, 0755, err) < 0)
        return -1;
    if (tree >= 0 && move_mount(tree, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
        return err_errno(err, errno, "cannot mount '%s' in the node's root", path);
    return 0;
}

static int mount_ours(const struct root *root, struct err *err)
{
    char options[64];

    (void)snprintf(options, sizeof options, "mode=755,size=%zu",
                   root->data_limit_bytes ? root->data_limit_bytes : DATA_LIMIT_DEFAULT);
    if (make_folder(STAGE "/node", 0755, err) < 0 ||
        make_folder(STAGE "/node/conf", 0755, err) < 0 ||
        make_folder(STAGE "/node/data", 0755, err) < 0 ||
        mount_tmpfs(STAGE "/node/data", options, err) < 0 ||
        put_source(STAGE "/node/log", root->sources->log, err) < 0 ||
        put_source(STAGE "/node/bin", root->sources->bin, err) < 0 ||
        put_source(STAGE "/node/packages", root->sources->packages, err) < 0)
        return -1;
    return put_source(STAGE "/node/target", root->sources->target, err);
}

int root_enter(const struct root *root, struct err *err)
{
    (void)umask(0);
    if (mount_tmpfs(BASE, "mode=700", err) < 0 || make_folder(STAGE, 0755, err) < 0 ||
        mount_tmpfs(STAGE, "mode=755", err) < 0 || make_folder(LAYERS, 0700, err) < 0 ||
        grow_machine(root, err) < 0 || mount_kernel(root, err) < 0 || mount_private(err) < 0 ||
        mount_ours(root, err) < 0)
        return -1;
    (void)umask(022);
    if (chdir(STAGE) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
        chdir("/") < 0)
        return err_errno(err, errno, "cannot enter the node's root");
    return 0;
}
