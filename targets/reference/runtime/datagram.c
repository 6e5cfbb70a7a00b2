/* SPDX-License-Identifier: GPL-2.0-or-later */
/* datagram.c - link=udp: fair loss. A message is a datagram; it may be lost, doubled or overtaken,
 * and nobody repeats it but the protocol.
 *
 * A message above the limit goes in fragments, "F ID INDEX COUNT\n" and a part each; it arrives if
 * all of them do, and is given up when a newer one of that node begins.
 */
#include "runtime.h"

#include "../../../harness/base/clock.h"

#include <inttypes.h>
#include <stdlib.h>

enum { FRAGMENT_BYTES = 32 << 10, HEADER_MAX = 64, FRAGMENTS_MAX = 1024 };

struct fragment {
    int from;
    int64_t id, index, count;
};

/* A message of which some fragments have come. */
struct assembly {
    int64_t id, count, here;
    char *parts[FRAGMENTS_MAX];
    size_t lens[FRAGMENTS_MAX];
};

struct datagrams {
    uv_udp_t socket;
    int64_t last_id;
    struct assembly from[NODE_COUNT_MAX];
};

static void send_one(struct runtime *rt, int to, uv_buf_t *parts, unsigned count)
{
    /* An error is a loss, which is what this link promises. */
    (void)uv_udp_try_send(&rt->datagrams->socket, parts, count,
                          (const struct sockaddr *)&rt->addresses[to]);
}

static uv_buf_t part_of(struct str text)
{
    return uv_buf_init((char *)(uintptr_t)text.ptr, (unsigned)text.len);
}

static void datagram_send(struct runtime *rt, int to, struct str line)
{
    uv_buf_t parts[2];

    if (line.len <= FRAGMENT_BYTES) {
        parts[0] = part_of(line);
        send_one(rt, to, parts, 1);
        return;
    }
    int64_t id = ++rt->datagrams->last_id;
    size_t count = (line.len + FRAGMENT_BYTES - 1) / FRAGMENT_BYTES;
    for (size_t i = 0; i < count; i++) {
        char header[HEADER_MAX];
        size_t start = i * FRAGMENT_BYTES, rest = line.len - start;
        int len = snprintf(header, sizeof header, "F %s %" PRId64 " %zu %zu\n",
                           rt->self.names[rt->self.me], id, i, count);
        parts[0] = part_of((struct str){header, (size_t)len});
        parts[1] =
            part_of((struct str){line.ptr + start, rest < FRAGMENT_BYTES ? rest : FRAGMENT_BYTES});
        send_one(rt, to, parts, 2);
    }
}

static void assembly_clear(struct assembly *assembly)
{
    for (int64_t i = 0; i < assembly->count; i++)
        free(assembly->parts[i]);
    *assembly = (struct assembly){.id = 0};
}

static void assembly_finish(struct runtime *rt, struct assembly *assembly, int from)
{
    struct buf whole;

    buf_init(&whole, LINE_LIMIT);
    for (int64_t i = 0; i < assembly->count; i++)
        buf_add(&whole, assembly->parts[i], assembly->lens[i]);
    assembly_clear(assembly);
    if (!whole.failed)
        message_receive(rt, buf_str(&whole), from, 0);
    buf_release(&whole);
}

/* The next word of a header as a number; false if it is none, or not in 0..max. */
static bool next_number(char **rest, int64_t max, int64_t *number)
{
    const char *word = strsep(rest, " ");
    return word && str_to_int(str_of(word), number) && *number >= 0 && *number <= max;
}

/* A fragment's header, "F NODE ID INDEX COUNT", taken apart in place. False if it makes no sense.
 */
static bool parse_header(struct runtime *rt, char *header, struct fragment *fragment)
{
    char *rest = header;
    const char *letter = strsep(&rest, " "), *name = strsep(&rest, " ");

    if (!letter || !name || !next_number(&rest, INT64_MAX, &fragment->id) ||
        !next_number(&rest, FRAGMENTS_MAX, &fragment->index) ||
        !next_number(&rest, FRAGMENTS_MAX, &fragment->count) || rest)
        return false;
    fragment->from = runtime_find_node(rt, name);
    return fragment->from >= 0 && fragment->index < fragment->count;
}

/* Keep the part; true once the message is whole. */
static bool assemble(struct assembly *assembly, const struct fragment *fragment, struct str part)
{
    if (assembly->id > fragment->id)
        return false; /* overtaken: it was given up */
    if (assembly->id < fragment->id || assembly->count != fragment->count) {
        assembly_clear(assembly);
        assembly->id = fragment->id;
        assembly->count = fragment->count;
    }
    char **slot = &assembly->parts[fragment->index];
    if (*slot)
        return false; /* doubled */
    *slot = malloc(part.len + 1);
    if (!*slot)
        die("out of memory");
    memcpy(*slot, part.ptr, part.len);
    assembly->lens[fragment->index] = part.len;
    return ++assembly->here == assembly->count;
}

static void take_fragment(struct runtime *rt, struct str datagram)
{
    const char *newline = memchr(datagram.ptr, '\n', datagram.len);
    char header[HEADER_MAX];
    struct fragment fragment;

    if (!newline || newline - datagram.ptr >= HEADER_MAX)
        return;
    size_t header_len = (size_t)(newline - datagram.ptr);
    (void)snprintf(header, sizeof header, "%.*s", (int)header_len, datagram.ptr);
    if (!parse_header(rt, header, &fragment))
        return;
    struct assembly *assembly = &rt->datagrams->from[fragment.from];
    struct str part = {newline + 1, datagram.len - header_len - 1};
    if (assemble(assembly, &fragment, part))
        assembly_finish(rt, assembly, fragment.from);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *block)
{
    static char bytes[1 << 16];
    (void)handle;
    (void)suggested;
    *block = uv_buf_init(bytes, sizeof bytes);
}

static void on_datagram(uv_udp_t *socket, ssize_t count, const uv_buf_t *block,
                        const struct sockaddr *from, unsigned flags)
{
    struct runtime *rt = socket->data;
    (void)flags;

    if (count <= 0 || !from)
        return;
    struct str datagram = {block->base, (size_t)count};
    if (datagram.len > 2 && memcmp(datagram.ptr, "F ", 2) == 0)
        take_fragment(rt, datagram);
    else
        message_receive(rt, datagram, FROM_ANYONE, 0);
}

void datagrams_open(struct runtime *rt)
{
    struct datagrams *datagrams = calloc(1, sizeof *datagrams);

    if (!datagrams)
        die("out of memory");
    rt->datagrams = datagrams;
    datagrams->last_id = clock_now_ns(); /* above those of the process before */
    rt->to_node = datagram_send;
    datagrams->socket.data = rt;
    (void)uv_udp_init(&rt->loop, &datagrams->socket);
    const struct sockaddr *address = (const struct sockaddr *)&rt->addresses[rt->self.me];
    int status = uv_udp_bind(&datagrams->socket, address, 0);
    if (status == 0)
        status = uv_udp_recv_start(&datagrams->socket, on_alloc, on_datagram);
    if (status < 0)
        die("cannot receive datagrams: %s", uv_strerror(status));
    int bytes = 4 << 20; /* bursts of a whole cluster; the kernel may give less */
    (void)uv_recv_buffer_size((uv_handle_t *)&datagrams->socket, &bytes);
}
