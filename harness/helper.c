/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Always built beside the program, so its presence tells the right folder. */
#define LANDMARK "ordeal-node"

static bool has_landmark(const char *dir)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/" LANDMARK, dir);
    return len > 0 && (size_t)len < sizeof path && access(path, X_OK) == 0;
}

/* The running program's folder. False if it cannot be told. */
static bool own_dir(char *dir, size_t size)
{
    ssize_t len = readlink("/proc/self/exe", dir, size - 1);
    if (len <= 0)
        return false;
    dir[len] = '\0';
    char *slash = strrchr(dir, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return true;
}

static bool find_dir(char *dir, size_t size)
{
    const char *given = getenv("ORDEAL_LIBEXEC");
    char own[PATH_MAX];

    if (given && *given) {
        (void)snprintf(dir, size, "%s", given);
        return has_landmark(dir);
    }
    if (!own_dir(own, sizeof own))
        return false;
    (void)snprintf(dir, size, "%s", own);
    if (has_landmark(dir))
        return true;
    int len = snprintf(dir, size, "%s/../libexec/ordeal", own);
    return len > 0 && (size_t)len < size && has_landmark(dir);
}

int helper_dir(char *path, size_t size, struct err *err)
{
    static char found[PATH_MAX];

    if (!found[0] && !find_dir(found, sizeof found)) {
        found[0] = '\0';
        return err_set(err, ENOENT,
                       "cannot find '" LANDMARK "' beside the program or in ../libexec/ordeal; "
                       "run `make`, or set ORDEAL_LIBEXEC to its folder");
    }
    int len = snprintf(path, size, "%s", found);
    if (len < 0 || (size_t)len >= size)
        return err_set(err, ENAMETOOLONG, "the path '%s' is too long", found);
    return 0;
}

int helper_find(const char *name, char *path, size_t size, struct err *err)
{
    char dir[PATH_MAX];

    if (helper_dir(dir, sizeof dir, err) < 0)
        return -1;
    int len = snprintf(path, size, "%s/%s", dir, name);
    if (len < 0 || (size_t)len >= size)
        return err_set(err, ENAMETOOLONG, "the path '%s/%s' is too long", dir, name);
    if (access(path, F_OK) != 0)
        return err_set(err, ENOENT, "'%s' is not in '%s'; run `make`", name, dir);
    return 0;
}
