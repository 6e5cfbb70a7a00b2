/* SPDX-License-Identifier: GPL-2.0-or-later */
/* control.h - what the agent says to the disk of its node (ordeal-lossfs), and is answered.
 *
 * One message each way, over a SOCK_SEQPACKET socket that the disk gets as descriptor 3; both
 * programs are of one build. The first answer is unasked: the disk is mounted.
 */
#ifndef ORDEAL_DISK_CONTROL_H
#define ORDEAL_DISK_CONTROL_H

#include "../world.h"

enum { DISK_CONTROL_FD = 3, DISK_WHY_BYTES = 200 };

enum disk_command {
    DISK_DECLARE,   /* `fault` is in force when the answer comes */
    DISK_POWER_OFF, /* syncs under way fail and sync nothing, as do those to come */
    DISK_POWER_ON,
    DISK_CRASH, /* nobody uses the disk any more: what `fault` says is lost or damaged, is */
    DISK_COUNT, /* only the counts */
};

struct disk_request {
    enum disk_command command;
    struct disk_fault fault;
};

struct disk_counts {
    uint64_t bytes_lost, pages_torn, names_lost, syncs_delayed, calls_failed, bits_flipped;
    uint64_t files_matched, bytes_cut, bytes_staled;
};

struct disk_answer {
    int error; /* errno value, 0: done */
    struct disk_counts counts;
    char why[DISK_WHY_BYTES]; /* if there is an error */
};

#endif
