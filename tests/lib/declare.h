/* SPDX-License-Identifier: GPL-2.0-or-later */
/* declare.h - a fault declared for a cluster of n nodes, for the tests of nemeses. */
#ifndef ORDEAL_TESTS_LIB_DECLARE_H
#define ORDEAL_TESTS_LIB_DECLARE_H

#include "../../harness/nemesis.h"

extern const char *const declare_names[NODES_MAX];

/* Declare `kind` of `nemesis` and return the result of its declare; `mine` and `value` (JSON, to be
 * freed; may be NULL) are filled. */
int declare_fault(const struct nemesis *nemesis, const char *kind, enum selector selector,
                  uint64_t seed, int node_count, node_set leaders, struct world *mine,
                  char **value);

#endif
