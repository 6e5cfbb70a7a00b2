/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - a table that carries out each request at most once, however often a log holds it.
 *
 * A request is {"session","number","first","command"}: the session is a client's, or a life of the
 * node that took it from one (see front.h), numbers count up in it, and all below "first" have been
 * answered or given up. The answers from "first" on are kept, so that a request that comes again is
 * answered again and not carried out again. What is kept is as much as is under way, and a little
 * for each life of a node.
 */
#ifndef ORDEAL_REFERENCE_MACHINE_H
#define ORDEAL_REFERENCE_MACHINE_H

#include <jansson.h>

struct machine {
    json_t *table;
    json_t *sessions; /* {session: {"first": number, "answers": {number: answer}}} */
};

/* Empty, or as machine_save left it (borrowed; it is shared afterwards: do not change it). Frees
 * what a machine that was loaded before held. */
void machine_load(struct machine *machine, json_t *saved);

/* A deep copy of all it holds, new. */
json_t *machine_save(const struct machine *machine);

/* Carry a request out and return its answer, or the answer that it had before; a new reference.
 * NULL if nobody waits for it any more. */
json_t *machine_apply(struct machine *machine, const json_t *request);

#endif
