/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.h - the lines that agent and controller exchange: one JSON object each (PROTOCOL.md).
 *
 * Both ends read through here, so that both keep the same limits: a peer that sends nonsense costs
 * a bounded amount of memory and gets told once per line.
 */
#ifndef ORDEAL_AGENT_WIRE_H
#define ORDEAL_AGENT_WIRE_H

#include "../base/err.h"
#include "../base/str.h"

enum {
    PROTOCOL_VERSION = 2,
    LINE_MAX_BYTES = 1 << 20,    /* with the newline */
    CHUNK_MAX_BYTES = 256 << 10, /* of a file in one put or get */
    INPUT_MAX_BYTES = 512 << 10, /* of a command's standard input */
    SILENCE_MAX_MS = 5000,       /* an agent that hears nothing for so long heals and stops */
};

#define ABILITY_CUTS "cuts" /* as hello tells it */

/* Bytes read and not yet taken as lines. */
struct lines {
    char *bytes; /* LINE_MAX_BYTES */
    size_t start, end;
    bool skipping; /* in a line that was too long, until its newline */
};

int lines_init(struct lines *lines, struct err *err) MUST_CHECK;
void lines_release(struct lines *lines);

/* Read once from `fd`, as much as there is room for: the number of bytes, 0 at the end of file, -1
 * with errno (EAGAIN also if there is no room: take lines first). */
long lines_fill(struct lines *lines, int fd);

enum line_found { LINE_NONE, LINE_READY, LINE_TOO_LONG };

/* The next whole line without its newline, valid until the next lines_fill. LINE_TOO_LONG is said
 * once for a line over the limit, whose bytes are dropped up to its newline. */
enum line_found lines_next(struct lines *lines, struct str *line);

#endif
