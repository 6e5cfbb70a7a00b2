/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>

/* libiptc's headers call for names of exactly this size. */
struct label {
    xt_chainlabel text;
};

static struct label label_of(const char *chain)
{
    struct label label = {""};

    (void)snprintf(label.text, sizeof label.text, "%s", chain);
    return label;
}

static const struct xtc_ops *ops_of(const struct table *table)
{
    return table->family == TABLE_V4 ? &iptc_ops : &ip6tc_ops;
}

/* libiptc answers true on success, and has its own words for errno. */
static int answer(const struct table *table, int done, const char *what, struct err *err)
{
    if (done)
        return 0;
    int code = errno;
    return err_set(err, code, "cannot %s the IPv%d packet rules: %s", what,
                   table->family == TABLE_V4 ? 4 : 6, ops_of(table)->strerror(code));
}

int table_open(struct table *table, enum table_family family, struct err *err)
{
    table->family = family;
    table->handle = ops_of(table)->init("filter");
    return answer(table, table->handle != NULL, "read", err);
}

int table_try(struct err *err)
{
    bool v6 = access("/proc/sys/net/ipv6", F_OK) == 0;

    for (int family = 0; family < (v6 ? TABLE_FAMILIES : 1); family++) {
        struct table table;
        if (table_open(&table, (enum table_family)family, err) < 0)
            return -1;
        table_close(&table);
    }
    return 0;
}

void table_close(struct table *table)
{
    if (table->handle)
        ops_of(table)->free(table->handle);
    table->handle = NULL;
}

int table_commit(struct table *table, struct err *err)
{
    return answer(table, ops_of(table)->commit(table->handle), "replace", err);
}

int table_flush(struct table *table, const char *chain, struct err *err)
{
    const struct label label = label_of(chain);

    return answer(table, ops_of(table)->flush_entries(label.text, table->handle), "empty", err);
}

static int delete_chain(struct table *table, const char *chain)
{
    const struct label label = label_of(chain);

    return ops_of(table)->flush_entries(label.text, table->handle) &&
           (table->family == TABLE_V4 ? iptc_delete_chain(label.text, table->handle)
                                      : ip6tc_delete_chain(label.text, table->handle));
}

int table_delete_chains(struct table *table, struct err *err)
{
    const struct xtc_ops *ops = ops_of(table);
    const char *chain = ops->first_chain(table->handle);

    while (chain) {
        if (ops->builtin(chain, table->handle)) {
            chain = ops->next_chain(table->handle);
            continue;
        }
        if (answer(table, delete_chain(table, chain), "clear", err) < 0)
            return -1;
        chain = ops->first_chain(table->handle); /* the iterator does not survive it */
    }
    return 0;
}

int table_set_policy(struct table *table, const char *chain, const char *verdict, struct err *err)
{
    const struct label label = label_of(chain), policy = label_of(verdict);

    return answer(table, ops_of(table)->set_policy(label.text, policy.text, NULL, table->handle),
                  "set the policy of", err);
}

bool table_has_chain(struct table *table, const char *chain)
{
    return ops_of(table)->is_chain(chain, table->handle);
}

int table_add_chain(struct table *table, const char *chain, struct err *err)
{
    const struct label label = label_of(chain);

    return answer(table, ops_of(table)->create_chain(label.text, table->handle), "add a chain to",
                  err);
}

/* -- rules ------------------------------------------------------------------------------------ */

/* A rule as the kernel takes it: what to match in the IP header, then the target. */
#define RULE_V4_SIZE (sizeof(struct ipt_entry) + sizeof(struct xt_standard_target))
#define RULE_V6_SIZE (sizeof(struct ip6t_entry) + sizeof(struct xt_standard_target))

_Static_assert(RULE_V4_SIZE == XT_ALIGN(RULE_V4_SIZE), "rules are aligned");
_Static_assert(RULE_V6_SIZE == XT_ALIGN(RULE_V6_SIZE), "rules are aligned");

static void set_mask(void *mask, size_t size, int prefix)
{
    unsigned char *byte = mask;

    for (size_t i = 0; i < size; i++, prefix -= 8)
        byte[i] = (unsigned char)(prefix >= 8 ? 0xff : prefix > 0 ? 0xff << (8 - prefix) : 0);
}

static void set_loopback(char name[IFNAMSIZ], unsigned char mask[IFNAMSIZ])
{
    memcpy(name, "lo", 3);
    memset(mask, 0xff, 3); /* the zero too: not "lo1" */
}

static void set_target(void *at, const char *target)
{
    struct xt_standard_target *standard = at;

    standard->target.u.target_size = XT_ALIGN(sizeof *standard);
    (void)snprintf(standard->target.u.user.name, sizeof standard->target.u.user.name, "%s", target);
}

static int add_v4(struct table *table, const xt_chainlabel label, const struct match *match,
                  const char *target)
{
    _Alignas(8) char rule[RULE_V4_SIZE] = {0};
    struct ipt_entry *entry = (void *)rule;
    struct ipt_ip *ip = &entry->ip;

    if (match->from) {
        ip->src = match->from->v4;
        set_mask(&ip->smsk, sizeof ip->smsk, match->from->prefix_v4);
    }
    if (match->to) {
        ip->dst = match->to->v4;
        set_mask(&ip->dmsk, sizeof ip->dmsk, match->to->prefix_v4);
    }
    if (match->in_loopback)
        set_loopback(ip->iniface, ip->iniface_mask);
    if (match->out_loopback)
        set_loopback(ip->outiface, ip->outiface_mask);
    entry->target_offset = sizeof *entry;
    entry->next_offset = sizeof rule;
    set_target(rule + sizeof *entry, target);
    return iptc_append_entry(label, entry, table->handle);
}

static int add_v6(struct table *table, const xt_chainlabel label, const struct match *match,
                  const char *target)
{
    _Alignas(8) char rule[RULE_V6_SIZE] = {0};
    struct ip6t_entry *entry = (void *)rule;
    struct ip6t_ip6 *ip = &entry->ipv6;

    if (match->from) {
        ip->src = match->from->v6;
        set_mask(&ip->smsk, sizeof ip->smsk, match->from->prefix_v6);
    }
    if (match->to) {
        ip->dst = match->to->v6;
        set_mask(&ip->dmsk, sizeof ip->dmsk, match->to->prefix_v6);
    }
    if (match->in_loopback)
        set_loopback(ip->iniface, ip->iniface_mask);
    if (match->out_loopback)
        set_loopback(ip->outiface, ip->outiface_mask);
    entry->target_offset = sizeof *entry;
    entry->next_offset = sizeof rule;
    set_target(rule + sizeof *entry, target);
    return ip6tc_append_entry(label, entry, table->handle);
}

int table_add_rule(struct table *table, const char *chain, const struct match *match,
                   const char *target, struct err *err)
{
    const struct label label = label_of(chain);

    return answer(table,
                  table->family == TABLE_V4 ? add_v4(table, label.text, match, target)
                                            : add_v6(table, label.text, match, target),
                  "add to", err);
}

struct traffic table_traffic(struct table *table, const char *chain)
{
    const struct label label = label_of(chain);

    const struct xt_counters *counters = table->family == TABLE_V4
                                             ? iptc_read_counter(label.text, 1, table->handle)
                                             : ip6tc_read_counter(label.text, 1, table->handle);
    return counters ? (struct traffic){counters->pcnt, counters->bcnt} : (struct traffic){0, 0};
}
