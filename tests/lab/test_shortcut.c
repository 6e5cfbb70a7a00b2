/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of harness/lab/shortcut.c: which packets take it and when, that none does once a cut is in
 * force, and that nothing stays of it. What passes, is dropped and counted is test_network.c's
 * business, for root with the shortcut, for others without. */
#include "../../harness/base/clock.h"
#include "../../harness/lab/address.h"
#include "../../harness/lab/lab_internal.h"
#include "../lib/check.h"
#include "../lib/inlab.h"
#include "../lib/sockets.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <linux/bpf.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netpacket/packet.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NODES = 3, PORT = 999, PATIENCE_MS = 20000 };

static const int families[2] = {AF_INET, AF_INET6};

struct scene {
    struct inlab inlab;
    struct lab_options options;
    int udp[2][NODES];
    _Atomic uint32_t *program; /* its number, for whoever survives the controller */
};

static int start(struct scene *scene)
{
    struct err err;

    EXPECT_DONE(inlab_open(&scene->inlab, NODES, &scene->options, &err), err);
    for (int f = 0; f < 2; f++) {
        for (int i = 0; i < NODES; i++) {
            scene->udp[f][i] = sockets_bind(scene->inlab.lab, i, families[f], SOCK_DGRAM, PORT);
            EXPECT(scene->udp[f][i] >= 0);
        }
    }
    return 0;
}

static int apply(struct scene *scene, node_set a, node_set b)
{
    struct world world;
    struct err err;

    world_clear(&world, NODES);
    if (a)
        world_cut_between(&world, a, b);
    EXPECT_DONE(lab_apply(scene->inlab.lab, &world, &err), err);
    return 0;
}

static bool send_stamp(const struct scene *scene, int f, int to)
{
    struct sockaddr_storage address;
    socklen_t len = sockets_address(to, families[f], PORT, &address);
    int64_t now_ns = clock_now_ns();

    return sendto(scene->udp[f][0], &now_ns, sizeof now_ns, 0, (struct sockaddr *)&address, len) ==
           sizeof now_ns;
}

static int exchange(const struct scene *scene, int f)
{
    struct pollfd there = {.fd = scene->udp[f][1], .events = POLLIN};
    int64_t stamp_ns;

    EXPECT(send_stamp(scene, f, 1));
    EXPECT(poll(&there, 1, PATIENCE_MS) == 1);
    EXPECT(recv(there.fd, &stamp_ns, sizeof stamp_ns, 0) == sizeof stamp_ns);
    return 0;
}

/* How many packets the bridge has sent over a node's link; -1 if it is not there. */
static long count_bridged(int node)
{
    char line[512], name[32];
    long count = -1;
    FILE *file = fopen("/proc/self/net/dev", "re");

    (void)snprintf(name, sizeof name, "node%d:", node + 1);
    while (file && count < 0 && fgets(line, sizeof line, file)) {
        char *at = strstr(line, name);
        if (!at)
            continue;
        at += strlen(name);
        for (int column = 0; column < 10; column++)
            count = strtol(at, &at, 10);
    }
    if (file)
        (void)fclose(file);
    return count;
}

/* -- which way -------------------------------------------------------------------------------- */

static int expect_way(struct scene *scene, bool by_bridge)
{
    for (int i = 0; i < NODES; i++)
        EXPECT(lab_takes_shortcut(scene->inlab.lab, i) != by_bridge);
    for (int f = 0; f < 2; f++) {
        long before = count_bridged(1);
        EXPECT(before >= 0);
        EXPECT(exchange(scene, f) == 0);
        EXPECT(count_bridged(1) - before == by_bridge);
    }
    return 0;
}

/* Past the bridge exactly while nothing is cut. */
static int check_ways(void *context)
{
    struct scene *scene = context;

    EXPECT(start(scene) == 0);
    for (int round = 0; round < 3; round++) {
        EXPECT(expect_way(scene, false) == 0);
        EXPECT(apply(scene, NODE(0), NODE(2)) == 0);
        EXPECT(expect_way(scene, true) == 0);
        EXPECT(apply(scene, NODE(CLIENTS), NODE(2)) == 0);
        EXPECT(expect_way(scene, true) == 0);
        EXPECT(apply(scene, 0, 0) == 0);
    }
    inlab_close(&scene->inlab);
    return 0;
}

