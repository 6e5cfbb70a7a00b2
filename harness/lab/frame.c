/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "frame.h"

#include "address.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

enum {
    V4_MIN = 20,
    V6_LEN = 40,
    TCP_MIN = 20,
    UDP_LEN = 8,
    TCP_FLAGS = 13,
    TCP_CHECK = 16,
    UDP_CHECK = 6,
    EXTENSIONS_MAX = 8
};

static uint16_t get16(const unsigned char *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const unsigned char *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static void put16(unsigned char *at, uint16_t value)
{
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static void put32(unsigned char *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

/* -- reading ---------------------------------------------------------------------------------- */

static bool parse_v4(struct frame *frame)
{
    const unsigned char *ip = frame->bytes + frame->network;
    size_t left = frame->len - frame->network;

    if (left < V4_MIN || ip[0] >> 4 != 4)
        return false;
    size_t header = (size_t)(ip[0] & 15) * 4, total = get16(ip + 2);
    if (header < V4_MIN || total < header || total > left)
        return false;
    frame->transport = frame->network + header;
    frame->end = frame->network + total;
    frame->protocol = get16(ip + 6) & 0x1fff ? -1 : ip[9];
    return true;
}

/* Extension headers that are skipped: the next one's protocol and the length of this one. */
static bool skip_extension(int *protocol, const unsigned char *at, size_t left, size_t *len)
{
    if (left < 8)
        return false;
    switch (*protocol) {
    case IPPROTO_HOPOPTS:
    case IPPROTO_ROUTING:
    case IPPROTO_DSTOPTS:
        *len = ((size_t)at[1] + 1) * 8;
        break;
    case IPPROTO_FRAGMENT:
        *len = 8;
        break;
    default:
        return false;
    }
    if (*len > left)
        return false;
    bool later = *protocol == IPPROTO_FRAGMENT && get16(at + 2) >> 3 != 0;
    *protocol = later ? -1 : at[0];
    return true;
}

static bool parse_v6(struct frame *frame)
{
    const unsigned char *ip = frame->bytes + frame->network;
    size_t left = frame->len - frame->network, len;

    if (left < V6_LEN || ip[0] >> 4 != 6 || get16(ip + 4) > left - V6_LEN)
        return false;
    frame->transport = frame->network + V6_LEN;
    frame->end = frame->transport + get16(ip + 4);
    frame->protocol = ip[6];
    for (int i = 0; i < EXTENSIONS_MAX; i++) {
        if (!skip_extension(&frame->protocol, frame->bytes + frame->transport,
                            frame->end - frame->transport, &len))
            break;
        frame->transport += len;
    }
    return true;
}

static void parse_transport(struct frame *frame)
{
    const unsigned char *at = frame->bytes + frame->transport;
    size_t left = frame->end - frame->transport, header = 0;

    if (frame->protocol == IPPROTO_TCP && left >= TCP_MIN)
        header = (size_t)(at[12] >> 4) * 4;
    else if (frame->protocol == IPPROTO_UDP && left >= UDP_LEN)
        header = UDP_LEN;
    if (header < UDP_LEN || header > left || (frame->protocol == IPPROTO_TCP && header < TCP_MIN))
        return;
    frame->payload = frame->transport + header;
    frame->from_port = get16(at);
    frame->to_port = get16(at + 2);
}

bool frame_parse(struct frame *frame, unsigned char *bytes, size_t len)
{
    *frame = (struct frame){
        .bytes = bytes, .len = len, .network = ETH_HLEN, .from_port = -1, .to_port = -1};
    if (len < ETH_HLEN)
        return false;
    bool v6 = get16(bytes + 12) == ETH_P_IPV6;
    if (!v6 && get16(bytes + 12) != ETH_P_IP)
        return false;
    frame->version = v6 ? 6 : 4;
    if (!(v6 ? parse_v6(frame) : parse_v4(frame)))
        return false;
    frame->payload = frame->end;
    parse_transport(frame);
    return true;
}

int frame_destination(const unsigned char *bytes, size_t len)
{
    unsigned char mac[MAC_LEN];

    if (len < ETH_HLEN || bytes[5] == 0 || bytes[5] > PLACES_MAX)
        return -1;
    int place = bytes[5] - 1;
    address_mac(place, mac);
    return memcmp(bytes, mac, MAC_LEN) == 0 ? place : -1;
}

static bool same_bits(const void *left, const void *right, int bits)
{
    const unsigned char *a = left, *b = right;
    int rest = bits % 8;

    if (memcmp(a, b, (size_t)bits / 8) != 0)
        return false;
    return rest == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - rest) == 0;
}

bool frame_belongs(const struct frame *frame, int from, int to)
{
    bool between = from != CLIENTS && to != CLIENTS;
    const struct range range = between ? address_of_nodes() : address_of_lab();
    const unsigned char *ip = frame->bytes + frame->network;

    if (frame->version == 4)
        return same_bits(ip + 12, &range.v4, range.prefix_v4) &&
               same_bits(ip + 16, &range.v4, range.prefix_v4);
    return same_bits(ip + 8, &range.v6, range.prefix_v6) &&
           same_bits(ip + 24, &range.v6, range.prefix_v6);
}

bool frame_has_port(const struct frame *frame, int64_t port)
{
    return frame->from_port == port || frame->to_port == port;
}

/* -- damaging --------------------------------------------------------------------------------- */

/* Where the checksum of TCP or UDP is; 0 if there is none. */
static size_t find_checksum(const struct frame *frame)
{
    if (frame->from_port < 0)
        return 0;
    size_t at = frame->transport + (frame->protocol == IPPROTO_TCP ? TCP_CHECK : UDP_CHECK);
    bool unused = frame->protocol == IPPROTO_UDP && get16(frame->bytes + at) == 0;
    return unused ? 0 : at;
}

/* RFC 1624, equation 3: the checksum after a word it covers has changed. */
static void repair(struct frame *frame, size_t check, uint16_t before, uint16_t after)
{
    unsigned char *at = frame->bytes + check;
    uint32_t sum = (uint16_t)~get16(at) + (uint32_t)(uint16_t)~before + after;

    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    uint16_t fixed = (uint16_t)~sum;
    if (fixed == 0 && frame->protocol == IPPROTO_UDP)
        fixed = 0xffff; /* zero would say that there is none */
    put16(at, fixed);
}

/* As a checksum reads it: an odd last byte is a high one. */
static uint16_t get_word(const struct frame *frame, size_t at)
{
    if (at + 1 < frame->end)
        return get16(frame->bytes + at);
    return (uint16_t)(frame->bytes[at] << 8);
}

bool frame_corrupt(struct frame *frame, bool repaired, uint64_t chance)
{
    size_t check = find_checksum(frame);
    size_t start = repaired ? frame->payload : frame->transport;
    size_t count = frame->end - start;

    if (count == 0 || (check == 0 && (repaired || frame->protocol == IPPROTO_UDP)))
        return false;
    size_t at = start + (size_t)(chance / 8 % count);
    /* the words of a checksum count from the transport header */
    size_t word = at - (at - frame->transport) % 2;
    uint16_t before = get_word(frame, word);
    frame->bytes[at] ^= (unsigned char)(1U << (chance % 8));
    uint16_t after = get_word(frame, word);
    if (repaired)
        repair(frame, check, before, after);
    return true;
}

/* -- resets ----------------------------------------------------------------------------------- */

static uint32_t add_words(uint32_t sum, const unsigned char *at, size_t len)
{
    for (size_t i = 0; i + 1 < len; i += 2)
        sum += get16(at + i);
    return len % 2 ? sum + (uint32_t)(at[len - 1] << 8) : sum;
}

static uint16_t finish_sum(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void swap(unsigned char *a, unsigned char *b, size_t len)
{
    unsigned char kept[16];

    memcpy(kept, a, len);
    memcpy(a, b, len);
    memcpy(b, kept, len);
}

struct reset {
    uint32_t sequence, acknowledges;
    unsigned char flags;
    bool back; /* to the segment's sender */
};

static size_t make_reset(const struct frame *frame, const struct reset *reset,
                         unsigned char bytes[FRAME_RESET_MAX])
{
    bool v6 = frame->version == 6;
    size_t header = v6 ? V6_LEN : V4_MIN, address = v6 ? 16 : 4;
    unsigned char *ip = bytes + ETH_HLEN, *tcp = ip + header;
    unsigned char *addresses = ip + (v6 ? 8 : 12);
    size_t len = ETH_HLEN + header + TCP_MIN;

    memcpy(bytes, frame->bytes, ETH_HLEN + header); /* without options */
    memset(tcp, 0, TCP_MIN);
    memcpy(tcp, frame->bytes + frame->transport, 4);
    if (reset->back) {
        swap(bytes, bytes + ETH_ALEN, ETH_ALEN);
        swap(addresses, addresses + address, address);
        swap(tcp, tcp + 2, 2);
    }
    put32(tcp + 4, reset->sequence);
    put32(tcp + 8, reset->acknowledges);
    tcp[12] = TCP_MIN / 4 << 4;
    tcp[TCP_FLAGS] = reset->flags;
    uint32_t sum = add_words(IPPROTO_TCP + TCP_MIN, addresses, 2 * address);
    put16(tcp + TCP_CHECK, finish_sum(add_words(sum, tcp, TCP_MIN)));
    if (v6) {
        put16(ip + 4, TCP_MIN);
        ip[6] = IPPROTO_TCP;
        return len;
    }
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)(header + TCP_MIN));
    put16(ip + 6, 0);
    put16(ip + 10, 0);
    put16(ip + 10, finish_sum(add_words(0, ip, V4_MIN)));
    return len;
}

static bool can_be_reset(const struct frame *frame)
{
    return frame->protocol == IPPROTO_TCP && frame->from_port >= 0 &&
           !(frame->bytes[frame->transport + TCP_FLAGS] & TH_RST);
}

/* RFC 9293, 3.10.7.1: what answers a segment for which there is no connection. */
size_t frame_reset_sender(const struct frame *frame, unsigned char reset[FRAME_RESET_MAX])
{
    if (!can_be_reset(frame))
        return 0;
    const unsigned char *tcp = frame->bytes + frame->transport;
    struct reset it = {.flags = TH_RST, .back = true};
    if (tcp[TCP_FLAGS] & TH_ACK) {
        it.sequence = get32(tcp + 8);
    } else {
        it.flags = TH_RST | TH_ACK;
        it.acknowledges = get32(tcp + 4) + (uint32_t)(frame->end - frame->payload) +
                          (tcp[TCP_FLAGS] & TH_SYN ? 1 : 0);
    }
    return make_reset(frame, &it, reset);
}

size_t frame_reset_receiver(const struct frame *frame, unsigned char reset[FRAME_RESET_MAX])
{
    if (!can_be_reset(frame))
        return 0;
    const unsigned char *tcp = frame->bytes + frame->transport;
    const struct reset it = {.sequence = get32(tcp + 4),
                             .acknowledges = get32(tcp + 8),
                             .flags = (unsigned char)(TH_RST | (tcp[TCP_FLAGS] & TH_ACK))};
    return make_reset(frame, &it, reset);
}
