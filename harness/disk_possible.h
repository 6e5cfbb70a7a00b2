/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disk_possible.h - whether nodes of this machine can have a disk that fails (NEED_DISK). */
#ifndef ORDEAL_DISK_POSSIBLE_H
#define ORDEAL_DISK_POSSIBLE_H

#include "base/err.h"

/* 0, or -1 with what is missing and the one command that mends it: for runs, before anything
 * starts, and for `ordeal doctor`. */
int disk_possible(struct err *err) MUST_CHECK;

#endif
