/* SPDX-License-Identifier: GPL-2.0-or-later */
/* process_claims.h - what holds for every nemesis that changes the state of a node's processes. */
#ifndef ORDEAL_TESTS_LIB_PROCESS_CLAIMS_H
#define ORDEAL_TESTS_LIB_PROCESS_CLAIMS_H

#include "../../harness/nemesis.h"

void claim_selectors_choose_as_many_as_they_say(const struct nemesis *nemesis,
                                                enum process_state state);
void claim_leader_is_who_leads_now(const struct nemesis *nemesis, enum process_state state);
void claim_same_seed_chooses_the_same_nodes(const struct nemesis *nemesis);

#endif
