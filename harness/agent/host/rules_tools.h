/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_tools.h - how packet rules are said to a tool, and read in what it lists. Text only:
 * nothing here runs anything. */
#ifndef ORDEAL_AGENT_HOST_RULES_TOOLS_H
#define ORDEAL_AGENT_HOST_RULES_TOOLS_H

#include "rules.h"

enum { INCOMING, OUTGOING, DIRECTIONS };

/* What one tool is to put in force. */
struct rules_plan {
    enum rules_tool tool;
    int family; /* AF_INET, AF_INET6, AF_UNSPEC for both: only such cuts are its own */
    bool first; /* nothing of ours is there yet */
    node_set fresh[DIRECTIONS]; /* places to be counted that were not before */
    const struct host_cut *cuts;
    int count;
    const struct host_connection *control; /* or NULL */
};

/* What a tool has of ours. */
struct rules_listing {
    bool hooked[DIRECTIONS]; /* packets come to our rules */
    uint64_t rules;          /* that drop */
    uint64_t packets[DIRECTIONS][PLACES_MAX], bytes[DIRECTIONS][PLACES_MAX];
};

struct rules_language {
    const char *program;       /* without it the tool is missing */
    const char *const *commit; /* argv: takes its input as one transaction */
    const char *const *list;   /* argv: prints what is there; once something of ours is */
    const char *const *find;   /* argv: prints enough to tell whether something of ours is */
    void (*print)(const struct rules_plan *plan, struct buf *input);
    void (*read)(struct str listing, struct rules_listing *into);
    /* Append what undoes all of ours in what `find` printed; whether there was something. */
    bool (*print_undo)(struct str found, struct buf *input);
};

extern const struct rules_language language_iptables, language_ip6tables, language_nft;

/* Whether it is the plan's family. */
static inline bool rules_plan_has(const struct rules_plan *plan, const struct host_cut *cut)
{
    return plan->family == AF_UNSPEC || plan->family == cut->address.family;
}

/* The address as text. */
enum { ADDRESS_BYTES = INET6_ADDRSTRLEN };
const char *host_address_print(const struct host_address *address, char text[ADDRESS_BYTES]);

/* Take the next line, without its end, off `text`; false when there is none. */
bool listing_line(struct str *text, struct str *line);

/* Whether the line begins so; then that is taken off. */
bool listing_skip(struct str *line, const char *prefix);

/* Take a number off the line; false if there is none. */
bool listing_number(struct str *line, uint64_t *number);

#endif
