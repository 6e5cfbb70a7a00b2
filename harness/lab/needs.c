/* SPDX-License-Identifier: GPL-2.0-or-later */
/* needs.c - whether this machine can meet what a plan's faults need from the nodes' start. */
#include "lab.h"

#include "../disk_possible.h"

#include <errno.h>
#include <string.h>

static const struct {
    unsigned need;
    const char *ability; /* as lab_examine names it */
} met_by[] = {
    {NEED_SWITCH, "network switch"},
    {NEED_CLOCK, "clocks"},
    {NEED_DISK, "/dev/fuse"},
};

unsigned lab_need_met_by(const char *ability)
{
    for (size_t i = 0; i < sizeof met_by / sizeof *met_by; i++) {
        if (strcmp(met_by[i].ability, ability) == 0)
            return met_by[i].need;
    }
    return 0;
}

unsigned lab_needs_missing(unsigned needs, struct err *err)
{
    struct lab_ability abilities[LAB_ABILITIES_MAX];
    unsigned missing = 0;

    if ((needs & NEED_DISK) && disk_possible(err) < 0)
        missing |= NEED_DISK;
    needs &= ~(unsigned)NEED_DISK;
    int count = needs ? lab_examine(abilities) : 0;
    for (int i = 0; i < count; i++) {
        const struct lab_ability *ability = &abilities[i];
        unsigned need = lab_need_met_by(ability->name) & needs;
        if (!need || ability->present)
            continue;
        if (!missing)
            (void)err_set(err, ENOTSUP, "%s: %s%s%s (see `ordeal doctor`)", ability->name,
                          ability->detail, ability->remedy[0] ? "; to mend it: " : "",
                          ability->remedy);
        missing |= need;
    }
    return missing;
}
