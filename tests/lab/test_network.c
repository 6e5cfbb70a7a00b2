/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of the lab's network and packet rules: who reaches whom, by real packets, and what is
 * counted. Sockets are opened by the test in the nodes' network namespaces. */
#include "../../harness/base/clock.h"
#include "../../harness/lab/address.h"
#include "../../harness/lab/lab_internal.h"
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { NODES = 5, PLACES = NODES + 1, PORT = 999, EACH = 7, PATIENCE_MS = 10000 };

static const int families[2] = {AF_INET, AF_INET6};

struct net {
    struct inlab inlab;
    struct lab_options options;
    int udp[2][PLACES], tcp[2][PLACES];
    uint64_t expected[PLACES][PLACES]; /* packets dropped so far */
};

/* The test counts places densely; the lab's number of the clients is CLIENTS. */
static int place_of(int i)
{
    return i == NODES ? CLIENTS : i;
}

/* -- sockets in nodes ------------------------------------------------------------------------- */

struct opening {
    int network, family, type, protocol, fd;
};

static void *open_there(void *context)
{
    struct opening *opening = context;

    if (opening->network >= 0 && setns(opening->network, CLONE_NEWNET) < 0)
        return NULL;
    opening->fd =
        socket(opening->family, opening->type | SOCK_CLOEXEC | SOCK_NONBLOCK, opening->protocol);
    return NULL;
}

static int socket_at(const struct net *net, int i, int family, int type, int protocol)
{
    struct opening opening = {-1, family, type, protocol, -1};
    pthread_t thread;

    if (i < NODES)
        opening.network = lab_node_network(net->inlab.lab, i);
    if (pthread_create(&thread, NULL, open_there, &opening) == 0)
        (void)pthread_join(thread, NULL);
    return opening.fd;
}

static socklen_t address_of(int i, int family, struct sockaddr_storage *storage)
{
    memset(storage, 0, sizeof *storage);
    if (family == AF_INET) {
        struct sockaddr_in *v4 = (void *)storage;
        *v4 = (struct sockaddr_in){AF_INET, htons(PORT), address_v4(place_of(i)), {0}};
        return sizeof *v4;
    }
    struct sockaddr_in6 *v6 = (void *)storage;
    *v6 = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_port = htons(PORT), .sin6_addr = address_v6(place_of(i))};
    return sizeof *v6;
}

static int open_sockets(struct net *net)
{
    struct sockaddr_storage address;

    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < PLACES; i++) {
            net->udp[f][i] = socket_at(net, i, families[f], SOCK_DGRAM, 0);
            net->tcp[f][i] = socket_at(net, i, families[f], SOCK_STREAM, 0);
            socklen_t len = address_of(i, families[f], &address);
            EXPECT(bind(net->udp[f][i], (struct sockaddr *)&address, len) == 0);
            EXPECT(bind(net->tcp[f][i], (struct sockaddr *)&address, len) == 0);
            EXPECT(listen(net->tcp[f][i], 64) == 0);
        }
    }
    return 0;
}

static int start(struct net *net)
{
    struct err err;

    EXPECT_DONE(inlab_open(&net->inlab, NODES, &net->options, &err), err);
    return open_sockets(net);
}

/* -- the matrix ------------------------------------------------------------------------------- */

static bool takes_switch(const struct net *net)
{
    return (net->options.needs & NEED_SWITCH) || net->options.without_rules;
}

static bool is_cut(const struct world *world, int from, int to)
{
    return world->cut[place_of(from)] & NODE(place_of(to));
}

static void send_datagram(struct net *net, int f, int from, int to)
{
    struct sockaddr_storage address;
    socklen_t len = address_of(to, families[f], &address);
    const char byte = (char)from;

    /* from the controller a drop is refused at the socket (EPERM): that too is no packet */
    (void)sendto(net->udp[f][from], &byte, 1, 0, (struct sockaddr *)&address, len);
}

