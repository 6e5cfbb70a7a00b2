/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include "heal.h"

#include <errno.h>
#include <stdlib.h>

enum { PATIENCE_MS = 10000 };

struct host {
    struct journal journal;
    struct host_rules *rules;
    struct wall_clock *clock;
};

int host_open(struct host **host, const struct host_options *options, struct err *err)
{
    const char *folder = options->journal_folder ? options->journal_folder : JOURNAL_FOLDER;
    struct host *made = calloc(1, sizeof *made);
    struct err ignored;

    if (!made)
        return err_set(err, ENOMEM, "out of memory");
    if (journal_open(&made->journal, folder, PATIENCE_MS, err)) {
        free(made);
        return -1;
    }
    if (heal_journal(&made->journal, options->healed, err) ||
        host_rules_open(&made->rules, &made->journal, options->control, err) ||
        wall_clock_open(&made->clock, &made->journal, err)) {
        (void)!host_close(made, &ignored);
        return -1;
    }
    *host = made;
    return 0;
}

int host_declare(struct host *host, const struct host_world *world, struct err *err)
{
    if (wall_clock_can(&world->clock, err) ||
        host_rules_apply(host->rules, world->cuts, world->cut_count, err))
        return -1;
    return wall_clock_declare(host->clock, &world->clock, err);
}

int host_receipt(struct host *host, struct host_receipt *receipt, struct err *err)
{
    receipt->clock = wall_clock_look(host->clock);
    return host_rules_read(host->rules, &receipt->traffic, err);
}

int host_close(struct host *host, struct err *err)
{
    struct err other = {0};
    int result = 0;

    if (!host)
        return 0;
    if (host->rules && host_rules_close(host->rules, err))
        result = -1;
    if (host->clock && wall_clock_close(host->clock, result ? &other : err))
        result = -1;
    journal_close(&host->journal);
    free(host);
    return result;
}
