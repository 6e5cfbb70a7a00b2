/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "declare.h"

#include <stdlib.h>

const char *const declare_names[NODES_MAX] = {"n1", "n2", "n3", "n4", "n5", "n6", "n7"};

int declare_fault(const struct nemesis *nemesis, const char *kind, enum selector selector,
                  uint64_t seed, int node_count, node_set leaders, struct world *mine, char **value)
{
    struct fault fault = {.nemesis = nemesis, .kind = kind, .selector = selector, .seed = seed};
    struct situation situation = {.node_count = node_count, .leaders = leaders};
    struct buf text;
    struct err err;

    buf_init(&text, 0);
    world_clear(mine, node_count);
    int result = nemesis->declare(&fault, &situation, declare_names, mine, &text, &err);
    if (value)
        *value = buf_take(&text);
    buf_release(&text);
    return result;
}
