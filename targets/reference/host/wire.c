/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wire.h"

#include "../../../harness/base/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ANSWER_LIMIT = 16 << 20 };

void wire_init(struct wire *wire, const char *ipv4, uint16_t port)
{
    *wire = (struct wire){.fd = -1};
    wire->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    (void)inet_pton(AF_INET, ipv4, &wire->address.sin_addr);
    buf_init(&wire->in, ANSWER_LIMIT);
}

static void disconnect(struct wire *wire)
{
    if (wire->fd >= 0)
        (void)close(wire->fd);
    wire->fd = -1;
    buf_clear(&wire->in);
}

void wire_close(struct wire *wire)
{
    disconnect(wire);
    buf_release(&wire->in);
}

/* False once the deadline has passed. */
static bool wait_for(const struct wire *wire, short events, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd pollfd = {.fd = wire->fd, .events = events};
        int64_t left_ns = deadline_ns - clock_now_ns();
        if (left_ns <= 0)
            return false;
        int ready = poll(&pollfd, 1, (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return true; /* the next call on the socket says what is wrong */
    }
}

static const char *phrase(int code)
{
    switch (code) {
    case ECONNREFUSED:
        return "connection refused";
    case ECONNRESET:
    case EPIPE:
        return "connection reset";
    case EHOSTUNREACH:
    case ENETUNREACH:
        return "host unreachable";
    case ETIMEDOUT:
        return "timed out";
    default:
        return "connection failed";
    }
}

/* Whether an idle connection is still usable: silent and open. */
static bool is_alive(const struct wire *wire)
{
    char byte;
    return wire->fd >= 0 && recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* NULL once connected, else why not. */
static const char *connect_wire(struct wire *wire, int64_t deadline_ns)
{
    int code = 0, on = 1;
    socklen_t size = sizeof code;

    disconnect(wire);
    wire->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return "no socket";
    (void)setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(wire->fd, (const struct sockaddr *)&wire->address, sizeof wire->address) == 0)
        return NULL;
    if (errno != EINPROGRESS)
        return phrase(errno);
    if (!wait_for(wire, POLLOUT, deadline_ns))
        return "connection timed out";
    if (getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &code, &size) < 0)
        code = errno;
    return code == 0 ? NULL : phrase(code);
}

/* NULL once the kernel has all of it. */
static const char *send_all(struct wire *wire, struct str text, int64_t deadline_ns)
{
    while (text.len > 0) {
        ssize_t count = send(wire->fd, text.ptr, text.len, MSG_NOSIGNAL);
        if (count >= 0)
            text = (struct str){text.ptr + count, text.len - (size_t)count};
        else if (errno != EAGAIN && errno != EINTR)
            return phrase(errno);
        else if (!wait_for(wire, POLLOUT, deadline_ns))
            return "timed out";
    }
    return NULL;
}

/* NULL once a whole line is in wire->in, and its length without the newline in *len. */
static const char *receive_line(struct wire *wire, int64_t deadline_ns, size_t *len)
{
    char block[1 << 14];

    for (;;) {
        ssize_t count = recv(wire->fd, block, sizeof block, 0);
        if (count == 0)
            return "connection closed";
        if (count < 0 && errno != EAGAIN && errno != EINTR)
            return phrase(errno);
        if (count < 0 && !wait_for(wire, POLLIN, deadline_ns))
            return "timed out";
        if (count < 0)
            continue;
        buf_add(&wire->in, block, (size_t)count);
        if (wire->in.failed)
            return "answer too long";
        const char *end = memchr(wire->in.ptr, '\n', wire->in.len);
        if (end) {
            *len = (size_t)(end - wire->in.ptr);
            return NULL;
        }
    }
}

enum wire_result wire_ask(struct wire *wire, struct str request, int64_t deadline_ns,
                          struct str *answer, const char **why)
{
    enum wire_result failure = WIRE_NOT_SENT;
    size_t len = 0;

    buf_clear(&wire->in);
    *why = is_alive(wire) ? NULL : connect_wire(wire, deadline_ns);
    if (!*why)
        *why = send_all(wire, request, deadline_ns);
    if (!*why) {
        failure = WIRE_UNKNOWN; /* before this the node lacked the line's end */
        *why = receive_line(wire, deadline_ns, &len);
    }
    if (*why) {
        disconnect(wire);
        return failure;
    }
    *answer = (struct str){wire->in.ptr, len};
    return WIRE_ANSWERED;
}
