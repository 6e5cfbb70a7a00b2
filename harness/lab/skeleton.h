/* SPDX-License-Identifier: GPL-2.0-or-later */
/* skeleton.h - what the machine's root folder holds, as a node's root is assembled from it. */
#ifndef ORDEAL_LAB_SKELETON_H
#define ORDEAL_LAB_SKELETON_H

#include "../base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct bone {
    char *name;   /* without the slash */
    char *link;   /* of a symbolic link: where to; else NULL */
    mode_t mode;  /* as stat(2) has it: a folder, a plain file or a link */
    bool overlay; /* of a folder: nothing is mounted below, and its name needs no quoting */
};

struct skeleton {
    struct bone *bones;
    size_t count;
};

#endif
