/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "heal.h"

#include "../../base/clock.h"
#include "rules.h"
#include "time_service.h"
#include "true_time.h"
#include "wall_clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

/* -- one entry -------------------------------------------------------------------------------- */

static int heal_rules(struct journal *journal, const struct entry *entry, struct buf *said,
                      struct err *err)
{
    bool found;

    if (host_rules_undo(journal, entry->tool, &found, err))
        return -1;
    buf_printf(said,
               found ? "removed Ordeal's packet rules (%s)"
                     : "Ordeal's packet rules were gone already (%s)",
               tool_names[entry->tool]);
    return 0;
}

static int heal_clock(struct journal *journal, const struct entry *entry, struct buf *said,
                      struct err *err)
{
    if (!journal_is_of_this_boot(journal, entry)) {
        buf_puts(said,
                 "the clock was changed before this host started again, and is left as it is");
        return 0;
    }
    struct clock_pair pair = clock_pair_read();
    int64_t off_ns = pair.wall_ns - true_time(&entry->clock, &pair);
    if (wall_clock_undo(&entry->clock, err))
        return -1;
    buf_printf(said, "made the clock true: it was off by %+.6f s", (double)off_ns / 1e9);
    return 0;
}

static int heal_service(struct journal *journal, const struct entry *entry, struct buf *said,
                        struct err *err)
{
    const struct service_before *service = &entry->service;

    if (time_service_release(journal, entry, err))
        return -1;
    if (!journal_is_of_this_boot(journal, entry))
        buf_puts(said, "a time service was held off before this host started again");
    else if (service->unit[0])
        buf_printf(said, "the time service '%s' runs again", service->unit);
    else
        buf_printf(said, "the time service (process %lld) goes on", (long long)service->pid);
    return 0;
}

typedef int healer(struct journal *journal, const struct entry *entry, struct buf *said,
                   struct err *err);

static healer *const healers[ENTRY_KINDS] = {
    [ENTRY_RULES] = heal_rules, [ENTRY_CLOCK] = heal_clock, [ENTRY_SERVICE] = heal_service};

static int heal_one(struct journal *journal, const struct entry *entry, FILE *out, struct err *err)
{
    struct buf said;

    buf_init(&said, 0);
    int failed = healers[entry->kind](journal, entry, &said, err);
    if (!failed)
        failed = journal_undone(journal, entry->number, err);
    if (!failed && out)
        (void)fprintf(out, "%.*s\n", STR_ARG(buf_str(&said)));
    buf_release(&said);
    return failed;
}

/* -- all of them ------------------------------------------------------------------------------ */

int heal_journal(struct journal *journal, FILE *out, struct err *err)
{
    struct err other = {0};
    int result = 0;

    for (int i = journal->open.count - 1; i >= 0; i--) {
        const struct entry entry = journal->open.list[i];
        if (heal_one(journal, &entry, out, result ? &other : err))
            result = -1;
    }
    return result;
}

int heal_main(const char *folder)
{
    struct journal journal;
    struct err err;

    if (access(folder, F_OK) && errno == ENOENT) {
        (void)puts("nothing of Ordeal's was left");
        return fflush(stdout) ? 255 : 0;
    }
    int failed = journal_open(&journal, folder, PATIENCE_MS, &err);
    if (!failed) {
        if (journal.open.count == 0)
            (void)puts("nothing of Ordeal's was left");
        failed = heal_journal(&journal, stdout, &err);
        journal_close(&journal);
    }
    if (failed)
        (void)fprintf(stderr, "ordeal-agent: %s\n", err.msg);
    return failed || fflush(stdout) ? 255 : 0;
}
