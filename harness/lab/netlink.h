/* SPDX-License-Identifier: GPL-2.0-or-later */
/* netlink.h - links, addresses and neighbours by rtnetlink, many changes in one system call.
 *
 * A batch collects changes; netlink_send() hands them to the kernel together, which makes them in
 * order, and answers with the first error, naming the change. A socket stays in the network
 * namespace in which it was opened.
 */
#ifndef ORDEAL_LAB_NETLINK_H
#define ORDEAL_LAB_NETLINK_H

#include "../base/err.h"
#include "address.h"

#include <stddef.h>
#include <stdint.h>

int netlink_open(struct err *err) MUST_CHECK; /* a descriptor, closed by close() */

struct netlink_batch {
    size_t len;
    size_t last; /* where the latest message starts */
    int count;
    uint32_t
        first; /* number of the first message; grows, so that no answer is taken for another's */
    const char *what[256];         /* each message in words, for errors */
    _Alignas(8) char bytes[20480]; /* a node's neighbours are 2 * 63 messages of 60 bytes */
};

/* Before the first use; a batch is empty again once it was sent. */
void netlink_begin(struct netlink_batch *batch);

/* Make them so; all or, on error, possibly some. */
int netlink_send(int fd, struct netlink_batch *batch, struct err *err) MUST_CHECK;

/* The kernel does some of it later, by itself: what then has to be waited for is told to sockets
 * that listen. */
enum netlink_news { NEWS_OF_LINKS = 1, NEWS_OF_ROUTES_V6 = 0x400 };

int netlink_listen(enum netlink_news news, struct err *err) MUST_CHECK; /* closed by close() */

/* Until the link carries packets, which it does not at once when both ends are up. The socket
 * listens to NEWS_OF_LINKS. */
int netlink_await_link(int fd, int link, struct err *err) MUST_CHECK;

/* Until packets to the place's IPv6 address are taken, after it was given to a link. The socket has
 * listened to NEWS_OF_ROUTES_V6 since before. */
int netlink_await_address_v6(int fd, int place, struct err *err) MUST_CHECK;

enum { LINK_LOOPBACK = 1 }; /* its number in every network namespace */

void netlink_add_bridge(struct netlink_batch *batch, int link, const char *name,
                        const unsigned char mac[MAC_LEN]);

struct veth {
    int link; /* this end, up */
    const char *name;
    int bridge; /* that it is a port of; 0: none */
    int peer;   /* the other end, down, in the network namespace of process `pid` */
    const char *peer_name;
    unsigned char mac[MAC_LEN]; /* of the peer */
    pid_t pid;
};

void netlink_add_veth(struct netlink_batch *batch, const struct veth *veth);

/* A bridge's port carries what the bridge knows the way of, and nothing else: its senders are not
 * learnt, and nothing is flooded to it, neither broadcasts nor frames to unknown addresses. */
void netlink_add_port(struct netlink_batch *batch, int port);

void netlink_add_up(struct netlink_batch *batch, int link);
void netlink_add_deletion(struct netlink_batch *batch, int link);

/* No address of its own making, which is the link-local one; before the link is up. */
void netlink_add_no_link_local(struct netlink_batch *batch, int link);

/* What comes in over the link is shown to a BPF program (its descriptor), which says where it goes,
 * for as long as the link is there. */
void netlink_add_program(struct netlink_batch *batch, int link, int program);

/* `family`: AF_INET or AF_INET6. The place's address on the link; permanent knowledge of where the
 * place is; and, for a bridge port, that the place's frames go there. */
void netlink_add_address(struct netlink_batch *batch, int link, int family, int place);
void netlink_add_neighbour(struct netlink_batch *batch, int link, int family, int place);
void netlink_add_forwarding(struct netlink_batch *batch, int port, int place);

#endif
