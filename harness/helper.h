/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper.h - where the files lie that `ordeal` needs beside itself: its other programs and its
 * plug-ins.
 *
 * They are looked for in the folder named by ORDEAL_LIBEXEC if that is set (tests, unusual
 * installations) and nowhere else then; otherwise beside the running program, then in
 * ../libexec/ordeal of its folder, where `make install` puts them. All functions are for the time
 * before threads exist, or after the first call: the folder is found once.
 */
#ifndef ORDEAL_HELPER_H
#define ORDEAL_HELPER_H

#include "base/err.h"

#include <stddef.h>

/* The folder that holds ordeal-agent and ordeal-node. -1 if there is none, saying what to do. */
int helper_dir(char *path, size_t size, struct err *err) MUST_CHECK;

/* The path of `name` ("ordeal-node", "plugins/target-etcd.so") in that folder; -1 with ENOENT if it
 * is not there. */
int helper_find(const char *name, char *path, size_t size, struct err *err) MUST_CHECK;

#endif
