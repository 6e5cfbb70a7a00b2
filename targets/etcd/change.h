/* SPDX-License-Identifier: GPL-2.0-or-later */
/* change.h - changes of etcd's membership as requests of its v3 JSON gateway, and what its answers
 * say about them.
 *
 * A member is known by its ID, which is new each time that it is added; the URL at which its peers
 * reach it stays its node's. Lists are what the member that is asked has applied so far.
 */
#ifndef ORDEAL_ETCD_CHANGE_H
#define ORDEAL_ETCD_CHANGE_H

#include "http.h"

#include <stdbool.h>

enum change {
    CHANGE_DONE,    /* agreed upon, now or before */
    CHANGE_REFUSED, /* certainly not done by this request */
    CHANGE_UNKNOWN, /* it may have been done, or may be done yet */
};

enum { CHANGE_ID_MAX = 24 };

/* What the answer to a removal or an addition says; *err has etcd's sentence unless it is done. */
enum change change_removed(long status, struct str body, struct err *err);
enum change change_added(long status, struct str body, struct err *err);

/* The ID of the member that gave this answer; false if it does not say. */
bool change_answerer(struct str body, char id[CHANGE_ID_MAX]);

/* Ask a member to remove another by its ID, or to add one at `peer_url`. */
enum change change_remove(struct http *http, const char *id, int64_t deadline_ns, struct err *err);
enum change change_add(struct http *http, const char *peer_url, int64_t deadline_ns,
                       struct err *err);

/* Append to `urls` the peer URLs of all members, a line each; false if the answer has none. */
bool change_peers(struct str body, struct buf *urls);

#endif
