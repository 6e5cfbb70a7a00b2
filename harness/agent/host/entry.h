/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry.h - what is written down about a change of this host before it is made, and how it reads.
 *
 * An entry holds all that undoing the change needs, so that whoever finds it later, after a kill or
 * a reboot, needs nothing else. As text it is one line: its number, its kind, its members, and a
 * checksum of these. The parser takes what a crash may leave (a last line without its end) and
 * refuses everything else that was not printed here, with the number of the line: a journal that
 * was touched by others is for people to look at, and is never half executed.
 */
#ifndef ORDEAL_AGENT_HOST_ENTRY_H
#define ORDEAL_AGENT_HOST_ENTRY_H

#include "../../base/buf.h"
#include "../../base/err.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    ENTRIES_MAX = 32,   /* that are not undone, in one journal */
    BOOT_ID_BYTES = 37, /* of the kernel's text, with its end */
    UNIT_BYTES = 64,
};

enum entry_kind {
    ENTRY_RULES,   /* chains of ours, and the jumps to them */
    ENTRY_CLOCK,   /* the wall clock may be off, and its rate */
    ENTRY_SERVICE, /* a time service is held off */
    ENTRY_KINDS
};

/* By whom packet rules are made; each is undone by itself. */
enum rules_tool { TOOL_IPTABLES, TOOL_IP6TABLES, TOOL_NFT, TOOLS };

extern const char *const tool_names[TOOLS]; /* "iptables", "ip6tables", "nft" */

/* When the wall clock was still true, and how fast it ran: the true time is a straight line from
 * there by the raw monotonic clock of the same boot, which nobody can set or slow down. */
struct clock_before {
    int64_t wall_ns, raw_ns; /* at one moment */
    int64_t asleep_ns;       /* since the boot, while the raw clock stood still (suspend) */
    int64_t freq, tick;      /* as adjtimex() has them */
    int64_t status, max_error_us, est_error_us;
};

/* A service of systemd that was stopped (`unit`), or a process that was (`unit` is empty). */
struct service_before {
    char unit[UNIT_BYTES];
    int64_t pid, start; /* the process, and when it began (/proc/PID/stat, 22): its identity */
};

struct entry {
    uint64_t number; /* 1, 2, ... in the order of the changes */
    enum entry_kind kind;
    char boot[BOOT_ID_BYTES]; /* of the boot in which the change was made */
    enum rules_tool tool;
    struct clock_before clock;
    struct service_before service;
};

/* The entries that are not undone, oldest first. */
struct entries {
    struct entry list[ENTRIES_MAX];
    int count;
    uint64_t last; /* greatest number ever used; 0: none */
};

/* Append the entry's line, or the line that says of it that it is undone. */
void entry_print(const struct entry *entry, struct buf *text);
void entry_print_undone(uint64_t number, struct buf *text);

/* Append the line that every journal begins with. */
void entry_print_head(struct buf *text);

/* Read a whole journal. *whole is how much of it was complete lines: what comes after was being
 * written when its writer died, and stands for nothing, since a change comes after its entry. */
int entries_read(struct str text, struct entries *entries, size_t *whole,
                 struct err *err) MUST_CHECK;

#endif
