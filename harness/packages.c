/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packages.h"

#include "helper.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

/* A node's PATH, below the packages folder and below the root. */
static const char *const folders[] = {"usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin",
                                      "sbin",           "bin",           NULL};

static bool is_below(const char *root, const char *program)
{
    char path[PATH_MAX];

    for (size_t i = 0; folders[i]; i++) {
        int len = snprintf(path, sizeof path, "%s/%s/%s", root, folders[i], program);
        if (len > 0 && (size_t)len < sizeof path && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

int packages_check(const struct target *target, struct err *err)
{
    char helpers[PATH_MAX], fetched[PATH_MAX + 16];

    if (helper_dir(helpers, sizeof helpers, err) < 0)
        return -1;
    (void)snprintf(fetched, sizeof fetched, "%s/packages", helpers);
    for (const struct package *package = target->packages; package && package->name; package++) {
        if (!is_below(fetched, package->binary) && !is_below("", package->binary))
            return err_set(err, ENOENT,
                           "target '%s' needs the program '%s'; run `make packages`, which fetches "
                           "the Debian package %s without installing it",
                           target->name, package->binary, package->name);
    }
    return 0;
}
