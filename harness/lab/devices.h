/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devices.h - a node's own /dev: what every program expects, and nothing of the machine's. */
#ifndef ORDEAL_LAB_DEVICES_H
#define ORDEAL_LAB_DEVICES_H

#include "../base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* As root of the machine: a /dev with devices of its own, that belongs to user `owner`; a mount
 * attached to nowhere. */
int devices_make(bool want_fuse, uint32_t owner, struct err *err) MUST_CHECK;

/* Otherwise: the same in the empty folder `path`, the devices bound from the machine's. */
int devices_bind(const char *path, bool want_fuse, struct err *err) MUST_CHECK;

#endif
