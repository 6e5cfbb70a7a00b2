/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - a system under test: how it is set up on nodes, asked for its health, and spoken to.
 *
 * One target per file: targets/NAME.c defines `const struct target target_NAME` (underscores in C,
 * dashes on the command line). A target never sees a fault. It owns the client: one connection of
 * one worker to one node, used by one thread at a time. A file that needs a library says so in its
 * first line, and becomes a plug-in of its own: see targets/README.md.
 */
#ifndef ORDEAL_TARGET_H
#define ORDEAL_TARGET_H

#include "checker.h"
#include "history/record.h"
#include "node.h"
#include "test.h"

/* Changes whenever a kind's struct does; a plug-in of another number is refused. */
#define ORDEAL_ABI 7

/* Settings of a target that can be restarted with another version: its program, and the other one's
 * ("none": there is none). */
#define TARGET_PROGRAM "binary"
#define TARGET_ROLL_TO "roll-to"

struct cluster {
    struct node *nodes[NODES_MAX];
    int node_count;
    const struct test *test;
    void *state; /* the target's own; made by setup, freed by teardown */
};

/* One operation on its way. The runner fills the upper half, `invoke` the lower. */
struct client_op {
    uint8_t f;             /* enum op_f */
    int64_t key;           /* RECORD_NO_KEY: the single object */
    struct op_value value; /* argument */
    int64_t deadline_ns;   /* of clock_now_ns(); by then invoke should have returned */

    enum op_type
        outcome; /* OP_OK, OP_FAIL: it certainly did not happen; OP_INFO: unknown, the default */
    struct op_value result; /* for OP_OK; json is owned by the client until its next operation */
    char error[96];   /* for OP_FAIL and OP_INFO: a short phrase, the same for the same cause */
    bool unreachable; /* nothing could be sent: the worker waits a moment before its next */
};

/* A Debian package that a target runs, fetched by `make demo` and `make test`. */
struct package {
    const char *name;   /* "etcd-server" */
    const char *binary; /* by which its presence is known: "etcd" */
};

struct client;

struct target {
    const char *name;
    const char *about;           /* one line, for `list` */
    const char *const *fs;       /* operations that its clients offer; ends with NULL */
    const char *const *timeouts; /* keys of settings that are its own time-outs in milliseconds
                                  * (of elections, leases, sessions), around which some faults are
                                  * held; ends with NULL; or NULL */
    const struct setting_spec *settings;    /* ends with key NULL; or NULL */
    const struct package *packages;         /* ends with name NULL; or NULL */
    const struct log_pattern *log_patterns; /* ends with name NULL; or NULL */
    /* Patterns of all files that it keeps below /node/data (file_pattern.h): a disk fault about
     * others is refused. Ends with NULL; or NULL: it does not say. */
    const char *const *files;
    int node_count_default;
    int64_t recovery_ns; /* it should answer again within this after everything is healed */
    bool in_process; /* lives in the harness: no lab and no agents, cluster->nodes are NULL, nothing
                      * to inject faults into */

    bool ladder; /* what it holds of all levels is told beside the verdict on its promise */

    /* The level that it promises under the test's settings, e.g. "linearizable" (NULL: it promises
     * nothing, only --consistency says what to check), and -1 with a sentence if the settings make
     * no sense. Before any node exists. MUST be set. */
    int (*promise)(const struct test *test, const char **level, struct err *err);

    /* How old what it lets clients read may be under the test's settings, where it promises
     * "staleness". MAY be NULL: as old as it likes. */
    int64_t (*staleness_ns)(const struct test *test);

    /* Configure and start the system on every node (in any order, several at once). MUST be set.
     * On the nodes of test->plan.skipped a start is only remembered: nobody answers there yet, and
     * neither setup nor healthy may wait for it.
     * Restarting after a kill is the agent's: it repeats what was started. */
    int (*setup)(struct cluster *cluster, struct err *err);

    /* Free cluster->state. The nodes themselves are taken down by the lab. MAY be NULL. */
    void (*teardown)(struct cluster *cluster);

    /* Whether the whole system answers; asked repeatedly, from one thread. 0 if healthy, else -1
     * with what is missing. MUST be set. */
    int (*healthy)(struct cluster *cluster, struct err *err);

    /* The nodes that believe they lead, now; 0 if nobody does or the question got no answer within
     * a second. From the nemesis thread. MAY be NULL: the system has no leader. */
    node_set (*leaders)(struct cluster *cluster);

    /* The harness has killed the system on the nodes of `down`, and on no others: told after each
     * change, once it is in force, from one thread at a time. A perfect failure detector rests on
     * it: a cut or a pause is no crash. It MUST NOT wait for a node. MAY be NULL. */
    void (*crashed)(struct cluster *cluster, node_set down);

    /* Change who belongs to the cluster while it runs. Both MAY be NULL: it cannot. One call at a
     * time, from the thread that asks for leaders; each returns by about deadline_ns of
     * clock_now_ns(), and may be called again when it has failed.
     *
     * Remove: the others agree that `node` is no member, then its system is ended and its data
     * emptied. -1 with code EAGAIN: it certainly is one still; with any other: nobody knows, it may
     * leave at any time.
     *
     * Add: back in, as a new member with nothing on its disk; 0 once it serves. First finishes a
     * removal of which nobody knows whether it was done. */
    int (*member_remove)(struct cluster *cluster, int node, int64_t deadline_ns, struct err *err);
    int (*member_add)(struct cluster *cluster, int node, int64_t deadline_ns, struct err *err);

    /* End the system on `node`, or what is left of it, and start it again on the data that it has:
     * with the program of TARGET_ROLL_TO if `other`, else with that of TARGET_PROGRAM, both of
     * which MUST be among its settings. What starts there later is that program, too. 0 once it
     * serves; -1 with code EAGAIN: it runs and does not serve by about deadline_ns of
     * clock_now_ns(); with any other: it does not run. From the thread that asks for leaders, for a
     * node whose processes run. MAY be NULL: it cannot. */
    int (*roll)(struct cluster *cluster, int node, bool other, int64_t deadline_ns,
                struct err *err);

    /* A client of `node`. Opening does no input or output where that can wait; a client that cannot
     * connect says so in its operations. MUST be set, all three. */
    int (*client_open)(struct cluster *cluster, int node, struct client **client, struct err *err);
    void (*invoke)(struct client *client, struct client_op *op);
    void (*client_close)(struct client *client);
};

/* Generated table of what is built in; the others are found by target_find. */
extern const struct target *const targets[];

/* The target of that name: built in, a plug-in of this build, or a reference protocol. Lives until
 * the program ends. NULL with one sentence: the nearest known name, the Debian package of a missing
 * library, or what is wrong with the plug-in. Not thread-safe: for the time before threads exist.
 */
const struct target *target_find(const char *name, struct err *err) MUST_CHECK;

/* One line of `ordeal list targets`. */
struct target_entry {
    const char *name;
    const struct target *target; /* NULL: cannot be used here */
    const char *problem;         /* why not; NULL if it can */
};

/* All targets by name; lives until the program ends. Their number; -1 when memory is out. A plug-in
 * or program that is broken is an entry with a problem. Not thread-safe either. */
int target_list(const struct target_entry **entries, struct err *err) MUST_CHECK;

/* The two halves of a cas's argument: from OP_VALUE_PAIR or from OP_VALUE_JSON "[null,3]". False if
 * it is something else or not of integers and null. */
bool op_value_pair(const struct op_value *value, struct op_value *from, struct op_value *to);

#endif
