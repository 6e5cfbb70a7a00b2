/* SPDX-License-Identifier: GPL-2.0-or-later */
/* address.h - who has which address: every place of the lab, derived from its number.
 *
 * A place is a node's index or CLIENTS, the controller. 198.18.0.0/15 is set aside for benchmarks
 * (RFC 2544), so it shadows nothing that a user could want to reach; fd6f:7264::/64 is private.
 */
#ifndef ORDEAL_LAB_ADDRESS_H
#define ORDEAL_LAB_ADDRESS_H

#include "../world.h"

#include <netinet/in.h>

enum { MAC_LEN = 6, LAB_PREFIX_V4 = 15, LAB_PREFIX_V6 = 64 };

/* Addresses of both families that a packet rule can match. */
struct range {
    struct in_addr v4;
    struct in6_addr v6;
    int prefix_v4, prefix_v6; /* bits that count */
};

struct in_addr address_v4(int place);
struct in6_addr address_v6(int place);
void address_mac(int place, unsigned char mac[MAC_LEN]);

struct range address_of_place(int place);
struct range address_of_nodes(void); /* all that there can be */
struct range address_of_lab(void);   /* and the controller's */

#endif
