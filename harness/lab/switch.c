/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "switch.h"

#include "../base/clock.h"
#include "forward.h"
#include "network.h"
#include "process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    BATCH = 64,        /* frames of one port before another's turn */
    DRAIN_MAX = 4096,  /* frames of one port before a declaration is judged to come first */
    BUFFER = 64 << 20, /* bytes that a port's socket may hold, where that is ours to say */
};

struct lab_switch {
    int network; /* namespace */
    bool ipv6;
    int wake; /* eventfd: ports or the end have come */
    pthread_t thread;
    bool runs;
    atomic_int callers; /* who wait for the lock: the thread lets them go first */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t served;
    bool stopping;
    int ports[PLACES_MAX]; /* packet sockets; -1 where there is none */
    struct forward forward;
    unsigned char frame[FRAME_MAX];
};

/* -- frames ----------------------------------------------------------------------------------- */

/* A node that has died takes nothing more: as on a wire, nobody learns. */
static void send_frame(void *context, int to, const unsigned char *bytes, size_t len)
{
    struct lab_switch *it = context;

    if (it->ports[to] >= 0 && send(it->ports[to], bytes, len, MSG_DONTWAIT) < 0 &&
        (errno == EAGAIN || errno == ENOBUFS || errno == EMSGSIZE))
        it->forward.overruns++;
}

/* Up to `most` frames of one port. */
static void receive(struct lab_switch *it, int place, int most)
{
    for (int i = 0; i < most; i++) {
        ssize_t got = recv(it->ports[place], it->frame, sizeof it->frame, MSG_DONTWAIT);
        if (got < 0)
            return;
        forward_frame(&it->forward, place, it->frame, (size_t)got, clock_now_ns());
    }
}

static void receive_all(struct lab_switch *it, int most)
{
    for (int place = 0; place < PLACES_MAX; place++) {
        if (it->ports[place] >= 0)
            receive(it, place, most);
    }
}

/* -- the thread ------------------------------------------------------------------------------- */

/* Databases on a busy machine would else starve it, and every delay would be theirs. */
static void be_prompt(void)
{
    const struct sched_param first = {.sched_priority = 1};

    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    (void)prctl(PR_SET_NAME, "ordeal-switch");
    (void)sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first); /* root only */
}

/* Wait for frames, the next due time, or news; the lock is not held meanwhile. */
static void await(struct lab_switch *it, int64_t due_ns)
{
    struct pollfd fds[PLACES_MAX + 1] = {{.fd = it->wake, .events = POLLIN}};
    nfds_t count = 1;
    uint64_t news;

    for (int place = 0; place < PLACES_MAX; place++) {
        if (it->ports[place] >= 0)
            fds[count++] = (struct pollfd){.fd = it->ports[place], .events = POLLIN};
    }
    pthread_mutex_unlock(&it->lock);
    int64_t left_ns = due_ns == INT64_MAX ? 0 : due_ns - clock_now_ns();
    const struct timespec left = {.tv_sec = left_ns > 0 ? left_ns / NS_PER_SEC : 0,
                                  .tv_nsec = left_ns > 0 ? left_ns % NS_PER_SEC : 0};
    (void)ppoll(fds, count, due_ns == INT64_MAX ? NULL : &left, NULL);
    if (fds[0].revents)
        (void)!read(it->wake, &news, sizeof news);
    pthread_mutex_lock(&it->lock);
    while (atomic_load(&it->callers) > 0)
        pthread_cond_wait(&it->served, &it->lock);
}

static void *run(void *context)
{
    struct lab_switch *it = context;

    be_prompt();
    pthread_mutex_lock(&it->lock);
    while (!it->stopping) {
        receive_all(it, BATCH);
        await(it, forward_due(&it->forward, clock_now_ns()));
    }
    pthread_mutex_unlock(&it->lock);
    return NULL;
}

/* A caller's turn: everything that was sent until now has been judged. */
static void begin_turn(struct lab_switch *it)
{
    atomic_fetch_add(&it->callers, 1);
    pthread_mutex_lock(&it->lock);
    receive_all(it, DRAIN_MAX);
}

static void end_turn(struct lab_switch *it)
{
    const uint64_t one = 1;

    atomic_fetch_sub(&it->callers, 1);
    (void)!write(it->wake, &one, sizeof one); /* what it waits for may have changed */
    pthread_cond_signal(&it->served);
    pthread_mutex_unlock(&it->lock);
}

/* -- ports ------------------------------------------------------------------------------------ */

/* Something to do in the switch's namespace, by a thread that goes there. */
struct errand {
    struct lab_switch *it;
    int (*run)(struct errand *errand);
    int place;
    int fd, result;
    struct err *err;
};

static void *run_errand(void *context)
{
    struct errand *errand = context;

    errand->result = errand->it->network >= 0 && setns(errand->it->network, CLONE_NEWNET) < 0
                         ? err_errno(errand->err, errno, "cannot enter the switch's network")
                         : errand->run(errand);
    return NULL;
}

static int send_errand(struct errand *errand)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, run_errand, errand) != 0)
        return err_set(errand->err, EAGAIN, "cannot start a thread");
    pthread_join(thread, NULL);
    return errand->result;
}

/* Of what nodes send only untagged frames: the socket would show those with VLAN tags without them.
 */
