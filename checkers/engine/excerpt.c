/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* Parts of a history, and putting them together. */
#include "verify.h"

#include <string.h>

bool excerpt_init(struct excerpt *excerpt, const struct excerpt *like, size_t room,
                  struct budget *budget)
{
    *excerpt = *like;
    excerpt->count = 0;
    excerpt->places = budget_alloc(budget, (room + 1) * sizeof *excerpt->places);
    excerpt->relaxed = budget_alloc(budget, room + 1);
    return excerpt->places && excerpt->relaxed;
}

void excerpt_release(struct excerpt *excerpt, struct budget *budget)
{
    budget_free(budget, excerpt->places);
    budget_free(budget, excerpt->relaxed);
    *excerpt = (struct excerpt){0};
}

void excerpt_add(struct excerpt *excerpt, uint32_t place, uint8_t relaxed)
{
    size_t at = excerpt->count;

    while (at > 0 && excerpt->places[at - 1] > place)
        at--;
    if (at > 0 && excerpt->places[at - 1] == place) {
        excerpt->relaxed[at - 1] &= relaxed;
        return;
    }
    memmove(excerpt->places + at + 1, excerpt->places + at,
            (excerpt->count - at) * sizeof *excerpt->places);
    memmove(excerpt->relaxed + at + 1, excerpt->relaxed + at, excerpt->count - at);
    excerpt->places[at] = place;
    excerpt->relaxed[at] = relaxed;
    excerpt->count++;
}