/* Wait for the datagrams that must come; then whether any came that must not. */
static int receive_datagrams(struct net *net, const struct world *world, int f, int to)
{
    int got[PLACES] = {0}, missing = 0;
    struct pollfd ready = {.fd = net->udp[f][to], .events = POLLIN};
    char byte;

    for (int from = 0; from < PLACES; from++)
        missing += from != to && !is_cut(world, from, to) ? EACH : 0;
    while (missing > 0) {
        if (poll(&ready, 1, PATIENCE_MS) != 1) {
            for (int from = 0; from < PLACES; from++)
                (void)fprintf(stderr, "IPv%d, %d to %d: %d came\n", f ? 6 : 4, from, to, got[from]);
            return 1;
        }
        EXPECT(recv(net->udp[f][to], &byte, 1, 0) == 1);
        EXPECT(!is_cut(world, byte, to));
        got[(int)byte]++;
        missing--;
    }
    EXPECT(recv(net->udp[f][to], &byte, 1, 0) < 0);
    for (int from = 0; from < PLACES; from++)
        EXPECT(got[from] == (from != to && !is_cut(world, from, to) ? EACH : 0));
    return 0;
}

static int check_datagrams(struct net *net, const struct world *world)
{
    for (int f = 0; f < 2; f++) {
        for (int from = 0; from < PLACES; from++) {
            for (int to = 0; to < PLACES; to++) {
                if (from == to)
                    continue;
                for (int i = 0; i < EACH; i++)
                    send_datagram(net, f, from, to);
                net->expected[from][to] += is_cut(world, from, to) ? EACH : 0;
            }
        }
    }
    for (int f = 0; f < 2; f++) {
        for (int to = 0; to < PLACES; to++)
            EXPECT(receive_datagrams(net, world, f, to) == 0);
    }
    return 0;
}

/* All packets sent over a cut link, and no others, are counted. */
static int check_receipt(struct net *net, const struct world *world)
{
    static uint64_t between[PLACES_MAX * PLACES_MAX];
    struct receipt receipt;
    struct err err;
    uint64_t sum = 0, cuts = 0;

    EXPECT_DONE(lab_receipt(net->inlab.lab, &receipt, between, &err), err);
    for (int from = 0; from < PLACES; from++) {
        for (int to = 0; to < PLACES; to++) {
            uint64_t counted = between[place_of(from) * PLACES_MAX + place_of(to)];
            if (counted != net->expected[from][to])
                (void)fprintf(stderr, "%d to %d: %d counted, not %d\n", from, to, (int)counted,
                              (int)net->expected[from][to]);
            EXPECT(counted == net->expected[from][to]);
            sum += counted;
            cuts += is_cut(world, from, to);
        }
    }
    EXPECT(receipt.packets_dropped == sum);
    EXPECT((receipt.bytes_dropped > 0) == (sum > 0));
    EXPECT(receipt.rules == (takes_switch(net) ? 1 : 2) * cuts);
    EXPECT(receipt.version == world->version);
    return 0;
}

static int check_world(struct net *net, struct world *world)
{
    static uint64_t version;
    struct err err;

    world->version = ++version;
    EXPECT_DONE(lab_apply(net->inlab.lab, world, &err), err);
    EXPECT(check_datagrams(net, world) == 0);
    return check_receipt(net, world);
}

static int check_matrix(void *context)
{
    struct net *net = context;
    struct world world;

    EXPECT(start(net) == 0);
    world_clear(&world, NODES);
    EXPECT(check_world(net, &world) == 0); /* the first packets, with no learning before */

    world_cut_between(&world, 0x3, 0x1c);
    EXPECT(check_world(net, &world) == 0);
    world_cut_between(&world, NODE(CLIENTS), 0x5); /* more, while the first goes on */
    EXPECT(check_world(net, &world) == 0);

    world_clear(&world, NODES);
    world.cut[0] = NODE(1); /* one way */
    world.cut[3] = NODE(CLIENTS);
    world.cut[CLIENTS] = NODE(4);
    EXPECT(check_world(net, &world) == 0);

    world_clear(&world, NODES);
    EXPECT(check_world(net, &world) == 0);
    for (int i = 0; i < NODES; i++) /* a ring */
        world_cut_between(&world, NODE(i), NODE((i + 2) % NODES));
    EXPECT(check_world(net, &world) == 0);

    world_clear(&world, NODES);
    world_cut_between(&world, 0x1f, 0x1f | NODE(CLIENTS));
    EXPECT(check_world(net, &world) == 0);
    world_clear(&world, NODES);
    EXPECT(check_world(net, &world) == 0);
    inlab_close(&net->inlab);
    return 0;
}

/* -- other packets ---------------------------------------------------------------------------- */

