/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_all(int fd, struct str content)
{
    for (size_t at = 0; at < content.len;) {
        ssize_t put = write(fd, content.ptr + at, content.len - at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return errno;
        at += (size_t)put;
    }
    return 0;
}

int file_replace(const char *path, struct str content, struct err *err)
{
    struct buf fresh;

    buf_init(&fresh, 0);
    buf_printf(&fresh, "%s.%ld.new", path, (long)getpid());
    if (fresh.failed)
        return err_set(err, ENOMEM, "out of memory for the name of '%s'", path);
    int fd = open(fresh.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int code = fd < 0 ? errno : write_all(fd, content);
    if (fd >= 0 && close(fd) < 0 && code == 0)
        code = errno;
    if (code == 0 && rename(fresh.ptr, path) < 0)
        code = errno;
    if (code != 0 && fd >= 0)
        (void)unlink(fresh.ptr);
    buf_release(&fresh);
    return code == 0 ? 0 : err_errno(err, code, "cannot write '%s'", path);
}

int file_read(const char *path, size_t limit_bytes, struct buf *content, struct err *err)
{
    char bytes[1 << 14];
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return err_errno(err, errno, "cannot open '%s'", path);
    for (;;) {
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR)
            continue;
        int code = got < 0 ? errno : 0;
        if (got > 0) {
            len += (size_t)got;
            buf_add(content, bytes, (size_t)got);
        }
        if (got > 0 && len <= limit_bytes && !content->failed)
            continue;
        (void)close(fd);
        if (code != 0)
            return err_errno(err, code, "cannot read '%s'", path);
        if (len > limit_bytes)
            return err_set(err, EFBIG, "'%s' is larger than %zu bytes", path, limit_bytes);
        return content->failed ? err_set(err, ENOMEM, "out of memory for '%s'", path) : 0;
    }
}
