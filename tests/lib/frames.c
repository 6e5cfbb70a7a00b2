/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frames.h"

#include "../../harness/lab/address.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>

/* The sum of RFC 1071, word by word. */
static uint32_t sum_of(const unsigned char *at, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum += i % 2 ? at[i] : (uint32_t)at[i] << 8;
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum > 0xffff)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)sum;
}

/* Of pseudo header, header and data; 0xffff if the checksum in it is right. */
static uint16_t transport_sum(const struct frame *frame)
{
    const unsigned char *ip = frame->bytes + frame->network;
    size_t len = frame->end - frame->transport;
    uint32_t sum = sum_of(frame->bytes + frame->transport, len);

    sum += frame->version == 4 ? sum_of(ip + 12, 8) : sum_of(ip + 8, 32);
    return fold(sum + (uint32_t)len + (uint32_t)frame->protocol);
}

bool frames_checks_out(unsigned char *bytes, size_t len)
{
    struct frame frame;

    if (!frame_parse(&frame, bytes, len))
        return false;
    if (frame.version == 4 &&
        fold(sum_of(bytes + frame.network, frame.transport - frame.network)) != 0xffff)
        return false;
    return transport_sum(&frame) == 0xffff;
}

static size_t put_ip(const struct frame_recipe *recipe, unsigned char *at, size_t carried)
{
    if (recipe->version == 4) {
        struct iphdr ip = {.version = 4,
                           .ihl = 5,
                           .ttl = 64,
                           .protocol = (uint8_t)recipe->protocol,
                           .saddr = address_v4(recipe->from).s_addr,
                           .daddr = address_v4(recipe->to).s_addr};
        ip.tot_len = htons((uint16_t)(sizeof ip + carried));
        memcpy(at, &ip, sizeof ip);
        ip.check = htons((uint16_t)~fold(sum_of(at, sizeof ip)));
        memcpy(at, &ip, sizeof ip);
        return sizeof ip;
    }
    struct ip6_hdr ip = {.ip6_src = address_v6(recipe->from), .ip6_dst = address_v6(recipe->to)};
    ip.ip6_vfc = 6 << 4;
    ip.ip6_hlim = 64;
    ip.ip6_nxt = (uint8_t)recipe->protocol;
    ip.ip6_plen = htons((uint16_t)carried);
    memcpy(at, &ip, sizeof ip);
    return sizeof ip;
}

size_t frames_make(const struct frame_recipe *recipe, unsigned char *bytes)
{
    bool tcp = recipe->protocol == IPPROTO_TCP;
    size_t data = recipe->data ? strlen(recipe->data) : 0;
    size_t header = tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
    struct ether_header ethernet = {
        .ether_type = htons(recipe->version == 4 ? ETHERTYPE_IP : ETHERTYPE_IPV6)};
    struct tcphdr segment = {.th_seq = htonl(recipe->sequence),
                             .th_ack = htonl(recipe->acknowledges),
                             .th_off = 5,
                             .th_flags = recipe->flags};
    struct udphdr datagram = {.len = htons((uint16_t)(header + data))};
    struct frame frame;

    address_mac(recipe->from, ethernet.ether_shost);
    address_mac(recipe->to, ethernet.ether_dhost);
    memcpy(bytes, &ethernet, sizeof ethernet);
    size_t at = sizeof ethernet + put_ip(recipe, bytes + sizeof ethernet, header + data);
    segment.th_sport = datagram.source = htons((uint16_t)recipe->from_port);
    segment.th_dport = datagram.dest = htons((uint16_t)recipe->to_port);
    if (tcp)
        memcpy(bytes + at, &segment, sizeof segment);
    else
        memcpy(bytes + at, &datagram, sizeof datagram);
    if (data > 0)
        memcpy(bytes + at + header, recipe->data, data);
    size_t len = at + header + data;
    if (!frame_parse(&frame, bytes, len))
        return 0;
    uint16_t check = htons((uint16_t)~transport_sum(&frame));
    memcpy(bytes + at + (tcp ? 16 : 6), &check, sizeof check);
    return len;
}
