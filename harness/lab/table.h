/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - the kernel's `filter` table of one IP family, through libiptc, without iptables.
 *
 * table_open() takes a copy, the changes are made to it, and table_commit() puts it in force in one
 * atomic step: every packet meets either the old table or the new one, and on return none is being
 * judged by the old one any more. It is the table of the network namespace in which the calling
 * thread is at table_open().
 */
#ifndef ORDEAL_LAB_TABLE_H
#define ORDEAL_LAB_TABLE_H

#include "../base/err.h"
#include "address.h"

#include <stdbool.h>
#include <stdint.h>

enum table_family { TABLE_V4, TABLE_V6, TABLE_FAMILIES };

struct table {
    enum table_family family;
    struct xtc_handle *handle;
};

/* libiptc's names of chains, the terminating zero included. */
enum { CHAIN_MAX = 32 };

/* What a rule matches: all that is set must fit. */
struct match {
    const struct range *from, *to; /* or NULL */
    bool in_loopback, out_loopback;
};

struct traffic {
    uint64_t packets, bytes;
};

/* Whether this kernel has the tables of every family that it has, for the caller: -1 with *err
 * otherwise. Debian's has none for IPv6 before somebody with the right to loads the module. */
int table_try(struct err *err) MUST_CHECK;

int table_open(struct table *table, enum table_family family, struct err *err) MUST_CHECK;
void table_close(struct table *table); /* without a commit: drops the copy */
int table_commit(struct table *table, struct err *err) MUST_CHECK;

/* Take all rules out of a chain; delete all chains that are not built in (and unused by now). */
int table_flush(struct table *table, const char *chain, struct err *err) MUST_CHECK;
int table_delete_chains(struct table *table, struct err *err) MUST_CHECK;

/* What becomes of packets that no rule of a built-in chain decides: "ACCEPT" or "DROP". */
int table_set_policy(struct table *table, const char *chain, const char *verdict,
                     struct err *err) MUST_CHECK;

bool table_has_chain(struct table *table, const char *chain);
int table_add_chain(struct table *table, const char *chain, struct err *err) MUST_CHECK;

/* At the end of `chain`; `target` is "ACCEPT", "DROP" or a chain of ours. */
int table_add_rule(struct table *table, const char *chain, const struct match *match,
                   const char *target, struct err *err) MUST_CHECK;

/* What the first rule of `chain` has met so far; zeros if there is none. Rules that a commit leaves
 * alone keep their counters without losing a packet. */
struct traffic table_traffic(struct table *table, const char *chain);

#endif