static int check_bridge_only(void *context)
{
    struct scene *scene = context;

    EXPECT(start(scene) == 0);
    EXPECT(expect_way(scene, true) == 0);
    EXPECT(apply(scene, NODE(0), NODE(2)) == 0);
    EXPECT(expect_way(scene, true) == 0);
    EXPECT(apply(scene, 0, 0) == 0);
    EXPECT(expect_way(scene, true) == 0);
    inlab_close(&scene->inlab);
    return 0;
}

/* A frame of n1's with nothing in it but its addresses. */
static int send_frame(const struct scene *scene, int to, uint16_t type)
{
    struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_ifindex = 2, .sll_halen = MAC_LEN};
    struct {
        struct ether_header ethernet;
        unsigned char bytes[46];
    } frame = {.ethernet.ether_type = htons(type)};
    int fd = sockets_open(scene->inlab.lab, 0, AF_PACKET, SOCK_RAW);

    address_mac(0, frame.ethernet.ether_shost);
    address_mac(to, frame.ethernet.ether_dhost);
    EXPECT(sendto(fd, &frame, sizeof frame, 0, (struct sockaddr *)&link, sizeof link) ==
           sizeof frame);
    (void)close(fd);
    return 0;
}

/* As over a bridge: nobody gets back what he sent, the controller and unknown places are not met on
 * the way, and what is no IP passes. */
static int check_frames(void *context)
{
    enum { FIRST = 0x88b5, LAST }; /* types for experiments */
    struct scene *scene = context;
    struct ether_header got;

    EXPECT(start(scene) == 0);
    for (int node = 0; node < 2; node++) {
        int sniffer = sockets_open(scene->inlab.lab, node, AF_PACKET, SOCK_RAW);
        struct sockaddr_ll address = {
            .sll_family = AF_PACKET, .sll_protocol = htons(FIRST), .sll_ifindex = 2};
        struct pollfd come = {.fd = sniffer, .events = POLLIN};

        EXPECT(bind(sniffer, (struct sockaddr *)&address, sizeof address) == 0);
        EXPECT(send_frame(scene, 0, FIRST) == 0);
        EXPECT(send_frame(scene, CLIENTS, FIRST) == 0);
        EXPECT(send_frame(scene, NODES, FIRST) == 0);
        EXPECT(send_frame(scene, 1, FIRST) == 0);
        EXPECT(exchange(scene, 0) == 0); /* what was sent before has come */
        if (node == 1)
            EXPECT(poll(&come, 1, PATIENCE_MS) == 1 && recv(sniffer, &got, sizeof got, 0) > 0);
        EXPECT(recv(sniffer, &got, sizeof got, 0) < 0);
        (void)close(sniffer);
    }
    inlab_close(&scene->inlab);
    return 0;
}

/* -- a cut under fire ------------------------------------------------------------------------- */

enum { SHOTS = 10000, SHOTS_BEFORE = 2000, SHOTS_AFTER = 500, ROUNDS = 8, ROOM = 64 << 20 };

/* One thread on one processor sends as fast as it can before, while and after a cut comes. */
struct fire {
    const struct scene *scene;
    _Atomic int sent;
    _Atomic bool in_force;
    int result;
};

/* A processor takes the packets it has sent in their order: once one to n3 is counted, all that
 * went before it have come to where they will. */
static int await_end(const struct scene *scene)
{
    static uint64_t between[PLACES_MAX * PLACES_MAX];
    struct receipt receipt;
    struct err err;
    int64_t patience_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    EXPECT_DONE(lab_receipt(scene->inlab.lab, &receipt, between, &err), err);
    const uint64_t before = between[2];
    while (between[2] == before) {
        EXPECT(clock_now_ns() < patience_ns);
        (void)send_stamp(scene, 0, 2);
        EXPECT_DONE(lab_receipt(scene->inlab.lab, &receipt, between, &err), err);
    }
    EXPECT(between[1] > 0);
    return 0;
}

