/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sockets.h"

#include "../../harness/lab/address.h"
#include "../../harness/lab/lab_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 20000 };

struct opening {
    int network, family, type, fd;
};

static void *open_there(void *context)
{
    struct opening *opening = context;

    if (opening->network < 0 || setns(opening->network, CLONE_NEWNET) == 0)
        opening->fd = socket(opening->family, opening->type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return NULL;
}

int sockets_open(const struct lab *lab, int place, int family, int type)
{
    struct opening opening = {-1, family, type, -1};
    pthread_t thread;

    if (place != CLIENTS)
        opening.network = lab_node_network(lab, place);
    if (pthread_create(&thread, NULL, open_there, &opening) == 0)
        (void)pthread_join(thread, NULL);
    return opening.fd;
}

socklen_t sockets_address(int place, int family, int port, struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof *storage);
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (void *)storage;
        *v4 = (struct sockaddr_in){AF_INET, htons((uint16_t)port), address_v4(place), {0}};
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (void *)storage;
    *v6 = (struct sockaddr_in6){.sin6_family = AF_INET6,
                                .sin6_port = htons((uint16_t)port),
                                .sin6_addr = address_v6(place)};
    return sizeof *v6;
}

int sockets_bind(const struct lab *lab, int place, int family, int type, int port)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(place, family, port, &address);
    int fd = sockets_open(lab, place, family, type), room = 1 << 20;

    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) < 0)
        return -1;
    if (type == SOCK_DGRAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (type == SOCK_STREAM && listen(fd, 64) < 0)
        return -1;
    return fd;
}

int sockets_connect(const struct lab *lab, int from, int to, int family, int port, int listener,
                    int ends[2])
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(to, family, port, &address);

    ends[0] = sockets_open(lab, from, family, SOCK_STREAM);
    struct pollfd near = {.fd = ends[0], .events = POLLOUT};
    struct pollfd incoming = {.fd = listener, .events = POLLIN};
    if (connect(ends[0], (struct sockaddr *)&address, len) < 0 && errno != EINPROGRESS)
        return -1;
    if (poll(&near, 1, PATIENCE_MS) != 1 || near.revents != POLLOUT ||
        poll(&incoming, 1, PATIENCE_MS) != 1)
        return -1;
    ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    return ends[1] < 0 ? -1 : 0;
}
