/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sources.h - what a node sees of the machine's folders, taken before its own root hides them.
 *
 * Each is a mount attached to nowhere yet, made in the lab's mount namespace and put in place by
 * the node. Where the node's root is a stranger (identity.h), its ids are translated on the way, if
 * the file system can do that: files that root made belong to the node's root and the other way
 * round. Where it cannot, the folders must be readable by everybody.
 */
#ifndef ORDEAL_LAB_SOURCES_H
#define ORDEAL_LAB_SOURCES_H

#include "../base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct lab_options;

struct sources {
    int log;      /* writable */
    int bin;      /* read-only, like all that follow */
    int packages; /* -1 for none */
    int target;   /* -1 for none */
    int devices;  /* a whole /dev; -1: the node makes one from the machine's */
};

/* log_dir/<name>, made if absent. `stranger`: the node's root as seen from here, 0 if it is the
 * caller. */
int sources_open(struct sources *sources, const struct lab_options *options, const char *name,
                 uint32_t stranger, struct err *err) MUST_CHECK;

/* Translate to the ids of process `pid`; only with a stranger. */
int sources_translate(const struct sources *sources, const struct lab_options *options,
                      const char *name, pid_t pid, uint32_t stranger, struct err *err) MUST_CHECK;

/* Once nothing of the node runs: what its users wrote into its log folder is the caller's, who
 * might not even be allowed to delete it else. */
void sources_reclaim(const struct lab_options *options, const char *name);

#endif
