/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules.h - cuts between this host and its peers, as packet rules on the host itself.
 *
 * A cut drops what arrives from an address, or what is sent to one. All of ours is in chains named
 * ORDEAL-*, each family's (IPv4, IPv6) hooked by one jump from INPUT and one from OUTPUT, made by
 * iptables-restore and ip6tables-restore without flushing; where those cannot be used, in a table
 * of our own by nft. What is declared comes into force in one commit per family. Each peer has a
 * chain (or counter) of its own in each direction, that stays when it is not cut: so counts only
 * grow. The journal has an entry for each tool before it is first used. Others' rules are never
 * touched.
 *
 * Not thread-safe. The tools are children for some 10 to 50 ms, and the caller waits for them.
 */
#ifndef ORDEAL_AGENT_HOST_RULES_H
#define ORDEAL_AGENT_HOST_RULES_H

#include "../../world.h"
#include "journal.h"

#include <netinet/in.h>

struct host_address {
    int family; /* AF_INET or AF_INET6 */
    union {
        struct in_addr v4;
        struct in6_addr v6;
    };
};

/* "10.1.2.3", "2001:db8::1"; of IPv6 also IPv4's mapped ones, which are read as IPv4, and a zone
 * after '%', which is left out. No names. */
int host_address_read(struct str text, struct host_address *address, struct err *err) MUST_CHECK;

/* A connection that no cut may touch: the one by which the agent is told what to do. */
struct host_connection {
    struct host_address here, there;
    uint16_t port_here, port_there;
};

/* From the text of SSH_CONNECTION: "THERE PORT HERE PORT". */
int host_connection_read(struct str text, struct host_connection *connection,
                         struct err *err) MUST_CHECK;

/* What is dropped: packets from the address to this host, or if `outgoing` from this host to it.
 * `place` is the peer's (a node's index, CLIENTS), by which is counted. */
struct host_cut {
    int place;
    bool outgoing;
    struct host_address address;
};

enum { HOST_CUTS_MAX = 1024 };

/* By now. Counts are since host_rules_open(), and only grow. */
struct host_traffic {
    uint64_t rules; /* that drop, as the kernel has them */
    uint64_t packets, bytes;
    uint64_t packets_by_place[2][PLACES_MAX]; /* [0]: from there, [1]: to there */
};

struct host_rules;

/* `control` (or NULL) is exempt from all cuts. Changes nothing yet; journal is borrowed. */
int host_rules_open(struct host_rules **rules, struct journal *journal,
                    const struct host_connection *control, struct err *err) MUST_CHECK;

/* Put exactly these cuts in force. After a failure what is in force is unknown until the next
 * success; undoing works all the same. */
int host_rules_apply(struct host_rules *rules, const struct host_cut *cuts, int count,
                     struct err *err) MUST_CHECK;

/* Count. -1 also if what was put in force is no longer there, because somebody else has flushed or
 * replaced it. */
int host_rules_read(struct host_rules *rules, struct host_traffic *traffic,
                    struct err *err) MUST_CHECK;

/* Remove all of ours, and free. */
int host_rules_close(struct host_rules *rules, struct err *err) MUST_CHECK;

/* Remove what the tool has of ours on this host, whoever made it; *found is whether there was
 * something. The tool holds the journal's lock as long as it runs, whatever becomes of the agent.
 */
int host_rules_undo(const struct journal *journal, enum rules_tool tool, bool *found,
                    struct err *err) MUST_CHECK;

#endif
