/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.h - a connection to a reference node: a line out, a line back, never past the deadline. */
#ifndef ORDEAL_REFERENCE_WIRE_H
#define ORDEAL_REFERENCE_WIRE_H

#include "../../../harness/base/buf.h"

#include <netinet/in.h>

enum { NODE_PORT = 7000 };

struct wire {
    struct sockaddr_in address;
    int fd; /* -1: not connected */
    struct buf in;
};

enum wire_result {
    WIRE_ANSWERED,
    WIRE_NOT_SENT, /* the node cannot have had the whole line, so it did nothing */
    WIRE_UNKNOWN,  /* it may have had it */
};

/* Connects when it is first used, and again after a failure. */
void wire_init(struct wire *wire, const char *ipv4, uint16_t port);
void wire_close(struct wire *wire);

/* Send `request`, which ends with a newline, and wait for a line until deadline_ns of
 * clock_now_ns(). The answer comes without its newline and lives until the next call. After
 * anything but an answer the connection is closed, so that a late answer is never taken for
 * another's, and *why is a short phrase. */
enum wire_result wire_ask(struct wire *wire, struct str request, int64_t deadline_ns,
                          struct str *answer, const char **why);

#endif