static void *open_fire(void *context)
{
    struct fire *fire = context;
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    fire->result = sched_setaffinity(0, sizeof here, &here);
    for (int i = 0; i < SHOTS; i++) {
        (void)send_stamp(fire->scene, i % 2, 1);
        (void)atomic_fetch_add(&fire->sent, 1);
    }
    while (!atomic_load(&fire->in_force))
        (void)sched_yield();
    for (int i = 0; i < SHOTS_AFTER; i++)
        (void)send_stamp(fire->scene, i % 2, 1);
    if (fire->result == 0)
        fire->result = await_end(fire->scene);
    return NULL;
}

/* How many came of those that were sent before that time; -1 if one came that was sent later. */
static int count_arrived(const struct scene *scene, int64_t until_ns)
{
    int64_t stamp_ns;
    int count = 0;

    for (int f = 0; f < 2; f++) {
        while (recv(scene->udp[f][1], &stamp_ns, sizeof stamp_ns, 0) == sizeof stamp_ns) {
            if (stamp_ns > until_ns)
                return -1;
            count++;
        }
    }
    return count;
}

static int cut_under_fire(struct scene *scene)
{
    struct fire fire = {.scene = scene};
    pthread_t thread;

    EXPECT(pthread_create(&thread, NULL, open_fire, &fire) == 0);
    while (atomic_load(&fire.sent) < SHOTS_BEFORE)
        (void)sched_yield();
    int result = apply(scene, NODE(0), NODE(1) | NODE(2));
    int64_t returned_ns = clock_now_ns();
    atomic_store(&fire.in_force, true);
    (void)pthread_join(thread, NULL);
    EXPECT(result == 0 && fire.result == 0);
    EXPECT(count_arrived(scene, returned_ns) > 0);
    return 0;
}

/* What is sent after lab_apply() has returned does not arrive. */
static int check_fire(void *context)
{
    struct scene *scene = context;
    const int room = ROOM; /* nothing that should not have come may be lost for want of it */

    EXPECT(start(scene) == 0);
    for (int f = 0; f < 2; f++)
        EXPECT(setsockopt(scene->udp[f][1], SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) == 0);
    for (int round = 0; round < ROUNDS; round++) {
        EXPECT(lab_takes_shortcut(scene->inlab.lab, 1));
        EXPECT(cut_under_fire(scene) == 0);
        EXPECT(apply(scene, 0, 0) == 0);
        EXPECT(exchange(scene, 0) == 0 && exchange(scene, 1) == 0);
    }
    inlab_close(&scene->inlab);
    return 0;
}

/* -- the end ---------------------------------------------------------------------------------- */

/* The number of the program that this process holds; 0: none. */
static uint32_t find_program(void)
{
    DIR *dir = opendir("/proc/self/fdinfo");
    const struct dirent *entry;
    unsigned long number = 0;

    while (dir && !number && (entry = readdir(dir))) {
        char path[300], line[128];
        (void)snprintf(path, sizeof path, "/proc/self/fdinfo/%s", entry->d_name);
        FILE *file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file)) {
            if (strncmp(line, "prog_id:", 8) == 0)
                number = strtoul(line + 8, NULL, 10);
        }
        if (file)
            (void)fclose(file);
    }
    if (dir)
        (void)closedir(dir);
    return (uint32_t)number;
}

static bool program_lives(uint32_t number)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.prog_id = number;
    int fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof attr);
    if (fd >= 0)
        (void)close(fd);
    return fd >= 0 || errno != ENOENT;
}

static int live_on(void *context)
{
    struct scene *scene = context;

    EXPECT(start(scene) == 0);
    atomic_store(scene->program, find_program());
    for (;;)
        (void)pause();
}

static int die(void *context)
{
    struct scene *scene = context;

    EXPECT(start(scene) == 0);
    atomic_store(scene->program, find_program());
    return raise(SIGKILL);
}

static int expect_gone(uint32_t number)
{
    int64_t patience_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    EXPECT(number != 0);
    while (program_lives(number)) { /* the kernel removes namespaces by and by */
        EXPECT(clock_now_ns() < patience_ns);
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    }
    return 0;
}

