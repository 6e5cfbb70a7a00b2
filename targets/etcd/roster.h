/* SPDX-License-Identifier: GPL-2.0-or-later */
/* roster.h - which nodes are members of an etcd cluster, and how they leave it and come back.
 *
 * A node goes through stages: a member; leaving, once somebody was asked to remove it and nobody
 * has said that it is done; gone, for certain; listed, added but not started. Its data is emptied
 * between gone and listed and at no other time: a member without its data could vote twice.
 */
#ifndef ORDEAL_ETCD_ROSTER_H
#define ORDEAL_ETCD_ROSTER_H

#include "../../harness/target.h"
#include "change.h"

enum stage { STAGE_MEMBER, STAGE_LEAVING, STAGE_GONE, STAGE_LISTED, STAGE_STARTED };

struct roster {
    struct cluster *cluster;
    struct http **http; /* by node; borrowed */
    /* Start a node as a member of an existing cluster; `members` as --initial-cluster has them. */
    int (*start)(const struct cluster *cluster, struct node *node, const char *members,
                 struct err *err);
    enum stage stages[NODES_MAX];
    char ids[NODES_MAX][CHANGE_ID_MAX]; /* "": not asked for yet */
};

/* As target.h has member_remove and member_add. `first` are asked before others. */
int roster_remove(struct roster *roster, int node, node_set first, int64_t deadline_ns,
                  struct err *err) MUST_CHECK;
int roster_add(struct roster *roster, int node, node_set first, int64_t deadline_ns,
               struct err *err) MUST_CHECK;

/* "http://198.18.1.1:2380" */
void roster_peer_url(char url[64], const struct node *node);

#endif
