/* SPDX-License-Identifier: GPL-2.0-or-later */
/* built.h - where the programs lie that were built beside the test that runs. */
#ifndef ORDEAL_TESTS_TARGETS_BUILT_H
#define ORDEAL_TESTS_TARGETS_BUILT_H

#include "../../harness/base/base64.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Plug-ins call it; this program would be linked without it. */
__attribute__((used)) static void (*const built_keep)(struct buf *buf,
                                                      struct str bytes) = base64_add;

/* The build folder: this is BUILD/tests/targets/test_x. */
static inline const char *built_dir(void)
{
    static char path[PATH_MAX];
    ssize_t len = path[0] ? 0 : readlink("/proc/self/exe", path, sizeof path - 1);

    if (len > 0) {
        path[len] = '\0';
        for (int up = 0; up < 3; up++)
            *strrchr(path, '/') = '\0';
    }
    return path;
}

/* Make harness/helper.c find them. */
static inline void built_use(void)
{
    (void)setenv("ORDEAL_LIBEXEC", built_dir(), 1);
}

#endif
