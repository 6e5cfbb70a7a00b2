/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tool.h - programs of the host that change it: iptables-restore, nft, systemctl.
 *
 * Executed directly, never by a shell, with an environment of nothing but PATH and LC_ALL=C.
 */
#ifndef ORDEAL_AGENT_HOST_TOOL_H
#define ORDEAL_AGENT_HOST_TOOL_H

#include "../../base/buf.h"
#include "../../base/err.h"

#include <stdbool.h>

/* Whether there is such a program on PATH or in the usual folders of administrators. */
bool tool_exists(const char *name);

/* Run argv[0] (NULL-terminated) with `input`, until it ends; what it prints is appended to `output`
 * (or NULL). It inherits `kept_fd` (or -1). -1 if it cannot be executed, does not end within 4 s,
 * or fails: then with the first line of its complaint. */
int tool_run(const char *const *argv, struct str input, int kept_fd, struct buf *output,
             struct err *err) MUST_CHECK;

#endif
