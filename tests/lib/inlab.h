/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inlab.h - for tests that live in a lab: its helper folder, its log folder, talk with the stand-in
 * for the agent, and expectations that work in the controller's process, where cmocka's do not. */
#ifndef ORDEAL_TESTS_LIB_INLAB_H
#define ORDEAL_TESTS_LIB_INLAB_H

#include "../../harness/lab/lab.h"

#include <stdbool.h>
#include <stdio.h>

/* In a controller: say what does not hold and return 1 from the calling function. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);   \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

/* The same for a call that fills `err`. */
#define EXPECT_DONE(call, err)                                                                     \
    do {                                                                                           \
        if ((call) < 0) {                                                                          \
            (void)fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #call, (err).msg);        \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

enum { INLAB_NODES_MAX = 63 };

/* A lab with nodes n1, n2, ... and where to talk to their stand-ins. */
struct inlab {
    struct lab *lab;
    int node_count;
    int agents[INLAB_NODES_MAX];
    char log_dir[256];
    char helper_dir[256];
};

/* Folders for this process: the stand-in of the build it belongs to, logs in a new one under /tmp
 * that `inlab_clean` removes. Call before lab_run. */
void inlab_prepare(struct inlab *inlab);
void inlab_clean(struct inlab *inlab);

/* Why no lab can be made here, or NULL. */
const char *inlab_impossible(void);

/* Why no lab's network is a bridge here, or NULL. */
const char *inlab_no_bridge(void);

/* In a controller: open the lab (options, or NULL for the usual ones) with so many nodes. */
int inlab_open(struct inlab *inlab, int node_count, const struct lab_options *options,
               struct err *err);
void inlab_close(struct inlab *inlab);

/* Run a shell command on a node; its exit status, and its output without a last line feed. */
int inlab_shell(struct inlab *inlab, int node, const char *command, char *output, size_t size);

/* Run `function(context)` in a child process as user and group 65534, if the caller is root and
 * else as it is; its exit status. */
int inlab_as_user(int (*function)(void *context), void *context);

#endif
