/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "netlink.h"

#include <assert.h>
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_ether.h>
#include <linux/neighbour.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <linux/if.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(struct err *err)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

    return fd < 0 ? err_errno(err, errno, "cannot open a netlink socket") : fd;
}

/* -- messages --------------------------------------------------------------------------------- */

void netlink_begin(struct netlink_batch *batch)
{
    batch->len = 0;
    batch->count = 0;
    batch->first = 1;
}

static struct nlmsghdr *message(struct netlink_batch *batch)
{
    return (struct nlmsghdr *)(void *)(batch->bytes + batch->last);
}

/* Room at the end, zeroed; the batch's callers all have bounded needs. */
static void *extend(struct netlink_batch *batch, size_t size)
{
    size_t aligned = NLMSG_ALIGN(size);
    void *at = batch->bytes + batch->len;

    assert(batch->len + aligned <= sizeof batch->bytes);
    memset(at, 0, aligned);
    batch->len += aligned;
    message(batch)->nlmsg_len = (uint32_t)(batch->len - batch->last);
    return at;
}

static void begin(struct netlink_batch *batch, const char *what, int type, int flags,
                  const void *header, size_t size)
{
    assert(batch->count < (int)(sizeof batch->what / sizeof batch->what[0]));
    batch->last = batch->len;
    struct nlmsghdr *head = extend(batch, sizeof *head);
    head->nlmsg_type = (uint16_t)type;
    head->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    head->nlmsg_seq = batch->first + (uint32_t)batch->count;
    batch->what[batch->count++] = what;
    memcpy(extend(batch, size), header, size);
}

static size_t attribute(struct netlink_batch *batch, int type, const void *value, size_t size)
{
    size_t at = batch->len;
    struct rtattr *head = extend(batch, RTA_LENGTH(size));

    head->rta_type = (uint16_t)type;
    head->rta_len = (uint16_t)RTA_LENGTH(size);
    if (size > 0)
        memcpy(RTA_DATA(head), value, size);
    return at;
}

static void attribute_text(struct netlink_batch *batch, int type, const char *text)
{
    (void)attribute(batch, type, text, strlen(text) + 1);
}

static size_t nest(struct netlink_batch *batch, int type)
{
    return attribute(batch, type, NULL, 0);
}

static void unnest(struct netlink_batch *batch, size_t at)
{
    ((struct rtattr *)(void *)(batch->bytes + at))->rta_len = (uint16_t)(batch->len - at);
}

/* -- changes ---------------------------------------------------------------------------------- */

enum { CREATE = NLM_F_CREATE | NLM_F_EXCL };

void netlink_add_bridge(struct netlink_batch *batch, int link, const char *name,
                        const unsigned char mac[MAC_LEN])
{
    const struct ifinfomsg header = {.ifi_index = link};
    const uint8_t off = 0;

    begin(batch, "make the bridge", RTM_NEWLINK, CREATE, &header, sizeof header);
    attribute_text(batch, IFLA_IFNAME, name);
    (void)attribute(batch, IFLA_ADDRESS, mac, MAC_LEN);
    size_t info = nest(batch, IFLA_LINKINFO);
    attribute_text(batch, IFLA_INFO_KIND, "bridge");
    size_t data = nest(batch, IFLA_INFO_DATA);
    (void)attribute(batch, IFLA_BR_MCAST_SNOOPING, &off, sizeof off);
    unnest(batch, data);
    unnest(batch, info);
}

