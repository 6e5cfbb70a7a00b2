/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workload_claims.h - what holds for every workload over keyed registers. */
#ifndef ORDEAL_TESTS_LIB_WORKLOAD_CLAIMS_H
#define ORDEAL_TESTS_LIB_WORKLOAD_CLAIMS_H

#include "../../harness/workload.h"

void claim_no_value_is_written_twice(const struct workload *workload);
void claim_every_operation_occurs_on_every_key(const struct workload *workload);
void claim_seed_brings_back_the_operations(const struct workload *workload);
void claim_final_reads_ask_every_node_for_every_key(const struct workload *workload);

/* Objects that grow are used for about --ops-per-key operations each. */
void claim_objects_are_left_for_fresh_ones(const struct workload *workload);

#endif
