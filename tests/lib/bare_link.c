/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bare_link.h"

#include "../../harness/lab/lab_internal.h"
#include "../../harness/lab/netlink.h"
#include "sockets.h"

#include <errno.h>
#include <net/route.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BARE_LINK = 50, PATIENCE_MS = 20000 };

struct errand {
    const struct lab *lab;
    int node;
    int result;
    struct err *err;
};

/* The other end is this way, and not where all other places are. */
static int add_route(int node, struct err *err)
{
    static char name[] = "bare";
    struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = name};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = address_v4(BARE_PLACE + !node)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(&route.rt_dst, &to, sizeof to);
    int result = fd < 0 || ioctl(fd, SIOCADDRT, &route) < 0
                     ? err_errno(err, errno, "cannot route over the bare link")
                     : 0;
    if (fd >= 0)
        (void)close(fd);
    return result;
}

static int lay_end(const struct errand *errand)
{
    struct veth veth = {.link = BARE_LINK,
                        .name = "bare",
                        .peer = BARE_LINK,
                        .peer_name = "bare",
                        .pid = lab_node_pid(errand->lab, 1)};
    struct netlink_batch batch;

    address_mac(BARE_PLACE + 1, veth.mac);
    netlink_begin(&batch);
    if (errand->node == 0)
        netlink_add_veth(&batch, &veth);
    netlink_add_up(&batch, BARE_LINK);
    netlink_add_address(&batch, BARE_LINK, AF_INET, BARE_PLACE + errand->node);
    int fd = netlink_open(errand->err);
    if (fd < 0)
        return -1;
    int result = netlink_send(fd, &batch, errand->err);
    (void)close(fd);
    return result < 0 ? -1 : add_route(errand->node, errand->err);
}

static void *run_errand(void *context)
{
    struct errand *errand = context;

    errand->result = setns(lab_node_network(errand->lab, errand->node), CLONE_NEWNET) < 0
                         ? err_errno(errand->err, errno, "cannot enter the node's network")
                         : lay_end(errand);
    return NULL;
}

int bare_link_lay(const struct lab *lab, struct err *err)
{
    for (int node = 0; node < 2; node++) {
        struct errand errand = {.lab = lab, .node = node, .err = err};
        pthread_t thread;
        if (pthread_create(&thread, NULL, run_errand, &errand) != 0)
            return err_set(err, EAGAIN, "cannot start a thread");
        (void)pthread_join(thread, NULL);
        if (errand.result < 0)
            return -1;
    }
    return 0;
}

int bare_link_socket(const struct lab *lab, int node, int place, int type, int port)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(place, AF_INET, port, &address);
    int fd = sockets_open(lab, node, AF_INET, type);

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) == 0)
        return fd;
    (void)close(fd);
    return -1;
}

int bare_link_connect(const struct lab *lab, int first_place, int port)
{
    struct sockaddr_storage far;
    socklen_t len = sockets_address(first_place + 1, AF_INET, port, &far);
    int fd = bare_link_socket(lab, 0, first_place, SOCK_STREAM, 0);

    if (fd < 0)
        return -1;
    (void)connect(fd, (struct sockaddr *)&far, len);
    struct pollfd ready = {.fd = fd, .events = POLLOUT};
    if (poll(&ready, 1, PATIENCE_MS) == 1 && ready.revents == POLLOUT)
        return fd;
    (void)close(fd);
    return -1;
}
