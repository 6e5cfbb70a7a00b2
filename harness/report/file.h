/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file.h - whole files: what a report reads and leaves behind. */
#ifndef ORDEAL_REPORT_FILE_H
#define ORDEAL_REPORT_FILE_H

#include "../base/buf.h"
#include "../base/err.h"

/* Write `content` to `path` in one step: whoever opens it sees all of the old or all of the new. */
int file_replace(const char *path, struct str content, struct err *err) MUST_CHECK;

/* Append the file to `content`, at most limit_bytes of it. -1 also if there is more. */
int file_read(const char *path, size_t limit_bytes, struct buf *content,
              struct err *err) MUST_CHECK;

#endif
