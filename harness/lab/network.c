/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "network.h"

#include "netlink.h"
#include "process.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Numbers of links are ours to choose, so that nobody has to ask for them. */
enum { BRIDGE_LINK = 2, PORT_LINK = 100, PLACE_LINK = 2 };

#define V6_DEFAULTS "/proc/sys/net/ipv6/conf/default/"

/* Send what `batch` has over a socket of its own. */
static int send_once(struct netlink_batch *batch, struct err *err)
{
    int fd = netlink_open(err);
    if (fd < 0)
        return -1;
    int result = netlink_send(fd, batch, err);
    (void)close(fd);
    return result;
}

/* Links made from now on in this namespace speak IPv6, without link-local addresses. */
static int prepare_v6(struct err *err)
{
    if (process_write_file(V6_DEFAULTS "disable_ipv6", "0") < 0 ||
        process_write_file(V6_DEFAULTS "addr_gen_mode", "1") < 0)
        return err_errno(err, errno, "cannot write below '" V6_DEFAULTS "'");
    return 0;
}

/* Send what `batch` has, which gives `place` its addresses, and wait until they work. */
static int send_address(struct netlink_batch *batch, int place, bool ipv6, struct err *err)
{
    if (!ipv6)
        return send_once(batch, err);
    int news = netlink_listen(NEWS_OF_ROUTES_V6, err);
    if (news < 0)
        return -1;
    int result = send_once(batch, err);
    if (result == 0)
        result = netlink_await_address_v6(news, place, err);
    (void)close(news);
    return result;
}

static int await_link(int link, struct err *err)
{
    int news = netlink_listen(NEWS_OF_LINKS, err);
    if (news < 0)
        return -1;
    int result = netlink_await_link(news, link, err);
    (void)close(news);
    return result;
}

static int make_bridge(bool ipv6, struct err *err)
{
    struct netlink_batch batch;
    unsigned char mac[MAC_LEN];

    address_mac(CLIENTS, mac);
    netlink_begin(&batch);
    netlink_add_up(&batch, LINK_LOOPBACK);
    netlink_add_bridge(&batch, BRIDGE_LINK, "lab", mac);
    netlink_add_up(&batch, BRIDGE_LINK);
    netlink_add_address(&batch, BRIDGE_LINK, AF_INET, CLIENTS);
    if (ipv6)
        netlink_add_address(&batch, BRIDGE_LINK, AF_INET6, CLIENTS);
    return send_address(&batch, CLIENTS, ipv6, err);
}

/* Only an earlier lab of the same controller leaves any. */
static void delete_leftovers(void)
{
    struct netlink_batch batch;
    struct err err;

    netlink_begin(&batch);
    for (int index = 0; index < NODES_MAX; index++)
        netlink_add_deletion(&batch, PORT_LINK + index);
    netlink_add_deletion(&batch, BRIDGE_LINK);
    (void)!send_once(&batch, &err); /* most are not there */
}

static int open_families(bool *ipv6, struct err *err)
{
    *ipv6 = access(V6_DEFAULTS "addr_gen_mode", F_OK) == 0;
    return *ipv6 ? prepare_v6(err) : 0;
}

int network_open(bool *ipv6, struct err *err)
{
    if (open_families(ipv6, err) < 0)
        return -1;
    if (make_bridge(*ipv6, err) == 0)
        return 0;
    if (err->code != EEXIST)
        return -1;
    delete_leftovers();
    return make_bridge(*ipv6, err);
}

int network_open_switched(bool *ipv6, struct err *err)
{
    delete_leftovers();
    return open_families(ipv6, err);
}

int network_silence(struct err *err)
{
    if (access(V6_DEFAULTS "disable_ipv6", F_OK) == 0 &&
        process_write_file(V6_DEFAULTS "disable_ipv6", "1") < 0)
        return err_errno(err, errno, "cannot write below '" V6_DEFAULTS "'");
    return 0;
}

