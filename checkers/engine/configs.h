/* SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-or-later */
/* configs.h - sets of configurations at one event, without those that others make superfluous.
 *
 * Configuration a makes b superfluous if whatever can follow b can follow a: the same state and the
 * same duties that no shortcut does (search.h); of the duties that one does, and of what was used
 * of optional operations, no more; of what can still be used, no less.
 */
#ifndef ORDEAL_ENGINE_CONFIGS_H
#define ORDEAL_ENGINE_CONFIGS_H

#include "moves.h"

struct configs {
    const struct sweep *sweep;
    struct budget *budget;
    bool loose; /* of what was used compare only the price: leaves out more, and then sets `lost` */
    bool lost;  /* something that is not superfluous was left out */
    bool replaces;    /* a new configuration takes the place of one that it makes superfluous */
    char *bytes;      /* of the configurations, one behind the other */
    uint32_t *chains; /* configurations with equal hashes: 1 + the one before; 0 ends */
    uint32_t count, capacity;
    uint64_t *slots; /* by hash: round << 32 | 1 + last of the chain; of other rounds: empty */
    uint32_t slot_count;
    uint32_t round;
};

void configs_init(struct configs *configs, const struct sweep *sweep, bool replaces);
void configs_release(struct configs *configs);
void configs_clear(struct configs *configs);

static inline struct config *configs_at(const struct configs *configs, uint32_t i)
{
    return (struct config *)(void *)(configs->bytes + i * config_size(configs->sweep));
}

/* Add a copy, unless it is superfluous. False when the budget is used up. */
bool configs_add(struct configs *configs, const struct config *config);

/* Make it `count` configurations, one behind the other. Nothing is to be added before it is
 * cleared. False when the budget is used up. */
bool configs_set(struct configs *configs, const char *bytes, uint32_t count);

/* Keep about the `width` most promising ones: those that used least, but some of every state. False
 * when the budget is used up. */
bool configs_narrow(struct configs *configs, uint32_t width);

#endif
