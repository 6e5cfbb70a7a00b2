/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"

#include "../base/base64.h"
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Under /node, and by no detour: elsewhere nothing of a node is ours to write. */
static int check_path(const char *path, struct err *err)
{
    size_t len = strlen(path);

    if (strncmp(path, "/node/", 6) != 0 || strstr(path, "/../") || strstr(path, "//") ||
        path[len - 1] == '/' || (len > 3 && strcmp(path + len - 3, "/..") == 0))
        return err_set(err, EINVAL, "cannot write '%s': files go under /node, by a plain path",
                       path);
    return 0;
}

/* Make the directories that lead to `path`. */
static int make_parents(const char *path, struct err *err)
{
    char folder[PATH_MAX];

    (void)snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0755) && errno != EEXIST)
            return err_errno(err, errno, "cannot make the folder '%s'", folder);
        *slash = '/';
    }
    return 0;
}

/* Append the bytes to `part`, which has to have request->offset of them already. */
static int write_part(const char *part, const struct request *request, const char *bytes,
                      size_t len, struct err *err)
{
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | (request->offset ? 0 : O_TRUNC);
    int fd = open(part, flags, 0600);
    struct stat st;

    if (fd < 0)
        return err_errno(err, errno, "cannot write '%s'", request->path);
    int failed = 0;
    if (fstat(fd, &st) || st.st_size != request->offset)
        failed = err_set(err, EINVAL, "cannot write '%s' from byte %lld: it has %lld so far",
                         request->path, (long long)request->offset, (long long)st.st_size);
    for (size_t done = 0; !failed && done < len;) {
        ssize_t written = pwrite(fd, bytes + done, len - done, request->offset + (off_t)done);
        if (written <= 0)
            failed = err_errno(err, errno, "cannot write '%s'", request->path);
        else
            done += (size_t)written;
    }
    if (!failed && !request->more && fchmod(fd, (mode_t)request->mode))
        failed = err_errno(err, errno, "cannot set the mode of '%s'", request->path);
    (void)close(fd);
    return failed;
}

int files_put(const struct request *request, struct err *err)
{
    char part[PATH_MAX + 8];
    size_t len;

    if (check_path(request->path, err) || make_parents(request->path, err))
        return -1;
    if (request->data.len > CHUNK_MAX_BYTES / 3 * 4 + 4)
        return err_set(err, E2BIG, "a piece of a file may have %d bytes; send more pieces",
                       CHUNK_MAX_BYTES);
    char *bytes = malloc(base64_read_max(request->data.len) + 1);
    if (!bytes)
        return err_set(err, ENOMEM, "out of memory for a piece of '%s'", request->path);
    (void)snprintf(part, sizeof part, "%s.part", request->path);
    int failed = base64_read(request->data, bytes, &len)
                     ? write_part(part, request, bytes, len, err)
                     : err_set(err, EINVAL, "bad 'put': 'data' is not base64");
    free(bytes);
    if (!failed && !request->more && rename(part, request->path))
        failed = err_errno(err, errno, "cannot put '%s' in its place", request->path);
    if (failed)
        (void)unlink(part);
    return failed;
}

int files_get(const struct request *request, struct buf *answer, struct err *err)
{
    static char bytes[CHUNK_MAX_BYTES];
    struct stat st;

    int fd = open(request->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return err_errno(err, errno, "cannot open '%s'", request->path);
    ssize_t got = -1;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        err_set(err, EINVAL, "'%s' is not a regular file", request->path);
    else if ((got = pread(fd, bytes, sizeof bytes, request->offset)) < 0)
        err_errno(err, errno, "cannot read '%s'", request->path);
    (void)close(fd);
    if (got < 0)
        return -1;
    buf_json_int(answer, "size", st.st_size);
    buf_json_next(answer, "data");
    buf_puts(answer, "\"");
    base64_add(answer, (struct str){bytes, (size_t)got});
    buf_puts(answer, "\"");
    return 0;
}
