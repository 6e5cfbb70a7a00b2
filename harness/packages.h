/* SPDX-License-Identifier: GPL-2.0-or-later */
/* packages.h - whether the programs of a target are where its nodes will look for them. */
#ifndef ORDEAL_PACKAGES_H
#define ORDEAL_PACKAGES_H

#include "target.h"

/* 0 if every program of target->packages is in the packages folder beside Ordeal's programs or in
 * the system's own folders; else -1 with a sentence that names the missing Debian package. */
int packages_check(const struct target *target, struct err *err) MUST_CHECK;

#endif
