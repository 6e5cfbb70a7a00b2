/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/lab/capture.c: real packets are in the files of both nodes, as the nodes saw
 * them, and the files stay within their limit. */
#include "../lib/check.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NODES = 2, PORT = 999, PATIENCE_MS = 20000, LIMIT = 16 << 10 };

struct scene {
    struct inlab inlab;
    struct lab_options options;
    char dir[300];
};

static const char mark[] = "this is the packet";

/* From n1 to n2, until it has arrived. */
static int send_marked(struct scene *scene, const int udp[NODES], const char *text, bool arrives)
{
    struct pollfd ready = {.fd = udp[1], .events = POLLIN};
    struct sockaddr_storage address;
    socklen_t len = sockets_address(1, AF_INET, PORT, &address);
    char bytes[1400];

    (void)scene;
    EXPECT(sendto(udp[0], text, strlen(text), 0, (struct sockaddr *)&address, len) > 0);
    if (arrives)
        EXPECT(poll(&ready, 1, PATIENCE_MS) == 1 && recv(udp[1], bytes, sizeof bytes, 0) > 0);
    return 0;
}

/* How many packets of a pcap file hold `text`; -1 if it is no such file. */
static int count_marked(const char *dir, const char *name, const char *text)
{
    char path[400];
    uint32_t head[6], packet[4];
    unsigned char bytes[65536];
    int count = 0;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "re");
    if (!file || fread(head, sizeof head, 1, file) != 1 || head[0] != 0xa1b23c4d || head[5] != 1)
        return -1;
    while (fread(packet, sizeof packet, 1, file) == 1) {
        if (packet[2] > sizeof bytes || packet[2] > packet[3] || packet[1] >= 1000000000 ||
            fread(bytes, packet[2], 1, file) != 1)
            return -1;
        count += packet[2] > 0 && memmem(bytes, packet[2], text, strlen(text)) != NULL;
    }
    (void)fclose(file);
    return count;
}

static int check_files(void *context)
{
    struct scene *scene = context;
    struct world world;
    struct err err;
    int udp[NODES];

    EXPECT_DONE(inlab_open(&scene->inlab, NODES, &scene->options, &err), err);
    for (int node = 0; node < NODES; node++)
        EXPECT((udp[node] = sockets_bind(scene->inlab.lab, node, AF_INET, SOCK_DGRAM, PORT)) >= 0);
    EXPECT(send_marked(scene, udp, mark, true) == 0);
    world_clear(&world, NODES);
    world.cut[0] = NODE(1);
    EXPECT_DONE(lab_apply(scene->inlab.lab, &world, &err), err);
    EXPECT(send_marked(scene, udp, "a packet that is cut", false) == 0);
    world_clear(&world, NODES);
    EXPECT_DONE(lab_apply(scene->inlab.lab, &world, &err), err);
    EXPECT(send_marked(scene, udp, "the last", true) == 0);
    inlab_close(&scene->inlab);
    EXPECT(count_marked(scene->dir, "n1.pcap", mark) == 1);
    EXPECT(count_marked(scene->dir, "n2.pcap", mark) == 1);
    EXPECT(count_marked(scene->dir, "n1.pcap", "a packet that is cut") == 1);
    EXPECT(count_marked(scene->dir, "n2.pcap", "a packet that is cut") == 0);
    EXPECT(count_marked(scene->dir, "n2.pcap", "the last") == 1);
    return 0;
}

static int check_limit(void *context)
{
    struct scene *scene = context;
    struct err err;
    struct stat file;
    int udp[NODES];
    char text[1000], path[400];

    scene->options.capture_limit_bytes = LIMIT;
    EXPECT_DONE(inlab_open(&scene->inlab, NODES, &scene->options, &err), err);
    for (int node = 0; node < NODES; node++)
        EXPECT((udp[node] = sockets_bind(scene->inlab.lab, node, AF_INET, SOCK_DGRAM, PORT)) >= 0);
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof text, "number %d %0900d", i, 0);
        EXPECT(send_marked(scene, udp, text, true) == 0);
    }
    EXPECT(send_marked(scene, udp, mark, true) == 0);
    inlab_close(&scene->inlab);
    for (int older = 0; older < 2; older++) {
        (void)snprintf(path, sizeof path, "%s/n1%s.pcap", scene->dir, older ? ".1" : "");
        EXPECT(stat(path, &file) == 0 && file.st_size <= LIMIT && file.st_size > 24);
    }
    EXPECT(count_marked(scene->dir, "n1.pcap", mark) == 1); /* the newest is kept */
    EXPECT(count_marked(scene->dir, "n1.1.pcap", "number") > 0);
    return 0;
}

struct place {
    int (*controller)(void *context);
    unsigned needs;
};

static int run_in_lab(void *context)
{
    const struct place *place = context;
    static struct scene scene;
    struct err err;

    memset(&scene, 0, sizeof scene);
    inlab_prepare(&scene.inlab);
    (void)snprintf(scene.dir, sizeof scene.dir, "%s/packets", scene.inlab.log_dir);
    scene.options = (struct lab_options){.capture_dir = scene.dir, .needs = place->needs};
    int status = lab_run(place->controller, &scene, &err);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    inlab_clean(&scene.inlab);
    return status & 0xff;
}

static void check_places(int (*controller)(void *context), unsigned needs)
{
    struct place place = {controller, needs};
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(run_in_lab(&place), 0);
    assert_int_equal(inlab_as_user(run_in_lab, &place), 0);
}

static void test_capture__packets_are_in_the_files_of_those_who_saw_them(void **state)
{
    (void)state;
    check_places(check_files, 0);
    check_places(check_files, NEED_SWITCH);
}

static void test_capture__files_stay_within_their_limit_and_keep_the_newest(void **state)
{
    (void)state;
    check_places(check_limit, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_capture__packets_are_in_the_files_of_those_who_saw_them),
        cmocka_unit_test(test_capture__files_stay_within_their_limit_and_keep_the_newest),
    };
    return cmocka_run_group_tests_name("lab/capture", tests, NULL, NULL);
}
