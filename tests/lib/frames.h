/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frames.h - frames between places of a lab, as the kernel would send them, for tests. */
#ifndef ORDEAL_TESTS_LIB_FRAMES_H
#define ORDEAL_TESTS_LIB_FRAMES_H

#include "../../harness/lab/frame.h"

struct frame_recipe {
    int from, to; /* places */
    int version;  /* 4 or 6 */
    int protocol; /* IPPROTO_TCP or IPPROTO_UDP */
    int from_port, to_port;
    const char *data;
    unsigned char flags; /* of TCP */
    uint32_t sequence, acknowledges;
};

/* Make it, with right checksums, in `bytes` (at least 1514); its length. */
size_t frames_make(const struct frame_recipe *recipe, unsigned char *bytes);

/* Whether the checksum of the TCP or UDP in it is right, and of its IPv4 header. */
bool frames_checks_out(unsigned char *bytes, size_t len);

#endif
