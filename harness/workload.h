/* SPDX-License-Identifier: GPL-2.0-or-later */
/* workload.h - what clients do: a stream of operations per worker, and the checkers that apply.
 *
 * One workload per file: workloads/NAME.c defines `const struct workload workload_NAME`. It knows
 * operations and values, never a target: any workload runs on any target that offers its fs. Values
 * are distinct by construction, which moves every check from exponential to n log n.
 */
#ifndef ORDEAL_WORKLOAD_H
#define ORDEAL_WORKLOAD_H

#include "base/rng.h"
#include "history/record.h"
#include "test.h"

struct next_op {
    uint8_t f; /* enum op_f */
    int64_t key;
    struct op_value value;
};

/* What a worker's generator knows. `state` is state_size zeroed bytes of its own. */
struct generator {
    const struct test *test;
    int worker; /* from 0 */
    int worker_count;
    struct rng *rng; /* of this worker alone */
    void *state;
    /* The last completed operation of this worker, for generators that follow what they read (a cas
     * from the value last seen); last_type is OP_INVOKE before the first. */
    struct next_op last;
    enum op_type last_type;
    struct op_value last_result;
};

struct workload {
    const char *name;
    const char *about;
    const char *const *fs;       /* that it uses; ends with NULL */
    const char *model;           /* for the checkers: "register" */
    const char *const *checkers; /* besides the consistency level and those of every run; or NULL */
    const struct setting_spec *settings; /* ends with key NULL; or NULL */
    size_t state_size;
    bool is_default; /* taken before others where none is named and the target offers its fs */

    /* The worker's next operation. False: it has no more. MUST be set. */
    bool (*next)(struct generator *generator, struct next_op *op);

    /* Final reads, after healing: the `sequence`-th (from 0) of this worker; false: no more. The
     * workers share the work by their numbers. A final read that fails is undecided, not a loss.
     * MAY be NULL. */
    bool (*final)(struct generator *generator, int64_t sequence, struct next_op *op);
};

extern const struct workload *const workloads[];

#endif
