/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture.h"

#include "../world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LIMIT = 16 << 20, BUFFER = 16 << 20, BATCH = 256 };

/* The format's head of a file, with nanoseconds, and of a packet. */
struct file_head {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap, link_type;
};

struct packet_head {
    uint32_t seconds, nanoseconds, kept, len;
};

static const struct file_head head = {0xa1b23c4d, 2, 4, 0, 0, CAPTURE_SNAP, 1 /* Ethernet */};

struct tap {
    int fd;
    FILE *file;
    size_t written;
    char name[64];
};

struct capture {
    char dir[PATH_MAX - 128];
    size_t limit;
    int wake; /* eventfd: taps or the end have come */
    pthread_t thread;
    bool runs;
    pthread_mutex_t lock; /* for what follows */
    bool stopping;
    struct tap taps[NODES_MAX];
    int tap_count;
    unsigned long missed;
};

/* -- files ------------------------------------------------------------------------------------ */

static void start_file(const struct capture *capture, struct tap *tap)
{
    char path[PATH_MAX], older[PATH_MAX];

    (void)snprintf(path, sizeof path, "%s/%s.pcap", capture->dir, tap->name);
    (void)snprintf(older, sizeof older, "%s/%s.1.pcap", capture->dir, tap->name);
    if (tap->file) {
        (void)fclose(tap->file);
        (void)rename(path, older);
    }
    tap->file = fopen(path, "we");
    tap->written = sizeof head;
    if (tap->file)
        (void)fwrite(&head, sizeof head, 1, tap->file);
}

static void keep(struct capture *capture, struct tap *tap, const struct packet_head *packet,
                 const unsigned char *bytes)
{
    size_t size = sizeof *packet + packet->kept;

    if (tap->written + size > capture->limit)
        start_file(capture, tap);
    if (!tap->file || fwrite(packet, sizeof *packet, 1, tap->file) != 1 ||
        fwrite(bytes, packet->kept, 1, tap->file) != 1) {
        capture->missed++;
        return;
    }
    tap->written += size;
}

/* -- packets ---------------------------------------------------------------------------------- */

/* False if there is none. */
static bool take(struct capture *capture, struct tap *tap)
{
    _Alignas(8) char control[128];
    unsigned char bytes[CAPTURE_SNAP];
    struct iovec iov = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct timespec stamp = {0};
    ssize_t len = recvmsg(tap->fd, &message, MSG_DONTWAIT | MSG_TRUNC);

    if (len < 0)
        return false;
    const struct cmsghdr *stamped = CMSG_FIRSTHDR(&message);
    if (stamped && stamped->cmsg_type == SCM_TIMESTAMPNS)
        memcpy(&stamp, CMSG_DATA(stamped), sizeof stamp);
    const struct packet_head packet = {
        .seconds = (uint32_t)stamp.tv_sec,
        .nanoseconds = (uint32_t)stamp.tv_nsec,
        .kept = (uint32_t)(len < CAPTURE_SNAP ? len : CAPTURE_SNAP),
        .len = (uint32_t)len,
    };
    keep(capture, tap, &packet, bytes);
    return true;
}

static void take_all(struct capture *capture, int most)
{
    for (int i = 0; i < capture->tap_count; i++) {
        for (int k = 0; k < most && take(capture, &capture->taps[i]); k++)
            continue;
    }
}

static void *run(void *context)
{
    struct capture *capture = context;
    struct pollfd fds[NODES_MAX + 1];
    uint64_t news;

    pthread_mutex_lock(&capture->lock);
    while (!capture->stopping) {
        nfds_t count = 0;
        fds[count++] = (struct pollfd){.fd = capture->wake, .events = POLLIN};
        for (int i = 0; i < capture->tap_count; i++)
            fds[count++] = (struct pollfd){.fd = capture->taps[i].fd, .events = POLLIN};
        pthread_mutex_unlock(&capture->lock);
        (void)poll(fds, count, -1);
        (void)!read(capture->wake, &news, sizeof news);
        pthread_mutex_lock(&capture->lock);
        take_all(capture, BATCH);
    }
    pthread_mutex_unlock(&capture->lock);
    return NULL;
}

