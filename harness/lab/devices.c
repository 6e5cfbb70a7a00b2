/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devices.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const struct device {
    const char *name;
    unsigned major, minor;
    enum { ALWAYS, FOR_FUSE } when;
} devices[] = {
    {"null", 1, 3, ALWAYS},      {"zero", 1, 5, ALWAYS},    {"full", 1, 7, ALWAYS},
    {"random", 1, 8, ALWAYS},    {"urandom", 1, 9, ALWAYS}, {"tty", 5, 0, ALWAYS},
    {"fuse", 10, 229, FOR_FUSE},
};

enum { DEVICE_COUNT = sizeof devices / sizeof devices[0] };

static bool is_wanted(const struct device *device, bool want_fuse)
{
    return device->when == ALWAYS || want_fuse;
}

/* Folders to mount on, and links that are the same everywhere. */
static int furnish(int dir)
{
    static const char *const folders[] = {"pts", "shm", "net", "mqueue"};
    static const char *const links[][2] = {{"/proc/self/fd", "fd"},
                                           {"/proc/self/fd/0", "stdin"},
                                           {"/proc/self/fd/1", "stdout"},
                                           {"/proc/self/fd/2", "stderr"},
                                           {"pts/ptmx", "ptmx"}};

    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        if (mkdirat(dir, folders[i], 0755) < 0)
            return -1;
    }
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        if (symlinkat(links[i][0], dir, links[i][1]) < 0)
            return -1;
    }
    return 0;
}

static int make_one(int dir, const struct device *device)
{
    mode_t old = umask(0);
    int result = mknodat(dir, device->name, S_IFCHR | 0666, makedev(device->major, device->minor));

    (void)umask(old);
    return result;
}

/* An unattached tmpfs. */
static int open_tmpfs(void)
{
    int context = fsopen("tmpfs", FSOPEN_CLOEXEC);
    int dir = -1;

    if (context >= 0 && fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) == 0 &&
        fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        dir = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    int code = errno;
    if (context >= 0)
        (void)close(context);
    errno = code;
    return dir;
}

int devices_make(bool want_fuse, uint32_t owner, struct err *err)
{
    int dir = open_tmpfs();
    if (dir < 0)
        return err_errno(err, errno, "cannot make a file system for devices");

    bool done = furnish(dir) == 0 && fchownat(dir, "", owner, owner, AT_EMPTY_PATH) == 0;
    for (int i = 0; i < DEVICE_COUNT && done; i++) {
        if (is_wanted(&devices[i], want_fuse))
            done = make_one(dir, &devices[i]) == 0;
    }
    if (done)
        return dir;
    (void)err_errno(err, errno, "cannot make the node's devices");
    (void)close(dir);
    return -1;
}

static int bind_one(const char *path, const struct device *device)
{
    char from[64], to[128];

    (void)snprintf(from, sizeof from, "/dev/%s", device->name);
    (void)snprintf(to, sizeof to, "%s/%s", path, device->name);
    int fd = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0666);
    if (fd < 0)
        return -1;
    (void)close(fd);
    return mount(from, to, NULL, MS_BIND, NULL);
}

int devices_bind(const char *path, bool want_fuse, struct err *err)
{
    if (mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") < 0)
        return err_errno(err, errno, "cannot make a file system for devices");
    int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || furnish(dir) < 0)
        return err_errno(err, errno, "cannot make the node's /dev");
    (void)close(dir);
    for (int i = 0; i < DEVICE_COUNT; i++) {
        if (is_wanted(&devices[i], want_fuse) && bind_one(path, &devices[i]) < 0)
            return err_errno(err, errno, "cannot bind '/dev/%s'", devices[i].name);
    }
    return 0;
}
