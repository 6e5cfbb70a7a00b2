/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rules.h"

#include "rules_tools.h"
#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct rules_language *const languages[TOOLS] = {
    [TOOL_IPTABLES] = &language_iptables,
    [TOOL_IP6TABLES] = &language_ip6tables,
    [TOOL_NFT] = &language_nft,
};

/* What one tool has been told. */
struct told {
    bool used;
    node_set known[DIRECTIONS]; /* places that are counted */
    uint64_t expected;          /* rules that drop */
    /* as last listed; what somebody else reset is remembered in the sums */
    uint64_t packets[DIRECTIONS][PLACES_MAX], bytes[DIRECTIONS][PLACES_MAX];
};

struct host_rules {
    struct journal *journal;
    bool has_control, has_chosen, has_iptables;
    struct host_connection control;
    struct told told[TOOLS];
    struct host_traffic sums;
};

/* -- tools ------------------------------------------------------------------------------------ */

static int run(const struct journal *journal, const char *const *argv, const struct buf *input,
               struct buf *output, struct err *err)
{
    struct buf none = {0};

    if (input && input->failed)
        return err_set(err, ENOMEM, "out of memory");
    return tool_run(argv, buf_str(input ? input : &none), journal->fd, output, err);
}

/* Whether the host's iptables can do anything at all: its kernel may have no such tables. */
static int try_iptables(const struct journal *journal, struct err *err)
{
    static const char *const argv[] = {"iptables-restore", "--noflush", "--test", NULL};
    struct buf input;

    buf_init(&input, 0);
    buf_puts(&input, "*filter\nCOMMIT\n");
    int failed = run(journal, argv, &input, NULL, err);
    buf_release(&input);
    return failed;
}

static int choose(struct host_rules *rules, struct err *err)
{
    if (rules->has_chosen)
        return 0;
    rules->has_iptables = try_iptables(rules->journal, err) == 0;
    if (!rules->has_iptables && !tool_exists(language_nft.program))
        return err_wrap(err, "no packet rules can be made on this host; install iptables or "
                             "nftables, and let the agent be root");
    rules->has_chosen = true;
    return 0;
}

int host_rules_undo(const struct journal *journal, enum rules_tool tool, bool *found,
                    struct err *err)
{
    const struct rules_language *language = languages[tool];
    struct buf listing, input;

    *found = false;
    if (!tool_exists(language->program))
        return err_set(err, ENOENT, "cannot look for packet rules of ours: there is no '%s' now",
                       language->program);
    buf_init(&listing, 0);
    buf_init(&input, 0);
    int result = run(journal, language->find, NULL, &listing, err);
    if (result == 0) {
        *found = language->print_undo(buf_str(&listing), &input);
        if (*found)
            result = run(journal, language->commit, &input, NULL, err);
    }
    buf_release(&listing);
    buf_release(&input);
    return result < 0 ? err_wrap(err, "cannot remove packet rules of ours") : 0;
}

/* Written down first; and of our names nothing is there that we do not know. */
static int begin_use(struct host_rules *rules, enum rules_tool tool, struct err *err)
{
    struct entry entry = {.kind = ENTRY_RULES, .tool = tool};
    bool found;

    if (journal_note(rules->journal, &entry, err))
        return -1;
    return host_rules_undo(rules->journal, tool, &found, err);
}

/* -- declaring -------------------------------------------------------------------------------- */

static void gather(const struct rules_plan *plan, node_set places[DIRECTIONS], uint64_t *count)
{
    *count = 0;
    places[INCOMING] = places[OUTGOING] = 0;
    for (int i = 0; i < plan->count; i++) {
        if (!rules_plan_has(plan, &plan->cuts[i]))
            continue;
        places[plan->cuts[i].outgoing ? OUTGOING : INCOMING] |= NODE(plan->cuts[i].place);
        ++*count;
    }
}

static int apply_tool(struct host_rules *rules, struct rules_plan *plan, struct err *err)
{
    struct told *told = &rules->told[plan->tool];
    node_set places[DIRECTIONS];
    uint64_t count;
    struct buf input;

    gather(plan, places, &count);
    if (count == 0 && told->expected == 0)
        return 0;
    if (!told->used && begin_use(rules, plan->tool, err))
        return -1;
    plan->first = !told->used;
    for (int i = 0; i < DIRECTIONS; i++)
        plan->fresh[i] = places[i] & ~told->known[i];
    buf_init(&input, 0);
    languages[plan->tool]->print(plan, &input);
    int result = run(rules->journal, languages[plan->tool]->commit, &input, NULL, err);
    buf_release(&input);
    if (result < 0)
        return err_wrap(err, "cannot put packet rules in force");
    told->used = true;
    told->expected = count;
    for (int i = 0; i < DIRECTIONS; i++)
        told->known[i] |= places[i];
    return 0;
}

