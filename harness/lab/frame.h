/* SPDX-License-Identifier: GPL-2.0-or-later */
/* frame.h - what a frame on the wire carries, and how to damage it on purpose.
 *
 * Pure functions on bytes that anybody on a node may have made up: nothing is read or written
 * beyond the frame, whatever its headers claim.
 */
#ifndef ORDEAL_LAB_FRAME_H
#define ORDEAL_LAB_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAX = 65536 + 64, FRAME_RESET_MAX = 14 + 40 + 20 };

/* An IP packet in an Ethernet frame. Offsets count from the frame's start. */
struct frame {
    unsigned char *bytes; /* borrowed */
    size_t len;
    size_t network;         /* where the IP header starts */
    size_t transport;       /* where what IP carries starts */
    size_t payload;         /* where the data of TCP or UDP starts; `end` if there is none */
    size_t end;             /* of the packet: padding follows */
    int version;            /* 4 or 6 */
    int protocol;           /* IPPROTO_TCP, ...; -1 in all but the first fragment */
    int from_port, to_port; /* of TCP or UDP, else -1 */
};

/* False if it is not a whole IPv4 or IPv6 packet: other protocols, VLAN tags, cut short. */
bool frame_parse(struct frame *frame, unsigned char *bytes, size_t len);

/* The place that has the frame's destination MAC address; -1: none of the lab's. */
int frame_destination(const unsigned char *bytes, size_t len);

/* Whether both addresses are such as packets between these places have. */
bool frame_belongs(const struct frame *frame, int from, int to);

/* Whether it comes from or goes to this port of TCP or UDP. */
bool frame_has_port(const struct frame *frame, int64_t port);

/* Flip the bit that `chance` chooses: of what IP carries, so that its receiver's checksum fails;
 * or, repaired, of the data of TCP or UDP, with the checksum made right again, so that the
 * application gets it. False if there is nothing to flip, or no checksum that would tell. */
bool frame_corrupt(struct frame *frame, bool repaired, uint64_t chance);

/* The frame with which the receiver of this TCP segment would reset the connection, in `reset`; and
 * the one with which its sender would. Their length; 0 if it is no TCP segment, or a reset itself.
 */
size_t frame_reset_sender(const struct frame *frame, unsigned char reset[FRAME_RESET_MAX]);
size_t frame_reset_receiver(const struct frame *frame, unsigned char reset[FRAME_RESET_MAX]);

#endif
