/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <arpa/inet.h>

#define LAB_V4 UINT32_C(0xc6120000)   /* 198.18.0.0 */
#define NODES_V4 UINT32_C(0xc6120100) /* 198.18.1.0: up to NODES_MAX nodes from .1 */
#define CLIENTS_V4 UINT32_C(0xc6120001)

enum { NODES_PREFIX_V4 = 26, NODES_PREFIX_V6 = 112 };

static const struct in6_addr lab_v6 = {{{0xfd, 0x6f, 0x72, 0x64}}};

struct in_addr address_v4(int place)
{
    uint32_t host = place == CLIENTS ? CLIENTS_V4 : NODES_V4 + (uint32_t)place + 1;

    return (struct in_addr){htonl(host)};
}

/* fd6f:7264::1 and fd6f:7264::1:(index + 1) */
struct in6_addr address_v6(int place)
{
    struct in6_addr address = lab_v6;

    if (place != CLIENTS)
        address.s6_addr[13] = 1;
    address.s6_addr[15] = place == CLIENTS ? 1 : (uint8_t)(place + 1);
    return address;
}

/* Locally administered; "ord" and the place. */
void address_mac(int place, unsigned char mac[MAC_LEN])
{
    const unsigned char bytes[MAC_LEN] = {0x02, 'o', 'r', 'd', 0, (unsigned char)(place + 1)};

    for (int i = 0; i < MAC_LEN; i++)
        mac[i] = bytes[i];
}

struct range address_of_place(int place)
{
    return (struct range){address_v4(place), address_v6(place), 32, 128};
}

struct range address_of_nodes(void)
{
    struct range nodes = {{htonl(NODES_V4)}, lab_v6, NODES_PREFIX_V4, NODES_PREFIX_V6};

    nodes.v6.s6_addr[13] = 1;
    return nodes;
}

struct range address_of_lab(void)
{
    return (struct range){{htonl(LAB_V4)}, lab_v6, LAB_PREFIX_V4, LAB_PREFIX_V6};
}