void netlink_add_veth(struct netlink_batch *batch, const struct veth *veth)
{
    const struct ifinfomsg header = {
        .ifi_index = veth->link, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    /* up here fails: it is not paired yet */
    const struct ifinfomsg down = {.ifi_index = veth->peer};
    const uint32_t of_process = (uint32_t)veth->pid;

    begin(batch, "make its link", RTM_NEWLINK, CREATE, &header, sizeof header);
    attribute_text(batch, IFLA_IFNAME, veth->name);
    if (veth->bridge)
        (void)attribute(batch, IFLA_MASTER, &veth->bridge, sizeof veth->bridge);
    size_t info = nest(batch, IFLA_LINKINFO);
    attribute_text(batch, IFLA_INFO_KIND, "veth");
    size_t data = nest(batch, IFLA_INFO_DATA);
    size_t other = attribute(batch, VETH_INFO_PEER, &down, sizeof down);
    attribute_text(batch, IFLA_IFNAME, veth->peer_name);
    (void)attribute(batch, IFLA_ADDRESS, veth->mac, MAC_LEN);
    (void)attribute(batch, IFLA_NET_NS_PID, &of_process, sizeof of_process);
    unnest(batch, other);
    unnest(batch, data);
    unnest(batch, info);
}

void netlink_add_port(struct netlink_batch *batch, int port)
{
    static const int habits[] = {IFLA_BRPORT_LEARNING, IFLA_BRPORT_UNICAST_FLOOD,
                                 IFLA_BRPORT_MCAST_FLOOD, IFLA_BRPORT_BCAST_FLOOD};
    const struct ifinfomsg header = {.ifi_family = AF_BRIDGE, .ifi_index = port};
    const uint8_t off = 0;

    begin(batch, "make a quiet port of its link", RTM_SETLINK, 0, &header, sizeof header);
    size_t info = nest(batch, IFLA_PROTINFO | NLA_F_NESTED);
    for (size_t i = 0; i < sizeof habits / sizeof habits[0]; i++)
        (void)attribute(batch, habits[i], &off, sizeof off);
    unnest(batch, info);
}

void netlink_add_up(struct netlink_batch *batch, int link)
{
    const struct ifinfomsg header = {.ifi_index = link, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

    begin(batch, "bring a link up", RTM_NEWLINK, 0, &header, sizeof header);
}

void netlink_add_deletion(struct netlink_batch *batch, int link)
{
    const struct ifinfomsg header = {.ifi_index = link};

    begin(batch, "delete a link", RTM_DELLINK, 0, &header, sizeof header);
}

void netlink_add_no_link_local(struct netlink_batch *batch, int link)
{
    const struct ifinfomsg header = {.ifi_index = link};
    const uint8_t none = IN6_ADDR_GEN_MODE_NONE;

    begin(batch, "switch link-local addresses off", RTM_NEWLINK, 0, &header, sizeof header);
    size_t families = nest(batch, IFLA_AF_SPEC);
    size_t v6 = nest(batch, AF_INET6);
    (void)attribute(batch, IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
    unnest(batch, v6);
    unnest(batch, families);
}

void netlink_add_program(struct netlink_batch *batch, int link, int program)
{
    struct tcmsg header = {
        .tcm_ifindex = link, .tcm_parent = TC_H_CLSACT, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0)};
    const uint32_t of_program = (uint32_t)program, decides = TCA_BPF_FLAG_ACT_DIRECT;

    begin(batch, "have a link show its packets", RTM_NEWQDISC, CREATE, &header, sizeof header);
    attribute_text(batch, TCA_KIND, "clsact");
    header = (struct tcmsg){.tcm_ifindex = link,
                            .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
                            .tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL))};
    begin(batch, "show a link's packets to a program", RTM_NEWTFILTER, CREATE, &header,
          sizeof header);
    attribute_text(batch, TCA_KIND, "bpf");
    size_t options = nest(batch, TCA_OPTIONS);
    (void)attribute(batch, TCA_BPF_FD, &of_program, sizeof of_program);
    (void)attribute(batch, TCA_BPF_FLAGS, &decides, sizeof decides);
    unnest(batch, options);
}

static void attribute_place(struct netlink_batch *batch, int type, int family, int place)
{
    const struct in_addr v4 = address_v4(place);
    const struct in6_addr v6 = address_v6(place);

    if (family == AF_INET)
        (void)attribute(batch, type, &v4, sizeof v4);
    else
        (void)attribute(batch, type, &v6, sizeof v6);
}

void netlink_add_address(struct netlink_batch *batch, int link, int family, int place)
{
    const struct ifaddrmsg header = {
        .ifa_family = (uint8_t)family,
        .ifa_prefixlen = family == AF_INET ? LAB_PREFIX_V4 : LAB_PREFIX_V6,
        .ifa_index = (uint32_t)link,
        .ifa_flags = IFA_F_NODAD, /* usable at once */
    };

    begin(batch, "give it an address", RTM_NEWADDR, CREATE, &header, sizeof header);
    attribute_place(batch, IFA_LOCAL, family, place);
    attribute_place(batch, IFA_ADDRESS, family, place);
}

static void add_neighbour(struct netlink_batch *batch, const struct ndmsg *header, int place)
{
    unsigned char mac[MAC_LEN];

    begin(batch, "say where a neighbour is", RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header,
          sizeof *header);
    if (header->ndm_family != AF_BRIDGE)
        attribute_place(batch, NDA_DST, header->ndm_family, place);
    address_mac(place, mac);
    (void)attribute(batch, NDA_LLADDR, mac, sizeof mac);
}

void netlink_add_neighbour(struct netlink_batch *batch, int link, int family, int place)
{
    const struct ndmsg header = {
        .ndm_family = (uint8_t)family, .ndm_ifindex = link, .ndm_state = NUD_PERMANENT};

    add_neighbour(batch, &header, place);
}

void netlink_add_forwarding(struct netlink_batch *batch, int port, int place)
{
    const struct ndmsg header = {.ndm_family = AF_BRIDGE,
                                 .ndm_ifindex = port,
                                 .ndm_state = NUD_NOARP,
                                 .ndm_flags = NTF_MASTER};

    add_neighbour(batch, &header, place);
}

/* -- the wire --------------------------------------------------------------------------------- */

enum answer { ANSWER_ERROR = -1, ANSWER_DONE, ANSWER_OTHER };

static enum answer read_answer(const struct nlmsghdr *head, const struct netlink_batch *batch,
                               struct err *err)
{
    uint32_t number = head->nlmsg_seq - batch->first;

