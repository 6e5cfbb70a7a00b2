/* SPDX-License-Identifier: GPL-2.0-or-later */
/* request.h - one line from the controller, checked as a whole before anything acts on it.
 *
 * Members that a verb does not know are refused, not ignored: an agent that passed over a fault it
 * is too old for would answer with a receipt that lies.
 */
#ifndef ORDEAL_AGENT_REQUEST_H
#define ORDEAL_AGENT_REQUEST_H

#include "../base/err.h"
#include "../base/str.h"
#include "../world.h"
#include "host/rules.h"

#include <jansson.h>

enum {
    ARGS_MAX = 256,           /* of a command, and as many variables of its environment */
    NAME_MAX_BYTES = 63,      /* of a process's name */
    CUTS_MAX = 2 * PLACES_MAX /* from each place and to each */
};

enum verb {
    VERB_HELLO,
    VERB_START,
    VERB_STOP,
    VERB_RUN,
    VERB_PUT,
    VERB_GET,
    VERB_LOGS,
    VERB_WORLD,
    VERB_RECEIPT,
    VERB_PING,
    VERB_BYE,
    VERB_COUNT
};

extern const char *const verb_names[VERB_COUNT];

/* What to execute, and as whom. The text belongs to the JSON that it was read from. */
struct command {
    const char *argv[ARGS_MAX + 1]; /* NULL-terminated, at least one */
    const char *env[ARGS_MAX + 1];  /* NULL-terminated "NAME=value" */
    const char *cwd;                /* NULL: /node/data */
    const char *user;               /* NULL: root of the node */
};

struct request {
    json_t *json; /* owns every text below; NULL if the line was no JSON object */
    int64_t id;   /* -1: none could be read */
    enum verb verb;

    /* Members; those that the verb does not have, or that were left out, are zero. */
    int64_t protocol;
    const char *name;
    struct command command;
    const char *log; /* file under /node/log; NULL: <name>.log */
    int64_t timeout_ms;
    struct str input; /* base64 */
    const char *path;
    struct str data; /* base64 */
    int64_t mode;
    int64_t offset;
    bool more;
    int64_t version;
    enum process_state state;
    unsigned needs; /* enum need */
    struct clock_fault clock;
    struct disk_fault disk;
    struct limits limits;
    struct host_cut cuts[CUTS_MAX];
    int cut_count;
};

/* Read a line. -1 with what is wrong with it; request->id says whom to answer even then. In either
 * case request_release afterwards (or take request->json over, and the request's text with it). */
int request_read(struct str line, struct request *request, struct err *err) MUST_CHECK;

void request_release(struct request *request);

#endif
