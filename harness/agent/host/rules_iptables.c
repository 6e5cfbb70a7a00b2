/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_iptables.c - the language of iptables-restore and iptables-save, of both families.
 *
 * ORDEAL-IN is hooked from INPUT and holds a jump for each cut to the peer's ORDEAL-IN-<place>,
 * whose one rule drops and counts; ORDEAL-OUT likewise. To name a chain in the input empties it:
 * only the two are named each time, so that nobody else's is touched and the counts stay.
 */
#include "rules_tools.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static const char *const hooks[DIRECTIONS] = {"INPUT", "OUTPUT"};
static const char *const chains[DIRECTIONS] = {"ORDEAL-IN", "ORDEAL-OUT"};

/* -- to it ------------------------------------------------------------------------------------ */

static void print_chains(const struct rules_plan *plan, struct buf *input)
{
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        buf_printf(input, ":%s - [0:0]\n", chains[direction]);
        for (node_set left = plan->fresh[direction]; left; left &= left - 1)
            buf_printf(input, ":%s-%d - [0:0]\n", chains[direction], __builtin_ctzll(left));
    }
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        for (node_set left = plan->fresh[direction]; left; left &= left - 1)
            buf_printf(input, "-A %s-%d -j DROP\n", chains[direction], __builtin_ctzll(left));
        if (plan->first)
            buf_printf(input, "-I %s 1 -j %s\n", hooks[direction], chains[direction]);
    }
}

static void print_exempt(const struct rules_plan *plan, struct buf *input)
{
    const struct host_connection *control = plan->control;
    char here[ADDRESS_BYTES], there[ADDRESS_BYTES];

    if (!control || control->here.family != plan->family)
        return;
    (void)host_address_print(&control->here, here);
    (void)host_address_print(&control->there, there);
    buf_printf(input, "-A %s -p tcp -s %s -d %s --sport %d --dport %d -j RETURN\n",
               chains[INCOMING], there, here, control->port_there, control->port_here);
    buf_printf(input, "-A %s -p tcp -s %s -d %s --sport %d --dport %d -j RETURN\n",
               chains[OUTGOING], here, there, control->port_here, control->port_there);
}

static void print(const struct rules_plan *plan, struct buf *input)
{
    char address[ADDRESS_BYTES];

    buf_puts(input, "*filter\n");
    print_chains(plan, input);
    print_exempt(plan, input);
    for (int i = 0; i < plan->count; i++) {
        const struct host_cut *cut = &plan->cuts[i];
        int direction = cut->outgoing ? OUTGOING : INCOMING;
        if (rules_plan_has(plan, cut))
            buf_printf(input, "-A %s -%c %s -j %s-%d\n", chains[direction],
                       cut->outgoing ? 'd' : 's', host_address_print(&cut->address, address),
                       chains[direction], cut->place);
    }
    buf_puts(input, "COMMIT\n");
}

/* -- from it ---------------------------------------------------------------------------------- */

/* A place's number, at the end of what is left. */
static bool take_place(struct str *line, int *place)
{
    uint64_t number;

    if (!listing_skip(line, "-") || !listing_number(line, &number) || number >= PLACES_MAX)
        return false;
    *place = (int)number;
    return true;
}

static void read_rule(struct str line, uint64_t packets, uint64_t bytes, struct rules_listing *into)
{
    int place;

    for (int direction = 0; direction < DIRECTIONS; direction++) {
        struct str rest = line;
        if (listing_skip(&rest, hooks[direction]) && listing_skip(&rest, " -j ") &&
            str_eq(rest, str_of(chains[direction])))
            into->hooked[direction] = true;
        rest = line;
        if (!listing_skip(&rest, chains[direction]))
            continue;
        if (listing_skip(&rest, " ")) {
            into->rules += !memmem(rest.ptr, rest.len, "-j RETURN", 9);
        } else if (take_place(&rest, &place) && str_eq(rest, STR(" -j DROP"))) {
            into->packets[direction][place] += packets;
            into->bytes[direction][place] += bytes;
        }
    }
}

/* Lines are "[packets:bytes] -A CHAIN ...". */
static void read_listing(struct str listing, struct rules_listing *into)
{
    uint64_t packets, bytes;

    memset(into, 0, sizeof *into);
    for (struct str line; listing_line(&listing, &line);) {
        if (listing_skip(&line, "[") && listing_number(&line, &packets) &&
            listing_skip(&line, ":") && listing_number(&line, &bytes) &&
            listing_skip(&line, "] -A "))
            read_rule(line, packets, bytes, into);
    }
}

/* ":CHAIN - [0:0]": one of ours, exactly? */
static bool is_our_chain(struct str line, struct str *name)
{
    int place;

    if (!listing_skip(&line, ":"))
        return false;
    const char *space = memchr(line.ptr, ' ', line.len);
    *name = (struct str){line.ptr, space ? (size_t)(space - line.ptr) : line.len};
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        struct str rest = *name;
        if (listing_skip(&rest, chains[direction]) &&
            (rest.len == 0 || (take_place(&rest, &place) && rest.len == 0)))
            return true;
    }
    return false;
}

static bool is_our_hook(struct str line, int *direction)
{
    char rule[64];

    for (*direction = 0; *direction < DIRECTIONS; ++*direction) {
        (void)snprintf(rule, sizeof rule, "-A %s -j %s", hooks[*direction], chains[*direction]);
        struct str rest = line;
        /* with counts before it, if it was asked for them */
        const char *end = listing_skip(&rest, "[") ? memchr(rest.ptr, ']', rest.len) : NULL;
        if (end && (size_t)(end - rest.ptr) + 2 <= rest.len)
            line = (struct str){end + 2, rest.len - (size_t)(end - rest.ptr) - 2};
        if (str_eq(line, str_of(rule)))
            return true;
    }
    return false;
}

/* First the jumps, then what the chains hold, then the chains: each is needed no more by then. */
static bool print_undo(struct str found, struct buf *input)
{
    struct str line, name, text;
    bool any = false;
    int direction;

    buf_puts(input, "*filter\n");
    for (text = found; listing_line(&text, &line);) {
        if (!is_our_hook(line, &direction))
            continue;
        buf_printf(input, "-D %s -j %s\n", hooks[direction], chains[direction]);
        any = true;
    }
    for (const char *verb = "FX"; *verb; verb++) {
        for (text = found; listing_line(&text, &line);) {
            if (!is_our_chain(line, &name))
                continue;
            buf_printf(input, "-%c %.*s\n", *verb, STR_ARG(name));
            any = true;
        }
    }
    buf_puts(input, "COMMIT\n");
    return any;
}

static const char *const commit_v4[] = {"iptables-restore", "--noflush", "--wait", "3", NULL};
static const char *const list_v4[] = {"iptables-save", "-c", "-t", "filter", NULL};
static const char *const commit_v6[] = {"ip6tables-restore", "--noflush", "--wait", "3", NULL};
static const char *const list_v6[] = {"ip6tables-save", "-c", "-t", "filter", NULL};

const struct rules_language language_iptables = {.program = "iptables-restore",
                                                 .commit = commit_v4,
                                                 .list = list_v4,
                                                 .find = list_v4,
                                                 .print = print,
                                                 .read = read_listing,
                                                 .print_undo = print_undo};

const struct rules_language language_ip6tables = {.program = "ip6tables-restore",
                                                  .commit = commit_v6,
                                                  .list = list_v6,
                                                  .find = list_v6,
                                                  .print = print,
                                                  .read = read_listing,
                                                  .print_undo = print_undo};
