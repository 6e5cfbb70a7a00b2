/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - the verbs put and get. */
#ifndef ORDEAL_AGENT_FILES_H
#define ORDEAL_AGENT_FILES_H

#include "../base/buf.h"
#include "request.h"

/* Write a piece of a file under /node, with its directories. Pieces gather beside it, in order; the
 * last one puts the whole in its place in one step. */
int files_put(const struct request *request, struct err *err) MUST_CHECK;

/* Append "data" (a piece from the offset on, base64; empty at the end) and "size" to `answer`. */
int files_get(const struct request *request, struct buf *answer, struct err *err) MUST_CHECK;

#endif
