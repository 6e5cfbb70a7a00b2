/* SPDX-License-Identifier: GPL-2.0-or-later */
/* agent_place.h - a place like a node of the lab for one real agent, without a lab: namespaces of
 * its own, a root assembled from the machine's, a fresh /node. Ends with the agent. */
#ifndef ORDEAL_TESTS_LIB_AGENT_PLACE_H
#define ORDEAL_TESTS_LIB_AGENT_PLACE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

struct agent_place {
    pid_t pid;     /* of the agent */
    int fd;        /* connection to it */
    char mark[32]; /* give "MARK=<mark>" to processes to count them: agent_place_marked */
    char in[1 << 20];
    size_t in_len;
};

struct agent_place_options {
    bool one_id;                /* a user namespace with root only, also when the test is root */
    const char *log_dir;        /* bound at /node/log; NULL: a folder within */
    const char *const *options; /* of the agent, NULL-terminated; NULL for none */
};

/* Whether this machine does not allow it; says so then, as a skipped test. For main(). */
bool agent_place_missing(const char *group);

/* Start the agent built beside the tests. */
void agent_place_start(struct agent_place *place, const struct agent_place_options *options);

/* Close the connection (unless place->fd is -1) and wait for the agent; its wait status. */
int agent_place_end(struct agent_place *place);

/* Send a line (the newline is added) and read the next line from the agent: NULL at its end, or
 * after 5 s. */
void agent_place_say(struct agent_place *place, const char *line);
json_t *agent_place_hear(struct agent_place *place);

/* Living processes with the node's mark; *stopped (unless NULL) of them have no running thread. */
int agent_place_marked(const struct agent_place *place, int *stopped);

/* Wait up to 5 s until so many are there; how many there are in the end. */
int agent_place_await_marked(const struct agent_place *place, int count);

#endif