static void wake(const struct capture *capture)
{
    const uint64_t one = 1;

    (void)!write(capture->wake, &one, sizeof one);
}

/* -- taps ------------------------------------------------------------------------------------- */

struct tapping {
    int network, link, fd;
    struct err *err;
};

static void *open_tap(void *context)
{
    struct tapping *tapping = context;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = tapping->link};
    const int on = 1, buffer = BUFFER;

    if (tapping->network >= 0 && setns(tapping->network, CLONE_NEWNET) < 0) {
        (void)err_errno(tapping->err, errno, "cannot enter the network to capture");
        return NULL;
    }
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        (void)err_errno(tapping->err, errno, "cannot open a packet socket to capture");
        return NULL;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    (void)setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        (void)err_errno(tapping->err, errno, "cannot capture at a link");
        (void)close(fd);
        return NULL;
    }
    tapping->fd = fd;
    return NULL;
}

int capture_add(struct capture *capture, const char *name, int link, int network, struct err *err)
{
    struct tapping tapping = {.network = network, .link = link, .fd = -1, .err = err};
    pthread_t thread;

    if (pthread_create(&thread, NULL, open_tap, &tapping) != 0)
        return err_set(err, EAGAIN, "cannot start a thread");
    pthread_join(thread, NULL);
    if (tapping.fd < 0)
        return -1;
    pthread_mutex_lock(&capture->lock);
    bool room = capture->tap_count < NODES_MAX;
    if (room) {
        struct tap *tap = &capture->taps[capture->tap_count];
        *tap = (struct tap){.fd = tapping.fd};
        (void)snprintf(tap->name, sizeof tap->name, "%s", name);
        start_file(capture, tap);
        room = tap->file != NULL;
        capture->tap_count += room;
    }
    pthread_mutex_unlock(&capture->lock);
    wake(capture);
    if (room)
        return 0;
    (void)close(tapping.fd);
    return err_errno(err, errno, "cannot write '%s/%s.pcap'", capture->dir, name);
}

/* -- life ------------------------------------------------------------------------------------- */

int capture_open(struct capture **made, const char *dir, size_t limit_bytes, struct err *err)
{
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return err_errno(err, errno, "cannot make the folder '%s'", dir);
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture)
        return err_set(err, ENOMEM, "out of memory");
    (void)snprintf(capture->dir, sizeof capture->dir, "%s", dir);
    capture->limit = limit_bytes ? limit_bytes : LIMIT;
    (void)pthread_mutex_init(&capture->lock, NULL);
    capture->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    capture->runs = capture->wake >= 0 && pthread_create(&capture->thread, NULL, run, capture) == 0;
    if (!capture->runs) {
        (void)capture_close(capture);
        return err_set(err, EAGAIN, "cannot start a thread to capture packets");
    }
    *made = capture;
    return 0;
}

static unsigned long missed_at(const struct tap *tap)
{
    struct tpacket_stats stats = {0};
    socklen_t size = sizeof stats;

    return getsockopt(tap->fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0 ? stats.tp_drops
                                                                                  : 0;
}

unsigned long capture_close(struct capture *capture)
{
    if (!capture)
        return 0;
    if (capture->runs) {
        pthread_mutex_lock(&capture->lock);
        capture->stopping = true;
        pthread_mutex_unlock(&capture->lock);
        wake(capture);
        pthread_join(capture->thread, NULL);
    }
    take_all(capture, INT_MAX);
    for (int i = 0; i < capture->tap_count; i++) {
        capture->missed += missed_at(&capture->taps[i]);
        (void)close(capture->taps[i].fd);
        if (capture->taps[i].file)
            (void)fclose(capture->taps[i].file);
    }
    if (capture->wake >= 0)
        (void)close(capture->wake);
    (void)pthread_mutex_destroy(&capture->lock);
    unsigned long missed = capture->missed;
    free(capture);
    return missed;
}