/* Neither side of a cut answers the other; a connection made before freezes and resumes. */
static int check_connections(void *context)
{
    struct net *net = context;
    struct sockaddr_storage address;
    struct world world;
    struct err err;

    EXPECT(start(net) == 0);
    world_clear(&world, NODES);
    for (int f = 0; f < 2; f++) {
        world_clear(&world, NODES);
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        for (int from = 0; from < PLACES; from += NODES) { /* n1 and the clients, to n2 */
            int fd = socket_at(net, from, families[f], SOCK_STREAM, 0);
            struct pollfd connected = {.fd = fd, .events = POLLOUT};
            struct pollfd incoming = {.fd = net->tcp[f][1], .events = POLLIN};
            socklen_t len = address_of(1, families[f], &address);

            EXPECT(connect(fd, (struct sockaddr *)&address, len) < 0 && errno == EINPROGRESS);
            EXPECT(poll(&connected, 1, PATIENCE_MS) == 1 && connected.revents == POLLOUT);
            EXPECT(poll(&incoming, 1, PATIENCE_MS) == 1);
            int accepted = accept(net->tcp[f][1], NULL, NULL);
            struct pollfd arrived = {.fd = accepted, .events = POLLIN};

            world.cut[1] = NODE(place_of(from)); /* acknowledgements are lost */
            EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
            EXPECT(write(accepted, "x", 1) == 1);
            struct pollfd answer = {.fd = fd, .events = POLLIN};
            EXPECT(poll(&answer, 1, 50) == 0);
            int late = socket_at(net, from, families[f], SOCK_STREAM, 0);
            struct pollfd never = {.fd = late, .events = POLLOUT};
            EXPECT(connect(late, (struct sockaddr *)&address, len) < 0 && errno == EINPROGRESS);
            EXPECT(poll(&never, 1, 50) == 0);

            world_clear(&world, NODES);
            EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
            EXPECT(poll(&answer, 1, PATIENCE_MS) == 1 && answer.revents == POLLIN);
            EXPECT(write(fd, "y", 1) == 1);
            EXPECT(poll(&arrived, 1, PATIENCE_MS) == 1 && arrived.revents == POLLIN);
            (void)close(late);
            (void)close(fd);
            (void)close(accepted);
        }
    }
    inlab_close(&net->inlab);
    return 0;
}

