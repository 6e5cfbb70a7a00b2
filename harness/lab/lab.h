/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lab.h - where local nodes live: private namespaces that the kernel removes when the harness dies.
 *
 * lab_run() is the launcher: called before any thread exists, it makes one raw clone with every
 * namespace flag (a user namespace too when not root) whose pid 1 is a tiny reaper; the reaper's
 * child runs the controller, which is thereby in the lab's top network namespace with all its
 * threads. The launcher only relays signals, the terminal and the exit status. Inside, lab_open()
 * makes the bridge and lab_add_node() a node: network, uts, ipc and mount namespaces, with an agent
 * in them. Everything ends with the launcher, however it ends. (mechanics: ARCHITECTURE.md, "Lab")
 *
 * Addresses: the controller's is 198.18.0.1 on the bridge, node i (from 0) has 198.18.1.(i+1) and
 * fd6f:7264::1:(i+1); names n1.. are in every node's /etc/hosts.
 */
#ifndef ORDEAL_LAB_LAB_H
#define ORDEAL_LAB_LAB_H

#include "../base/err.h"
#include "../world.h"

#include <stdbool.h>
#include <stddef.h>

/* Run `controller(context)` inside a lab of its own and return its exit status (128 + signal if it
 * was killed by one). -1 with *err filled if the machine does not allow it; the message names the
 * remedy. SIGINT and SIGTERM are passed on to the controller. */
int lab_run(int (*controller)(void *context), void *context, struct err *err) MUST_CHECK;

struct lab_options {
    const char *log_dir;     /* absolute; log_dir/<node> (made if absent) is bound at /node/log */
    size_t data_limit_bytes; /* of each node's /node/data; 0: 1 GiB */
    const char *helper_dir; /* folder of ordeal-agent, ordeal-node: bound at /node/bin, read-only */
    const char *package_dir; /* root of unpacked packages, bound at /node/packages with its bin
                              * folders on the PATH; NULL for none */
    const char *target_dir;  /* a target file's folder, bound at /node/target; NULL for none */
    unsigned needs;          /* enum need: devices and paths that only some faults need */
    const char *capture_dir; /* absolute; all packets of nodes go there (capture.h); NULL: none */
    size_t capture_limit_bytes; /* of each of its files; 0: 16 MiB */
    bool filter_at_nodes;       /* packet rules at every node, as where bridges are not filtered */
    bool without_rules;         /* as where the kernel has no packet rules: the switch cuts */
};

struct lab;

/* Only inside lab_run's controller. The options' strings are copied. */
int lab_open(struct lab **lab, const struct lab_options *options, struct err *err) MUST_CHECK;

/* Make node `index` (0-based, each once) named `name` and start its agent. *agent_fd is a stream
 * socket to the agent (both directions); the caller closes it. Node `node_count` of them exist in
 * the end: all names go to /etc/hosts, so the count is told up front. Nodes may be added from
 * several threads at once. */
int lab_add_node(struct lab *lab, int index, int node_count, const char *name, int *agent_fd,
                 struct err *err) MUST_CHECK;

const char *lab_node_address(const struct lab *lab,
                             int index); /* IPv4 text, lives as long as lab */

/* Put cuts and shapes of `world` in force for the whole cluster: one libiptc commit per IP family,
 * or one step of the switch (NEED_SWITCH; also where there are no packet rules), without which
 * links are not shaped. On return they are
 * in force. Safe from one thread at a time. */
int lab_apply(struct lab *lab, const struct world *world, struct err *err) MUST_CHECK;

/* Rules in force and packets and bytes dropped so far, by rules of ours, replaced rules included:
 * the counters of rules that lab_apply removes are added up before they go. Process members are 0.
 * If `between` is not NULL it is filled with packets dropped so far from a to b, for PLACES_MAX *
 * PLACES_MAX ordered pairs at between[a * PLACES_MAX + b]. */
int lab_receipt(struct lab *lab, struct receipt *receipt, uint64_t *between,
                struct err *err) MUST_CHECK;

/* What shaped links have done to packets so far, by ordered pair as in lab_receipt(). All zeros on
 * a lab without NEED_SWITCH. */
void lab_links(struct lab *lab, struct link_effects links[PLACES_MAX * PLACES_MAX]);

/* Kill every node and release what the controller holds. */
void lab_close(struct lab *lab);

/* What this machine can do: one finding per ability, for `ordeal doctor`. */
struct lab_ability {
    const char *name; /* "user namespaces" */
    bool present;
    bool required;    /* without it no local run is possible */
    char detail[256]; /* what was found, or which fault is missing without it */
    char remedy[256]; /* the one command that mends it, or empty */
};

enum { LAB_ABILITIES_MAX = 12 };

/* Fill in the abilities, by trying them in child processes that leave nothing; their number. */
int lab_examine(struct lab_ability abilities[LAB_ABILITIES_MAX]);

/* The need (enum need) that the ability of that name meets; 0: none. */
unsigned lab_need_met_by(const char *ability);

/* Which of `needs` this machine cannot meet; *err then says why the first, and what mends it. 0: it
 * meets them all. */
unsigned lab_needs_missing(unsigned needs, struct err *err);

#endif
