/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture.h - what nodes send and get, in files of the pcap format.
 *
 * Taken at each node's end of the wire: what it sends before anything happens to it, and what
 * reaches it after. DIR/<node>.pcap has the newest packets, DIR/<node>.1.pcap those before; neither
 * grows beyond its limit. Of each packet the first bytes are kept. The folder is not among those
 * that a node sees.
 */
#ifndef ORDEAL_LAB_CAPTURE_H
#define ORDEAL_LAB_CAPTURE_H

#include "../base/err.h"

#include <stddef.h>

struct capture;

enum { CAPTURE_SNAP = 512 };

/* Into the folder `dir` (made if absent); limit_bytes of each file, 0: 16 MiB. */
int capture_open(struct capture **made, const char *dir, size_t limit_bytes,
                 struct err *err) MUST_CHECK;

/* From now on this node's packets too, at the link `link` of the network namespace `network` (-1:
 * the caller's). Safe from several threads. */
int capture_add(struct capture *capture, const char *name, int link, int network,
                struct err *err) MUST_CHECK;

/* Write what has been taken, and end. How many packets were missed, because they came faster than
 * they could be written. NULL is allowed. */
unsigned long capture_close(struct capture *capture);

#endif
