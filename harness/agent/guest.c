/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "host/heal.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int open_host(struct host **host, const char *folder, struct err *err)
{
    const char *ssh = getenv("SSH_CONNECTION");
    struct host_connection control;
    struct host_options options = {.journal_folder = folder, .healed = stderr};

    if (ssh && *ssh) {
        if (host_connection_read(str_of(ssh), &control, err))
            return err_wrap(err, "SSH_CONNECTION makes no sense");
        options.control = &control;
    }
    return host_open(host, &options, err);
}

int guest_open(struct lodging *lodging, struct host **host, const char *folder, struct err *err)
{
    bool root = geteuid() == 0; /* of the host; in our user namespace everybody is */

    *host = NULL;
    if (lodging_open(lodging, folder, err))
        return err_wrap(err, "no place for a node on this host");
    return root ? open_host(host, folder, err) : 0;
}

int guest_close(struct lodging *lodging, struct host *host, struct err *err)
{
    struct err other;
    int result = host_close(host, err);

    if (lodging_close(lodging, result ? &other : err))
        result = -1;
    return result;
}

int guest_declare(struct host *host, const struct request *request, bool clock, struct err *err)
{
    struct host_world world = {.cuts = request->cuts, .cut_count = request->cut_count};

    if (clock)
        world.clock = request->clock;
    if (host)
        return host_declare(host, &world, err);
    return request->cut_count
               ? err_set(err, ENOTSUP, "links are cut by the agent on a host where it is root only")
               : 0;
}

static void print_places(struct buf *answer, const char *key, const uint64_t counts[PLACES_MAX])
{
    buf_json_next(answer, key);
    buf_puts(answer, "[");
    for (int i = 0; i < PLACES_MAX; i++) {
        if (!counts[i])
            continue;
        buf_json_next(answer, NULL);
        buf_puts(answer, "[");
        buf_json_int(answer, NULL, i);
        buf_json_int(answer, NULL, (int64_t)counts[i]);
        buf_puts(answer, "]");
    }
    buf_puts(answer, "]");
}

int guest_receipt(struct host *host, bool clock, struct buf *answer, struct err *err)
{
    struct host_receipt receipt;

    if (!host)
        return 0;
    if (host_receipt(host, &receipt, err))
        return -1;
    buf_json_int(answer, "rules", (int64_t)receipt.traffic.rules);
    buf_json_int(answer, "packets_dropped", (int64_t)receipt.traffic.packets);
    buf_json_int(answer, "bytes_dropped", (int64_t)receipt.traffic.bytes);
    if (clock) {
        buf_json_int(answer, "clock_reads", (int64_t)receipt.clock.reads);
        buf_json_int(answer, "wall_offset_ns", receipt.clock.offset_ns);
    }
    print_places(answer, "dropped_from", receipt.traffic.packets_by_place[0]);
    print_places(answer, "dropped_to", receipt.traffic.packets_by_place[1]);
    return 0;
}

int guest_heal(const char *folder)
{
    bool removed = false;
    struct err err;
    int failed = lodging_clear(folder, &removed, &err);

    if (failed)
        (void)fprintf(stderr, "ordeal-agent: %s\n", err.msg);
    if (removed)
        (void)printf("removed the files of a node in '%s/node'\n", folder);
    int code = geteuid() == 0 ? heal_main(folder) : 0; /* others have changed nothing else */
    return failed || fflush(stdout) ? 255 : code;
}
