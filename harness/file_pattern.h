/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file_pattern.h - patterns of the files that a disk fault is about: paths below /node/data, as
 * fnmatch() without flags has them, so that '*' reaches over '/' and "*.wal" is every such file.
 *
 * A database's files do not exist before it starts; what can be known by then is said by then.
 */
#ifndef ORDEAL_FILE_PATTERN_H
#define ORDEAL_FILE_PATTERN_H

#include "base/err.h"

#include <stdbool.h>

/* -1 if no file could ever match: empty, too long for a declaration, from the root, with "..", "."
 * or nothing between slashes, or with a '[' or '\' that is never finished. */
int file_pattern_check(const char *pattern, struct err *err) MUST_CHECK;

/* Whether there can be a path that both match. Of sound patterns. */
bool file_patterns_meet(const char *a, const char *b);

#endif