/* Whether the launcher is killed or the controller. */
static int end_violently(bool launcher_dies)
{
    static struct scene scene;
    struct err err;
    int64_t patience_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    memset(&scene, 0, sizeof scene);
    inlab_prepare(&scene.inlab);
    scene.program = mmap(NULL, sizeof *scene.program, PROT_READ | PROT_WRITE,
                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    EXPECT(scene.program != MAP_FAILED);
    pid_t launcher = fork();
    if (launcher == 0)
        _exit(lab_run(launcher_dies ? live_on : die, &scene, &err) & 0xff);
    EXPECT(launcher > 0);
    while (atomic_load(scene.program) == 0 && clock_now_ns() < patience_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
    if (launcher_dies)
        (void)kill(launcher, SIGKILL);
    EXPECT(waitpid(launcher, NULL, 0) == launcher);
    int result = expect_gone(atomic_load(scene.program));
    inlab_clean(&scene.inlab);
    return result;
}

/* -- where it runs ---------------------------------------------------------------------------- */

struct place {
    int (*controller)(void *context);
    bool captures;
};

static int run_in_lab(void *context)
{
    const struct place *place = context;
    static struct scene scene;
    struct err err;

    memset(&scene, 0, sizeof scene);
    inlab_prepare(&scene.inlab);
    scene.options.capture_dir = place->captures ? scene.inlab.log_dir : NULL;
    int status = lab_run(place->controller, &scene, &err);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    inlab_clean(&scene.inlab);
    return status & 0xff;
}

enum { HAS_NONE = 77 };

static int ask_for_it(void *context)
{
    struct scene *scene = context;

    EXPECT(start(scene) == 0);
    int result = lab_takes_shortcut(scene->inlab.lab, 0) ? 0 : HAS_NONE;
    inlab_close(&scene->inlab);
    return result;
}

/* Not for an ordinary user, and not on every kernel. */
static void need_shortcut(void)
{
    struct place place = {.controller = ask_for_it};
    const char *why = inlab_impossible();
    int status = why ? HAS_NONE : run_in_lab(&place);

    if (status == HAS_NONE) {
        print_message("skipped: %s\n", why ? why : "no BPF here");
        skip();
    }
    assert_int_equal(status, 0);
}

static void check(int (*controller)(void *context))
{
    struct place place = {.controller = controller};

    need_shortcut();
    assert_int_equal(run_in_lab(&place), 0);
}

static void test_shortcut__is_taken_exactly_while_nothing_is_cut(void **state)
{
    (void)state;
    check(check_ways);
}

static void test_shortcut__passes_the_frames_that_the_bridge_would(void **state)
{
    (void)state;
    check(check_frames);
}

static void test_shortcut__nothing_takes_it_once_a_cut_is_in_force(void **state)
{
    (void)state;
    check(check_fire);
}

static void test_shortcut__is_not_where_packets_are_captured(void **state)
{
    (void)state;
    struct place place = {.controller = check_bridge_only, .captures = true};

    need_shortcut();
    assert_int_equal(run_in_lab(&place), 0);
}

static void test_shortcut__an_ordinary_user_has_the_bridge(void **state)
{
    (void)state;
    struct place place = {.controller = check_bridge_only};
    const char *why = inlab_no_bridge();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(inlab_as_user(run_in_lab, &place), 0);
}

static void test_shortcut__nothing_stays_of_it(void **state)
{
    (void)state;
    need_shortcut();
    assert_int_equal(end_violently(true), 0);
    assert_int_equal(end_violently(false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shortcut__is_taken_exactly_while_nothing_is_cut),
        cmocka_unit_test(test_shortcut__passes_the_frames_that_the_bridge_would),
        cmocka_unit_test(test_shortcut__nothing_takes_it_once_a_cut_is_in_force),
        cmocka_unit_test(test_shortcut__is_not_where_packets_are_captured),
        cmocka_unit_test(test_shortcut__an_ordinary_user_has_the_bridge),
        cmocka_unit_test(test_shortcut__nothing_stays_of_it),
    };
    return cmocka_run_group_tests_name("lab/shortcut", tests, NULL, NULL);
}