static void add_neighbour(struct netlink_batch *batch, int link, int place, bool ipv6)
{
    netlink_add_neighbour(batch, link, AF_INET, place);
    if (ipv6)
        netlink_add_neighbour(batch, link, AF_INET6, place);
}

int network_attach(int index, pid_t pid, bool ipv6, struct err *err)
{
    struct veth veth = {PORT_LINK + index, NULL, BRIDGE_LINK, PLACE_LINK, "eth0", {0}, pid};
    struct netlink_batch batch;
    char name[16];

    (void)snprintf(name, sizeof name, "node%d", index + 1);
    veth.name = name;
    address_mac(index, veth.mac);
    netlink_begin(&batch);
    netlink_add_veth(&batch, &veth);
    netlink_add_port(&batch, PORT_LINK + index);
    netlink_add_forwarding(&batch, PORT_LINK + index, index);
    add_neighbour(&batch, BRIDGE_LINK, index, ipv6);
    return send_once(&batch, err);
}

int network_attach_switched(int place, pid_t pid, struct err *err)
{
    bool clients = place == CLIENTS;
    struct veth veth = {PORT_LINK + place, NULL, 0, PLACE_LINK, clients ? "lab" : "eth0", {0}, pid};
    struct netlink_batch batch;
    char name[16];

    (void)snprintf(name, sizeof name, "node%d", place + 1);
    veth.name = clients ? "clients" : name;
    address_mac(place, veth.mac);
    netlink_begin(&batch);
    netlink_add_veth(&batch, &veth);
    return send_once(&batch, err);
}

/* Nothing is left to a network card that is not there: segments and checksums are made before. */
static int refuse_offloads(const char *name, struct err *err)
{
    static const uint32_t offloads[] = {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_STXCSUM, ETHTOOL_SSG};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return err_errno(err, errno, "cannot open a socket");
    for (size_t i = 0; i < sizeof offloads / sizeof offloads[0]; i++) {
        struct ethtool_value off = {.cmd = offloads[i]};
        struct ifreq request = {.ifr_data = (void *)&off};
        (void)snprintf(request.ifr_name, sizeof request.ifr_name, "%s", name);
        if (ioctl(fd, SIOCETHTOOL, &request) < 0) {
            int code = errno;
            (void)close(fd);
            return err_errno(err, code, "cannot switch a link's offloads off");
        }
    }
    (void)close(fd);
    return 0;
}

int network_join(int place, int node_count, bool ipv6, bool switched, struct err *err)
{
    struct netlink_batch batch;

    if (switched && refuse_offloads(place == CLIENTS ? "lab" : "eth0", err) < 0)
        return -1;
    netlink_begin(&batch);
    netlink_add_up(&batch, LINK_LOOPBACK);
    if (ipv6)
        netlink_add_no_link_local(&batch, PLACE_LINK);
    netlink_add_up(&batch, PLACE_LINK);
    netlink_add_address(&batch, PLACE_LINK, AF_INET, place);
    if (ipv6)
        netlink_add_address(&batch, PLACE_LINK, AF_INET6, place);
    if (place != CLIENTS)
        add_neighbour(&batch, PLACE_LINK, CLIENTS, ipv6);
    for (int other = 0; other < node_count; other++) {
        if (other != place)
            add_neighbour(&batch, PLACE_LINK, other, ipv6);
    }
    return send_address(&batch, place, ipv6, err) < 0 ? -1 : await_link(PLACE_LINK, err);
}

int network_await(int index, struct err *err)
{
    /* the bridge itself comes up with its first port */
    return await_link(PORT_LINK + index, err) < 0 ? -1 : await_link(BRIDGE_LINK, err);
}

int network_port(int place)
{
    return PORT_LINK + place;
}

int network_await_port(int place, struct err *err)
{
    return await_link(PORT_LINK + place, err);
}
