/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rules_nft.c - the language of nft, for hosts without iptables: a table of our own, of both
 * families, before those that filter; a named counter for each peer, that outlives the rules. */
#include "rules_tools.h"

#include <string.h>

#define TABLE "inet ordeal_faults"

static const char *const hooks[DIRECTIONS] = {"input", "output"};
static const char *const counters[DIRECTIONS] = {"in_", "out_"};

/* -- to it ------------------------------------------------------------------------------------ */

static const char *family_word(const struct host_address *address)
{
    return address->family == AF_INET ? "ip" : "ip6";
}

static void print_exempt(const struct host_connection *control, struct buf *input)
{
    char here[ADDRESS_BYTES], there[ADDRESS_BYTES];
    const char *word = family_word(&control->here);

    (void)host_address_print(&control->here, here);
    (void)host_address_print(&control->there, there);
    buf_printf(input,
               "add rule " TABLE
               " input %s saddr %s %s daddr %s tcp sport %d tcp dport %d return\n",
               word, there, word, here, control->port_there, control->port_here);
    buf_printf(input,
               "add rule " TABLE
               " output %s saddr %s %s daddr %s tcp sport %d tcp dport %d return\n",
               word, here, word, there, control->port_here, control->port_there);
}

/* To add what is there already is nothing. */
static void print_frame(const struct rules_plan *plan, struct buf *input)
{
    buf_puts(input, "add table " TABLE "\n");
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        buf_printf(input,
                   "add chain " TABLE " %s { type filter hook %s priority -10; policy accept; }\n"
                   "flush chain " TABLE " %s\n",
                   hooks[direction], hooks[direction], hooks[direction]);
        for (node_set left = plan->fresh[direction]; left; left &= left - 1)
            buf_printf(input, "add counter " TABLE " %s%d\n", counters[direction],
                       __builtin_ctzll(left));
    }
}

static void print(const struct rules_plan *plan, struct buf *input)
{
    char address[ADDRESS_BYTES];

    print_frame(plan, input);
    if (plan->control)
        print_exempt(plan->control, input);
    for (int i = 0; i < plan->count; i++) {
        const struct host_cut *cut = &plan->cuts[i];
        int direction = cut->outgoing ? OUTGOING : INCOMING;
        buf_printf(input, "add rule " TABLE " %s %s %s %s counter name \"%s%d\" drop\n",
                   hooks[direction], family_word(&cut->address), cut->outgoing ? "daddr" : "saddr",
                   host_address_print(&cut->address, address), counters[direction], cut->place);
    }
}

/* -- from it ---------------------------------------------------------------------------------- */

static void trim(struct str *line)
{
    while (line->len && (*line->ptr == ' ' || *line->ptr == '\t'))
        *line = (struct str){line->ptr + 1, line->len - 1};
}

static bool is_counter(struct str line, int *direction, int *place)
{
    uint64_t number;

    if (!listing_skip(&line, "counter "))
        return false;
    for (*direction = 0; *direction < DIRECTIONS; ++*direction) {
        struct str rest = line;
        if (listing_skip(&rest, counters[*direction]) && listing_number(&rest, &number) &&
            number < PLACES_MAX && str_eq(rest, STR(" {"))) {
            *place = (int)number;
            return true;
        }
    }
    return false;
}

static bool ends_in(struct str line, const char *end)
{
    size_t len = strlen(end);

    return line.len >= len && memcmp(line.ptr + line.len - len, end, len) == 0;
}

/* "counter in_3 {", then "packets 1 bytes 84"; rules in a chain end in "drop". */
static void read_listing(struct str listing, struct rules_listing *into)
{
    int direction, place;
    bool counts = false;

    memset(into, 0, sizeof *into);
    for (struct str line; listing_line(&listing, &line);) {
        uint64_t packets, bytes;
        trim(&line);
        if (counts && listing_skip(&line, "packets ") && listing_number(&line, &packets) &&
            listing_skip(&line, " bytes ") && listing_number(&line, &bytes)) {
            into->packets[direction][place] += packets;
            into->bytes[direction][place] += bytes;
        }
        counts = is_counter(line, &direction, &place);
        into->rules += ends_in(line, " drop");
        if (!listing_skip(&line, "type filter hook "))
            continue;
        for (int i = 0; i < DIRECTIONS; i++)
            into->hooked[i] |= listing_skip(&line, hooks[i]);
    }
}

static bool print_undo(struct str found, struct buf *input)
{
    for (struct str line; listing_line(&found, &line);) {
        if (!str_eq(line, STR("table " TABLE)))
            continue;
        buf_puts(input, "delete table " TABLE "\n");
        return true;
    }
    return false;
}

static const char *const commit[] = {"nft", "-f", "-", NULL};
static const char *const list[] = {"nft", "list", "table", "inet", "ordeal_faults", NULL};
static const char *const find[] = {"nft", "list", "tables", NULL};

const struct rules_language language_nft = {.program = "nft",
                                            .commit = commit,
                                            .list = list,
                                            .find = find,
                                            .print = print,
                                            .read = read_listing,
                                            .print_undo = print_undo};