    if (head->nlmsg_type != NLMSG_ERROR || number >= (uint32_t)batch->count)
        return ANSWER_OTHER;
    const struct nlmsgerr *answer = (const void *)((const char *)head + NLMSG_HDRLEN);
    if (answer->error != 0) {
        (void)err_errno(err, -answer->error, "cannot %s", batch->what[number]);
        return ANSWER_ERROR;
    }
    return number == (uint32_t)batch->count - 1 ? ANSWER_DONE : ANSWER_OTHER;
}

/* The kernel answers each failed message, and the last in any case, in order. */
static int read_answers(int fd, const struct netlink_batch *batch, struct err *err)
{
    _Alignas(8) char bytes[16384];

    for (;;) {
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, errno, "cannot hear from the kernel's network");
        size_t at = 0;
        while (at + sizeof(struct nlmsghdr) <= (size_t)got) {
            const struct nlmsghdr *head = (const void *)(bytes + at);
            enum answer answer = read_answer(head, batch, err);
            if (answer != ANSWER_OTHER)
                return answer;
            at += NLMSG_ALIGN(head->nlmsg_len);
        }
    }
}

int netlink_send(int fd, struct netlink_batch *batch, struct err *err)
{
    if (batch->count == 0)
        return 0;
    message(batch)->nlmsg_flags |= NLM_F_ACK;
    if (send(fd, batch->bytes, batch->len, 0) < 0)
        return err_errno(err, errno, "cannot speak to the kernel's network");
    int result = read_answers(fd, batch, err);
    batch->first += (uint32_t)batch->count;
    batch->count = 0;
    batch->len = 0;
    return result;
}

/* -- news ------------------------------------------------------------------------------------- */

enum { NEWS_TIMEOUT_MS = 5000 };

_Static_assert(NEWS_OF_LINKS == RTMGRP_LINK, "as the kernel has it");
_Static_assert(NEWS_OF_ROUTES_V6 == RTMGRP_IPV6_ROUTE, "as the kernel has it");

int netlink_listen(enum netlink_news news, struct err *err)
{
    const struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = news};
    int fd = netlink_open(err);

    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int code = errno;
    (void)close(fd);
    return err_errno(err, code, "cannot listen to the kernel's network");
}

/* The value of attribute `type`, at least `size` bytes long, behind a header of `header` bytes. */
static const void *find_attribute(const struct nlmsghdr *head, size_t header, int type, size_t size)
{
    size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(header);

    while (at + sizeof(struct rtattr) <= head->nlmsg_len) {
        const struct rtattr *it = (const void *)((const char *)head + at);
        if (it->rta_type == type && it->rta_len >= RTA_LENGTH(size))
            return (const char *)it + RTA_LENGTH(0);
        at += RTA_ALIGN(it->rta_len);
    }
    return NULL;
}

/* Until a message is as hoped for. */
static int await(int fd, bool (*is_it)(const struct nlmsghdr *head, int number), int number,
                 const char *what, struct err *err)
{
    _Alignas(8) char bytes[16384];
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    while (poll(&ready, 1, NEWS_TIMEOUT_MS) != 0) {
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        size_t at = 0;
        while (got > 0 && at + sizeof(struct nlmsghdr) <= (size_t)got) {
            const struct nlmsghdr *head = (const void *)(bytes + at);
            if (is_it(head, number))
                return 0;
            at += NLMSG_ALIGN(head->nlmsg_len);
        }
    }
    return err_set(err, ETIMEDOUT, "its %s was not ready after %d ms", what, NEWS_TIMEOUT_MS);
}

static bool is_link_up(const struct nlmsghdr *head, int link)
{
    const struct ifinfomsg *info = (const void *)((const char *)head + NLMSG_HDRLEN);

    if (head->nlmsg_type != RTM_NEWLINK || info->ifi_index != link)
        return false;
    const unsigned char *state = find_attribute(head, sizeof *info, IFLA_OPERSTATE, 1);
    return state && *state == IF_OPER_UP;
}

int netlink_await_link(int fd, int link, struct err *err)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
    } question = {.head = {.nlmsg_len = sizeof question,
                           .nlmsg_type = RTM_GETLINK,
                           .nlmsg_flags = NLM_F_REQUEST},
                  .info = {.ifi_index = link}};

    /* it may be up already; to ask makes newer kernels see to it */
    if (send(fd, &question, sizeof question, 0) < 0)
        return err_errno(err, errno, "cannot ask for a link");
    return await(fd, is_link_up, link, "link", err);
}

static bool is_local_route(const struct nlmsghdr *head, int place)
{
    const struct rtmsg *route = (const void *)((const char *)head + NLMSG_HDRLEN);
    const struct in6_addr address = address_v6(place);

    if (head->nlmsg_type != RTM_NEWROUTE || route->rtm_type != RTN_LOCAL)
        return false;
    const void *to = find_attribute(head, sizeof *route, RTA_DST, sizeof address);
    return to && memcmp(to, &address, sizeof address) == 0;
}

int netlink_await_address_v6(int fd, int place, struct err *err)
{
    return await(fd, is_local_route, place, "IPv6 address", err);
}