static int refuse_tagged(int fd)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (uint32_t)(SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    const struct sock_fprog program = {sizeof code / sizeof code[0], code};

    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

static int open_port(struct errand *errand)
{
    const int on = 1, buffer = BUFFER;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_ALL),
                                  .sll_ifindex = network_port(errand->place)};
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(errand->err, errno, "cannot open a packet socket");
    (void)setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer); /* up to a limit */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &buffer, sizeof buffer) < 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
    if (refuse_tagged(fd) < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int code = errno;
        (void)close(fd);
        return err_errno(errand->err, code, "cannot listen at a link");
    }
    errand->fd = fd;
    return network_await_port(errand->place, errand->err);
}

static int add_port(struct lab_switch *it, int place, struct err *err)
{
    struct errand errand = {.it = it, .run = open_port, .place = place, .fd = -1, .err = err};
    int result = send_errand(&errand);

    if (errand.fd < 0)
        return -1;
    begin_turn(it);
    if (it->ports[place] >= 0)
        (void)close(it->ports[place]); /* of a node that did not come to life */
    it->ports[place] = errand.fd;
    end_turn(it);
    return result;
}

int switch_add_node(struct lab_switch *it, int index, struct err *err)
{
    return add_port(it, index, err);
}

/* -- declarations ----------------------------------------------------------------------------- */

int switch_apply(struct lab_switch *it, const struct world *world, struct err *err)
{
    begin_turn(it);
    int result = forward_apply(&it->forward, world, clock_now_ns());
    end_turn(it);
    return result < 0 ? err_set(err, ENOMEM, "out of memory for the switch") : 0;
}

/* Frames for which a port's socket had no room; asking starts the kernel's count anew. */
static void count_overruns(struct lab_switch *it)
{
    for (int place = 0; place < PLACES_MAX; place++) {
        struct tpacket_stats stats = {0};
        socklen_t size = sizeof stats;
        if (it->ports[place] >= 0 &&
            getsockopt(it->ports[place], SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0)
            it->forward.overruns += stats.tp_drops;
    }
}

void switch_read(struct lab_switch *it, struct receipt *receipt, uint64_t *between,
                 struct link_effects *links)
{
    memset(receipt, 0, sizeof *receipt);
    begin_turn(it);
    (void)forward_due(&it->forward, clock_now_ns());
    count_overruns(it);
    receipt->rules = forward_rules(&it->forward);
    receipt->bytes_dropped = it->forward.bytes_cut;
    receipt->overruns = it->forward.overruns;
    for (int i = 0; i < PLACES_MAX * PLACES_MAX; i++) {
        const struct link_effects *link = &it->forward.effects[i];
        receipt->packets_dropped += link->cut;
        if (between)
            between[i] = link->cut;
        receipt->delayed += link->delayed;
        receipt->lost += link->lost;
        receipt->duplicated += link->duplicated;
        receipt->reordered += link->reordered;
        receipt->corrupted += link->corrupted;
        receipt->resets += link->resets;
    }
    if (links)
        memcpy(links, it->forward.effects, sizeof it->forward.effects);
    end_turn(it);
}

/* -- life ------------------------------------------------------------------------------------- */

static int make_network(struct errand *errand)
{
    if (unshare(CLONE_NEWNET) < 0)
        return err_errno(errand->err, errno, "cannot make a network namespace");
    errand->fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (errand->fd < 0)
        return err_errno(errand->err, errno, "cannot get hold of a network namespace");
    return network_silence(errand->err);
}

static int attach_clients(struct errand *errand)
{
    return network_attach_switched(CLIENTS, getpid(), errand->err);
}

static int start(struct lab_switch *it, struct err *err)
{
    struct errand make = {.it = it, .run = make_network, .fd = -1, .err = err};
    struct errand attach = {.it = it, .run = attach_clients, .fd = -1, .err = err};

    int result = send_errand(&make);
    it->network = make.fd;
    it->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (result < 0 || send_errand(&attach) < 0 ||
        network_join(CLIENTS, NODES_MAX, it->ipv6, true, err) < 0)
        return -1;
    if (it->wake < 0)
        return err_errno(err, errno, "cannot make an eventfd");
    if (add_port(it, CLIENTS, err) < 0)
        return -1;
    if (pthread_create(&it->thread, NULL, run, it) != 0)
        return err_set(err, EAGAIN, "cannot start a thread");
    it->runs = true;
    return 0;
}

int switch_open(struct lab_switch **made, bool ipv6, struct err *err)
{
    struct lab_switch *it = calloc(1, sizeof *it);
    if (!it)
        return err_set(err, ENOMEM, "out of memory for the switch");
    it->network = it->wake = -1;
    it->ipv6 = ipv6;
    for (int i = 0; i < PLACES_MAX; i++)
        it->ports[i] = -1;
    (void)pthread_mutex_init(&it->lock, NULL);
    (void)pthread_cond_init(&it->served, NULL);
    forward_init(&it->forward, send_frame, it);
    if (start(it, err) < 0) {
        switch_close(it);
        return err_wrap(err, "cannot make the switch");
    }
    *made = it;
    return 0;
}

int switch_network(const struct lab_switch *it)
{
    return it->network;
}

void switch_close(struct lab_switch *it)
{
    if (!it)
        return;
    if (it->runs) {
        begin_turn(it);
        it->stopping = true;
        end_turn(it);
        pthread_join(it->thread, NULL);
    }
    for (int i = 0; i < PLACES_MAX; i++) {
        if (it->ports[i] >= 0)
            (void)close(it->ports[i]);
    }
    if (it->network >= 0)
        (void)close(it->network);
    if (it->wake >= 0)
        (void)close(it->wake);
    forward_release(&it->forward);
    (void)pthread_cond_destroy(&it->served);
    (void)pthread_mutex_destroy(&it->lock);
    free(it);
}