static int check(const struct host_cut *cuts, int count, struct err *err)
{
    if (count > HOST_CUTS_MAX)
        return err_set(err, E2BIG, "%d cuts are more than %d", count, HOST_CUTS_MAX);
    for (int i = 0; i < count; i++) {
        int family = cuts[i].address.family;
        if (cuts[i].place < 0 || cuts[i].place >= PLACES_MAX)
            return err_set(err, EINVAL, "there is no place %d", cuts[i].place);
        if (family != AF_INET && family != AF_INET6)
            return err_set(err, EINVAL, "a cut without an address");
    }
    return 0;
}

int host_rules_apply(struct host_rules *rules, const struct host_cut *cuts, int count,
                     struct err *err)
{
    static const int families[TOOLS] = {AF_INET, AF_INET6, AF_UNSPEC};

    if (check(cuts, count, err))
        return -1;
    if (count > 0 && choose(rules, err))
        return -1;
    for (int tool = 0; tool < TOOLS; tool++) {
        struct rules_plan plan = {.tool = (enum rules_tool)tool,
                                  .family = families[tool],
                                  .cuts = cuts,
                                  .count = count,
                                  .control = rules->has_control ? &rules->control : NULL};
        if (rules->has_chosen && rules->has_iptables == (tool != TOOL_NFT) &&
            apply_tool(rules, &plan, err))
            return -1;
    }
    return 0;
}

/* -- counting --------------------------------------------------------------------------------- */

/* What was added since it was last seen; of a counter that went back, all of it. */
static uint64_t advance(uint64_t *last, uint64_t now)
{
    uint64_t more = now >= *last ? now - *last : now;

    *last = now;
    return more;
}

static void add_counts(struct host_traffic *sums, struct told *told,
                       const struct rules_listing *listing)
{
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        for (int place = 0; place < PLACES_MAX; place++) {
            uint64_t packets =
                advance(&told->packets[direction][place], listing->packets[direction][place]);
            sums->packets += packets;
            sums->packets_by_place[direction][place] += packets;
            sums->bytes +=
                advance(&told->bytes[direction][place], listing->bytes[direction][place]);
        }
    }
}

static int read_tool(struct host_rules *rules, enum rules_tool tool, struct err *err)
{
    const struct rules_language *language = languages[tool];
    struct told *told = &rules->told[tool];
    struct rules_listing listing = {0};
    struct buf text;

    buf_init(&text, 0);
    int result = run(rules->journal, language->list, NULL, &text, err);
    if (result == 0)
        language->read(buf_str(&text), &listing);
    buf_release(&text);
    if (result < 0)
        return err_wrap(err, "cannot count what packet rules dropped");
    add_counts(&rules->sums, told, &listing);
    rules->sums.rules += listing.rules;
    if (listing.rules == told->expected && listing.hooked[INCOMING] && listing.hooked[OUTGOING])
        return 0;
    return err_set(err, ESTALE,
                   "somebody else has changed the packet rules of ours by %s: %llu of %llu are in "
                   "force%s; is a firewall being reloaded on this host?",
                   tool_names[tool], (unsigned long long)listing.rules,
                   (unsigned long long)told->expected,
                   listing.hooked[INCOMING] && listing.hooked[OUTGOING] ? "" : ", and not hooked");
}

int host_rules_read(struct host_rules *rules, struct host_traffic *traffic, struct err *err)
{
    int result = 0;

    rules->sums.rules = 0;
    for (int tool = 0; tool < TOOLS && result == 0; tool++) {
        if (rules->told[tool].used)
            result = read_tool(rules, (enum rules_tool)tool, err);
    }
    *traffic = rules->sums;
    return result;
}

/* -- life ------------------------------------------------------------------------------------- */

int host_rules_open(struct host_rules **rules, struct journal *journal,
                    const struct host_connection *control, struct err *err)
{
    struct host_rules *made = calloc(1, sizeof *made);

    if (!made)
        return err_set(err, ENOMEM, "out of memory");
    made->journal = journal;
    if (control) {
        made->has_control = true;
        made->control = *control;
    }
    *rules = made;
    return 0;
}

int host_rules_close(struct host_rules *rules, struct err *err)
{
    struct journal *journal = rules->journal;
    struct err other = {0};
    int result = 0;
    bool found;

    free(rules);
    for (int i = journal->open.count - 1; i >= 0; i--) {
        const struct entry entry = journal->open.list[i];
        struct err *told = result ? &other : err;
        if (entry.kind == ENTRY_RULES && (host_rules_undo(journal, entry.tool, &found, told) ||
                                          journal_undone(journal, entry.number, told)))
            result = -1;
    }
    return result;
}
