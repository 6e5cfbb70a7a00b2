/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link_record.h - what a network fault did to each link, for the record.
 *
 * A fault's "affected" is one number; whether a one-way cut was one-way, and whether the leader was
 * among those who were not heard, can be seen only by the ordered pair.
 */
#ifndef ORDEAL_RUNNER_LINK_RECORD_H
#define ORDEAL_RUNNER_LINK_RECORD_H

#include "../nemesis.h"

enum { LINK_RECORD_MAX = 400 }; /* links of one fault: all there are between 20 places */

/* Append the member "links":{"n1>n2":{"packets_dropped":12},...}, what packets from n1 to n2 met
 * while the fault whose world was `mine` was in force, of the kinds that it can cause; the clients'
 * place is "clients". Links that met nothing are left out; those beyond LINK_RECORD_MAX are counted
 * in "links_left_out". Nothing for a fault that leaves links alone. As with "affected", two faults
 * of a kind on one link at a time both get what it met. */
void link_record_print(const struct world *mine, const struct effects *before,
                       const struct effects *after, const char *const *node_names,
                       struct buf *json);

#endif
