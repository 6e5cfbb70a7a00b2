/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include "../base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

pid_t process_clone(int flags, int *pidfd)
{
    unsigned long all = (unsigned long)flags | (pidfd ? (unsigned long)CLONE_PIDFD : 0);

    return (pid_t)syscall(SYS_clone, all, 0UL, pidfd, 0UL, 0UL);
}

bool process_read_file(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    size_t len = 0;
    ssize_t got;
    while (len < size - 1 && (got = read(fd, text + len, size - 1 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    (void)close(fd);
    return true;
}

int process_write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t wrote = write(fd, text, strlen(text));
    int code = errno;
    (void)close(fd);
    errno = code;
    return wrote < 0 ? -1 : 0;
}

long process_read_number(const char *path, long fallback)
{
    char text[64];
    int64_t number;

    if (!process_read_file(path, text, sizeof text))
        return fallback;
    return str_to_int((struct str){text, strcspn(text, "\n")}, &number) ? (long)number : fallback;
}

bool process_is_admin(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    if (syscall(SYS_capget, &header, data) < 0)
        return false;
    return data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN);
}