static uint16_t checksum(const struct iphdr *header)
{
    uint16_t words[10];
    uint32_t sum = 0;

    memcpy(words, header, sizeof words);
    for (int i = 0; i < 10; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* A frame from n1 with an empty packet in it, whatever addresses that claims. */
static int send_frame_to(const struct net *net, const unsigned char mac[MAC_LEN], int family,
                         const char *from, const char *to)
{
    struct ether_header ethernet = {.ether_type =
                                        htons(family == AF_INET ? ETHERTYPE_IP : ETHERTYPE_IPV6)};
    struct iphdr v4 = {.version = 4, .ihl = 5, .ttl = 9, .protocol = IPPROTO_ICMP};
    struct ip6_hdr v6 = {0};
    struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_ifindex = 2, .sll_halen = MAC_LEN};
    unsigned char frame[sizeof ethernet + sizeof v6];
    size_t size = sizeof ethernet + (family == AF_INET ? sizeof v4 : sizeof v6);

    address_mac(0, ethernet.ether_shost);
    memcpy(ethernet.ether_dhost, mac, MAC_LEN);
    memcpy(frame, &ethernet, sizeof ethernet);
    if (family == AF_INET) {
        v4.tot_len = htons(sizeof v4);
        EXPECT(inet_pton(AF_INET, from, &v4.saddr) == 1 && inet_pton(AF_INET, to, &v4.daddr) == 1);
        v4.check = checksum(&v4);
        memcpy(frame + sizeof ethernet, &v4, sizeof v4);
    } else {
        v6.ip6_vfc = 6 << 4;
        v6.ip6_hlim = 9;
        v6.ip6_nxt = IPPROTO_NONE;
        EXPECT(inet_pton(AF_INET6, from, &v6.ip6_src) == 1);
        EXPECT(inet_pton(AF_INET6, to, &v6.ip6_dst) == 1);
        memcpy(frame + sizeof ethernet, &v6, sizeof v6);
    }
    int fd = socket_at(net, 0, AF_PACKET, SOCK_RAW, 0);
    EXPECT(sendto(fd, frame, size, 0, (struct sockaddr *)&link, sizeof link) == (ssize_t)size);
    (void)close(fd);
    return 0;
}

static int send_frame(const struct net *net, int family, const char *from, const char *to)
{
    unsigned char mac[MAC_LEN];

    address_mac(1, mac);
    return send_frame_to(net, mac, family, from, to);
}

/* How many packets n2 got from n1, up to one of the lab, which must come and is sent last. Its
 * mark is a destination that no other has. */
static int count_frames(const struct net *net, int sniffer)
{
    struct pollfd ready = {.fd = sniffer, .events = POLLIN};
    unsigned char frame[2048], mac[MAC_LEN];
    const struct in_addr marked = address_v4(2);

    address_mac(0, mac);
    if (send_frame(net, AF_INET, "198.18.1.1", "198.18.1.3") != 0)
        return -1;
    for (int count = 0;;) {
        if (poll(&ready, 1, PATIENCE_MS) != 1 || recv(sniffer, frame, sizeof frame, 0) < 34)
            return -1;
        if (memcmp(frame + 6, mac, MAC_LEN) != 0)
            continue;
        if (memcmp(frame + 30, &marked, sizeof marked) == 0)
            return count;
        count++;
    }
}

/* What is addressed to n2 alone is all that comes, whatever is cut. */
static int check_floods(void *context)
{
    static const unsigned char everybody[MAC_LEN] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
                               hosts_v4[MAC_LEN] = {0x01, 0x00, 0x5e, 0x00, 0x00, 0x01},
                               hosts_v6[MAC_LEN] = {0x33, 0x33, 0x00, 0x00, 0x00, 0x01},
                               nobody[MAC_LEN] = {0x02, 0x01, 0x02, 0x03, 0x04, 0x05};
    struct net *net = context;
    struct world world;
    struct err err;

    EXPECT(start(net) == 0);
    int sniffer = socket_at(net, 1, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    EXPECT(sniffer >= 0);
    for (int round = 0; round < 3; round++) {
        const char *v4 = "198.18.1.1", *v6 = "fd6f:7264::1:1";
        world_clear(&world, NODES);
        if (round == 1)
            world_cut_between(&world, NODE(2), NODE(3));
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        EXPECT(send_frame_to(net, everybody, AF_INET, v4, "255.255.255.255") == 0);
        EXPECT(send_frame_to(net, everybody, AF_INET, v4, "198.18.1.2") == 0);
        EXPECT(send_frame_to(net, hosts_v4, AF_INET, v4, "224.0.0.1") == 0);
        EXPECT(send_frame_to(net, hosts_v6, AF_INET6, v6, "ff02::1") == 0);
        EXPECT(send_frame_to(net, nobody, AF_INET, v4, "198.18.1.2") == 0);
        EXPECT(send_frame_to(net, nobody, AF_INET6, v6, "fd6f:7264::1:2") == 0);
        EXPECT(count_frames(net, sniffer) == 0);
    }
    inlab_close(&net->inlab);
    return 0;
}

/* Root on a node may send what it likes; only unicast between lab addresses passes while anything
 * is cut, so that what cuts do not name does not pass either. The switch is as strict at all times.
 */
static int check_strange_packets(void *context)
{
    static const struct {
        int family;
        const char *from, *to;
    } strange[] = {
        {AF_INET6, "fe80::1", "fe80::2"},           {AF_INET6, "fd6f:7264::1:1", "fe80::2"},
        {AF_INET6, "fe80::1", "fd6f:7264::1:2"},    {AF_INET6, "fd6f:7264::1:1", "ff02::1"},
        {AF_INET, "169.254.0.1", "169.254.0.2"},    {AF_INET, "169.254.0.1", "198.18.1.2"},
        {AF_INET, "198.18.1.1", "198.19.255.255"},  {AF_INET, "198.18.1.1", "224.0.0.1"},
        {AF_INET, "198.18.1.1", "255.255.255.255"}, {AF_INET, "10.0.0.1", "198.18.1.2"},
    };
    struct net *net = context;
    struct world world;
    struct err err;

    EXPECT(start(net) == 0);
    int sniffer = socket_at(net, 1, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    EXPECT(sniffer >= 0);
    for (int round = takes_switch(net) ? 0 : 1; round < 3; round++) {
        world_clear(&world, NODES);
        if (round > 0)
            world_cut_between(&world, round == 1 ? NODE(2) : NODE(0), NODE(1));
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
            EXPECT(send_frame(net, strange[i].family, strange[i].from, strange[i].to) == 0);
        EXPECT(send_frame(net, AF_INET, "198.18.1.1", "198.18.1.2") == 0);
        EXPECT(send_frame(net, AF_INET6, "fd6f:7264::1:1", "fd6f:7264::1:2") == 0);
        world_clear(&world, NODES);
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        EXPECT(count_frames(net, sniffer) == (round == 2 ? 0 : 2));
    }
    inlab_close(&net->inlab);
    return 0;
}

static int filters(void)
{
    static const char *const paths[] = {"/proc/sys/net/bridge/bridge-nf-call-iptables",
                                        "/proc/sys/net/bridge/bridge-nf-call-ip6tables"};
    int count = 0;

    for (int f = 0; f < 2; f++) {
        FILE *file = fopen(paths[f], "r");
        count += file && fgetc(file) == '1';
        if (file)
            (void)fclose(file);
    }
    return count;
}

/* Nobody pays for rules that would stop nothing. */
static int check_price(void *context)
{
    struct net *net = context;
    struct world world;
    struct err err;

    EXPECT(start(net) == 0);
    EXPECT(filters() == 0);
    for (int round = 0; round < 2; round++) {
        world_clear(&world, NODES);
        world.cut[0] = NODE(1);
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        EXPECT(filters() == 2);
        world.cut[2] = NODE(CLIENTS);
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        EXPECT(filters() == 2);
        world_clear(&world, NODES);
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        EXPECT(filters() == 0);
    }
    inlab_close(&net->inlab);
    return 0;
}

static int check_no_link_local(void *context)
{
    struct net *net = context;
    char text[4096] = "";

    EXPECT(start(net) == 0);
    for (int i = 0; i < NODES; i++) {
        EXPECT(inlab_shell(&net->inlab, i, "cat /proc/net/if_inet6", text, sizeof text) == 0);
        EXPECT(strstr(text, "eth0") && !strstr(text, "fe80"));
    }
    FILE *file = fopen("/proc/self/net/if_inet6", "r");
    EXPECT(file);
    EXPECT(fread(text, 1, sizeof text - 1, file) > 0);
    (void)fclose(file);
    EXPECT(strstr(text, "lab") && !strstr(text, "fe80"));
    inlab_close(&net->inlab);
    return 0;
}

/* Packets fly both ways all the time while cuts come and go: sent = arrived + dropped. */
static int check_counting_under_change(void *context)
{
    enum { ROUNDS = 40, BURST = 25 };
    struct net *net = context;
    struct receipt receipt;
    struct world world;
    struct err err;
    uint64_t sent = 0, arrived = 0;
    char byte;

    EXPECT(start(net) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        world_clear(&world, NODES);
        world.version = (uint64_t)round + 1;
        world.cut[0] = round % 2 ? NODE(1) | NODE(2) : 0;
        world.cut[3] = round % 3 ? NODE(4) : 0;
        EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
        for (int i = 0; i < BURST; i++) {
            for (int f = 0; f < 2; f++) {
                send_datagram(net, f, 0, 1);
                send_datagram(net, f, 3, 4);
                sent += 2;
            }
        }
        for (int f = 0; f < 2; f++) {
            for (int to = 1; to < NODES; to += 3) {
                while (recv(net->udp[f][to], &byte, 1, 0) == 1)
                    arrived++;
            }
        }
    }
    int64_t deadline = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    do {
        for (int f = 0; f < 2; f++) {
            for (int to = 1; to < NODES; to += 3) {
                while (recv(net->udp[f][to], &byte, 1, 0) == 1)
                    arrived++;
            }
        }
        EXPECT_DONE(lab_receipt(net->inlab.lab, &receipt, NULL, &err), err);
    } while (arrived + receipt.packets_dropped < sent && clock_now_ns() < deadline);
    EXPECT(arrived + receipt.packets_dropped == sent);
    EXPECT(arrived > 0 && receipt.packets_dropped > 0);
    inlab_close(&net->inlab);
    return 0;
}

/* A second lab in the same controller starts from nothing. */
static int check_twice(void *context)
{
    struct net *net = context;
    struct world world;
    struct err err;

    EXPECT(start(net) == 0);
    world_clear(&world, NODES);
    world_cut_between(&world, 0x1, 0x1e);
    EXPECT_DONE(lab_apply(net->inlab.lab, &world, &err), err);
    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < PLACES; i++) {
            (void)close(net->udp[f][i]);
            (void)close(net->tcp[f][i]);
        }
    }
    inlab_close(&net->inlab);
    return check_matrix(net);
}

/* -- where it runs ---------------------------------------------------------------------------- */

enum wires { BRIDGE, BRIDGE_WITHOUT_FILTER, SWITCH, WITHOUT_RULES };

struct place {
    int (*controller)(void *context);
    enum wires wires;
};

static int run_in_lab(void *context)
{
    const struct place *place = context;
    static struct net net;
    struct err err;

    memset(&net, 0, sizeof net);
    net.options.filter_at_nodes = place->wires == BRIDGE_WITHOUT_FILTER;
    net.options.without_rules = place->wires == WITHOUT_RULES;
    net.options.needs = place->wires == SWITCH ? NEED_SWITCH : 0;
    inlab_prepare(&net.inlab);
    int status = lab_run(place->controller, &net, &err);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    inlab_clean(&net.inlab);
    return status & 0xff;
}

static void check_places(int (*controller)(void *context), enum wires wires)
{
    struct place place = {controller, wires};
    const char *why = wires < SWITCH ? inlab_no_bridge() : inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(run_in_lab(&place), 0);
    assert_int_equal(inlab_as_user(run_in_lab, &place), 0);
}

static void test_network__exactly_what_is_cut_is_dropped_and_counted(void **state)
{
    (void)state;
    check_places(check_matrix, BRIDGE);
}

static void test_network__nodes_can_filter_where_bridges_do_not(void **state)
{
    (void)state;
    check_places(check_matrix, BRIDGE_WITHOUT_FILTER);
}

static void test_network__the_switch_cuts_and_counts_as_exactly(void **state)
{
    (void)state;
    check_places(check_matrix, SWITCH);
}

static void test_network__where_there_are_no_packet_rules_the_switch_cuts(void **state)
{
    (void)state;
    check_places(check_matrix, WITHOUT_RULES);
}

static void test_network__connections_freeze_and_resume(void **state)
{
    (void)state;
    check_places(check_connections, BRIDGE);
    check_places(check_connections, SWITCH);
}

static void test_network__nothing_is_flooded(void **state)
{
    (void)state;
    check_places(check_floods, BRIDGE);
    check_places(check_floods, SWITCH);
}

static void test_network__rules_are_asked_only_while_something_is_cut(void **state)
{
    (void)state;
    check_places(check_price, BRIDGE);
}

static void test_network__only_unicast_of_the_lab_passes_a_cut(void **state)
{
    (void)state;
    check_places(check_strange_packets, BRIDGE);
    check_places(check_strange_packets, SWITCH);
}

static void test_network__no_interface_has_a_link_local_address(void **state)
{
    (void)state;
    check_places(check_no_link_local, BRIDGE);
}

static void test_network__no_packet_is_lost_from_the_count(void **state)
{
    (void)state;
    check_places(check_counting_under_change, BRIDGE);
    check_places(check_counting_under_change, SWITCH);
}

static void test_network__a_second_lab_starts_from_nothing(void **state)
{
    (void)state;
    check_places(check_twice, BRIDGE);
    check_places(check_twice, SWITCH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network__exactly_what_is_cut_is_dropped_and_counted),
        cmocka_unit_test(test_network__nodes_can_filter_where_bridges_do_not),
        cmocka_unit_test(test_network__the_switch_cuts_and_counts_as_exactly),
        cmocka_unit_test(test_network__where_there_are_no_packet_rules_the_switch_cuts),
        cmocka_unit_test(test_network__connections_freeze_and_resume),
        cmocka_unit_test(test_network__nothing_is_flooded),
        cmocka_unit_test(test_network__rules_are_asked_only_while_something_is_cut),
        cmocka_unit_test(test_network__only_unicast_of_the_lab_passes_a_cut),
        cmocka_unit_test(test_network__no_interface_has_a_link_local_address),
        cmocka_unit_test(test_network__no_packet_is_lost_from_the_count),
        cmocka_unit_test(test_network__a_second_lab_starts_from_nothing),
    };
    return cmocka_run_group_tests_name("lab/network", tests, NULL, NULL);
}
