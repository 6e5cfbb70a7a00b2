/* SPDX-License-Identifier: GPL-2.0-or-later */
/* damage.h - files that are not what they were when a node comes back: bits flipped, ends cut off,
 * an earlier state. Made while nobody uses the disk, so that nothing is left of them in a cache;
 * for good, as from a disk that rots or a backup that was put back. */
#ifndef ORDEAL_DISK_DAMAGE_H
#define ORDEAL_DISK_DAMAGE_H

#include "disk.h"

/* Flip a bit of each of fault->flip_bytes bytes, one in each of as many parts of equal length of
 * all that was ever written to the files that the fault is about; of all of it if there is less. */
int damage_flip(struct disk *disk, const struct disk_fault *fault, struct rng *rng,
                struct err *err) MUST_CHECK;

/* Cut the last fault->cut_bytes off each of the files. Zeros that were only set aside for the
 * file's growth are cut off as well, and not counted. */
int damage_cut(struct disk *disk, const struct disk_fault *fault, struct err *err) MUST_CHECK;

/* Keep the files as they are now; what was kept before is forgotten. */
int damage_keep(struct disk *disk, const struct disk_fault *fault, struct err *err) MUST_CHECK;
void damage_forget(struct disk *disk);

/* Make the files what was kept: they hold what they held, what was removed is there, what is newer
 * is gone. Folders stay. */
int damage_bring_back(struct disk *disk, const struct disk_fault *fault,
                      struct err *err) MUST_CHECK;

#endif
