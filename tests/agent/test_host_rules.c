/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of packet rules on a host: real packets in a network namespace of the test's own, with
 * foreign rules that must be the same to the byte afterwards, also after a kill at any moment. Each
 * test is made with iptables over nf_tables, with the legacy iptables, and with nft alone. */
#include "../../harness/agent/host/heal.h"
#include "../../harness/agent/host/rules.h"
#include "../../harness/agent/host/tool.h"
#include "../../harness/base/rng.h"
#include "../lib/check.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PORT = 7001, EACH = 5, KILLS = 12, PATIENCE_MS = 10000 };

enum mode { MODE_IPTABLES, MODE_LEGACY, MODE_NFT, MODES };

static char folder[] = "/tmp/ordeal-rules-XXXXXX";
static char tools[MODES][64]; /* a folder for PATH each */
static const char *impossible;
static const char *mode_missing[MODES];

/* -- the place -------------------------------------------------------------------------------- */

/* Our host is 127.0.0.1 and ::1, its peers 127.0.0.2 and so on: all on the loopback device. */
static int raise_loopback(void)
{
    struct ifreq request = {.ifr_name = "lo"};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    request.ifr_flags = IFF_UP | IFF_RUNNING | IFF_LOOPBACK;
    int result = ioctl(fd, SIOCSIFFLAGS, &request);
    (void)close(fd);
    return result;
}

struct address_request { /* as the kernel's in6_ifreq */
    struct in6_addr address;
    uint32_t prefix;
    int interface;
};

static int add_v6(const char *text)
{
    struct address_request request = {.prefix = 128, .interface = (int)if_nametoindex("lo")};
    int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    (void)inet_pton(AF_INET6, text, &request.address);
    int result = ioctl(fd, SIOCSIFADDR, &request);
    (void)close(fd);
    return result;
}

static int write_map(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int result = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -1;

    (void)close(fd);
    return result;
}

static int become_root(void)
{
    char text[64];
    unsigned uid = geteuid(), gid = getegid();

    if (uid == 0)
        return unshare(CLONE_NEWNET | CLONE_NEWNS);
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) ||
        write_map("/proc/self/setgroups", "deny"))
        return -1;
    (void)snprintf(text, sizeof text, "0 %u 1", uid);
    if (write_map("/proc/self/uid_map", text))
        return -1;
    (void)snprintf(text, sizeof text, "0 %u 1", gid);
    return write_map("/proc/self/gid_map", text);
}

static void link_tool(enum mode mode, const char *name, const char *to)
{
    char path[128];

    (void)snprintf(path, sizeof path, "%s/%s", tools[mode], name);
    if (symlink(to, path))
        abort();
}

/* In PATH's first folder iptables-restore is another one, or none that works. */
static void make_modes(void)
{
    static const char *const names[] = {"iptables-restore", "iptables-save", "ip6tables-restore",
                                        "ip6tables-save"};

    for (int mode = 0; mode < MODES; mode++) {
        (void)snprintf(tools[mode], sizeof tools[mode], "%s/%d", folder, mode);
        if (mkdir(tools[mode], 0700))
            abort();
        for (int i = 0; i < 4 && mode == MODE_LEGACY; i++)
            link_tool(MODE_LEGACY, names[i], "/usr/sbin/xtables-legacy-multi");
    }
    link_tool(MODE_NFT, "iptables-restore", "/bin/false");
    if (!tool_exists("iptables-restore") || !tool_exists("nft"))
        mode_missing[MODE_IPTABLES] = "iptables is not installed";
    if (access("/usr/sbin/xtables-legacy-multi", X_OK))
        mode_missing[MODE_LEGACY] = "the legacy iptables is not installed";
    if (!tool_exists("nft"))
        mode_missing[MODE_NFT] = "nftables is not installed";
}

static int make_place(void **state)
{
    (void)state;
    if (!mkdtemp(folder))
        return -1;
    if (become_root() || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("run", "/run", "tmpfs", 0, NULL) || raise_loopback()) {
        impossible = "no network namespace can be made here";
        return 0;
    }
    make_modes();
    (void)setenv("LC_ALL", "C", 1);
    return add_v6("fd66::2") || add_v6("fd66::3");
}

static int remove_place(void **state)
{
    char command[128];

    (void)state;
    (void)setenv("PATH", "/usr/bin:/bin", 1);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command) != 0;
}

static void take_mode(void **state)
{
    enum mode mode = *(const enum mode *)*state;
    const char *missing = impossible ? impossible : mode_missing[mode];

    if (missing) {
        print_message("skipped: %s\n", missing);
        skip();
    }
    (void)setenv("PATH", tools[mode], 1);
}

/* -- foreign rules ---------------------------------------------------------------------------- */

static void run(const char *const *argv, const char *input)
{
    struct err err;

    if (tool_run(argv, str_of(input), -1, NULL, &err))
        fail_msg("%s", err.msg);
}

static const char foreign[] = "*filter\n"
                              ":INPUT ACCEPT [0:0]\n"
                              ":FORWARD DROP [0:0]\n"
                              ":OUTPUT ACCEPT [0:0]\n"
                              ":DOCKER-USER - [0:0]\n"
                              ":ORDEAL-FRIEND - [0:0]\n"
                              "-A INPUT -p tcp -m tcp --dport 9 -j DROP\n"
                              "-A INPUT -s %s -j ORDEAL-FRIEND\n"
                              "-A FORWARD -j DOCKER-USER\n"
                              "-A OUTPUT -p udp -m udp --sport 9 -j ACCEPT\n"
                              "-A DOCKER-USER -j RETURN\n"
                              "-A ORDEAL-FRIEND -j ACCEPT\n"
                              "COMMIT\n";

static void make_foreign_rules(void)
{
    static const char *const v4[] = {"iptables-restore", NULL};
    static const char *const v6[] = {"ip6tables-restore", NULL};
    static const char *const nft[] = {"nft", "-f", "-", NULL};
    char text[1024];

    const char *path = getenv("PATH");
    if (path && strcmp(path, tools[MODE_NFT]) != 0) {
        (void)snprintf(text, sizeof text, foreign, "127.9.9.9");
        run(v4, text);
        (void)snprintf(text, sizeof text, foreign, "fd66::99");
        run(v6, text);
    }
    if (tool_exists("nft"))
        run(nft, "add table inet mine\n"
                 "add chain inet mine input { type filter hook input priority 5; policy accept; }\n"
                 "flush chain inet mine input\n"
                 "add rule inet mine input tcp dport 9 drop\n");
}

/* All there is, without the times at which it was printed. */
static void snapshot(struct buf *text)
{
    static const char *const listings[][4] = {{"nft", "list", "ruleset", NULL},
                                              {"iptables-legacy-save", NULL},
                                              {"ip6tables-legacy-save", NULL},
                                              {"iptables-save", NULL},
                                              {"ip6tables-save", NULL}};
    struct err err;

    buf_clear(text);
    for (size_t i = 0; i < sizeof listings / sizeof *listings; i++) {
        struct buf printed;
        buf_init(&printed, 0);
        if (tool_exists(listings[i][0]) && tool_run(listings[i], STR(""), -1, &printed, &err))
            fail_msg("%s", err.msg);
        struct str rest = buf_str(&printed);
        while (rest.len) {
            const char *end = memchr(rest.ptr, '\n', rest.len);
            size_t len = end ? (size_t)(end - rest.ptr) + 1 : rest.len;
            /* counts go on by themselves */
            const char *count = memmem(rest.ptr, len, " [", 2);
            if (*rest.ptr != '#')
                buf_add(text, rest.ptr, count ? (size_t)(count - rest.ptr) : len);
            rest = (struct str){rest.ptr + len, rest.len - len};
        }
        buf_release(&printed);
    }
    buf_puts(text, "");
}

static void expect_same(const struct buf *before, const struct buf *after)
{
    if (before->len != after->len || memcmp(before->ptr, after->ptr, after->len) != 0)
        fail_msg("before:\n%s\nafter:\n%s", before->ptr, after->ptr);
}

/* -- packets ---------------------------------------------------------------------------------- */

static struct host_address address(const char *text)
{
    struct host_address address;
    struct err err;

    assert_int_equal(host_address_read(str_of(text), &address, &err), 0);
    return address;
}

static socklen_t fill(struct sockaddr_storage *storage, const char *text, int port)
{
    struct host_address at = address(text);

    memset(storage, 0, sizeof *storage);
    if (at.family == AF_INET) {
        *(struct sockaddr_in *)storage = (struct sockaddr_in){
            .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = at.v4};
        return sizeof(struct sockaddr_in);
    }
    *(struct sockaddr_in6 *)storage = (struct sockaddr_in6){
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = at.v6};
    return sizeof(struct sockaddr_in6);
}

static int socket_of(const char *text, int type, int port)
{
    struct sockaddr_storage at;
    socklen_t len = fill(&at, text, port);
    int on = 1, fd = socket(at.ss_family, type | SOCK_CLOEXEC, 0);

    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
    assert_int_equal(bind(fd, (void *)&at, len), 0);
    return fd;
}

/* Whether `count` packets get through; one byte each, 29 on the wire of IPv4. */
static int arrive(const char *from, const char *to, int count)
{
    int sender = socket_of(from, SOCK_DGRAM, 0), receiver = socket_of(to, SOCK_DGRAM, PORT);
    int self = socket_of(to, SOCK_DGRAM, 0), got = 0;
    struct sockaddr_storage at;
    socklen_t len = fill(&at, to, PORT);
    struct pollfd ready = {.fd = receiver, .events = POLLIN};
    char byte = 'x';

    for (int i = 0; i < count; i++)
        (void)sendto(sender, &byte, 1, 0, (void *)&at, len); /* EPERM where it is dropped at once */
    /* What was sent before the last has come or is dropped; where nothing can be sent at all,
     * nothing is under way either. */
    byte = 'e';
    bool more = sendto(self, &byte, 1, 0, (void *)&at, len) == 1;
    while (more) {
        assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
        assert_int_equal(recv(receiver, &byte, 1, 0), 1);
        more = byte != 'e';
        got += more;
    }
    assert_int_equal(recv(receiver, &byte, 1, MSG_DONTWAIT), -1);
    (void)close(sender);
    (void)close(receiver);
    (void)close(self);
    return got;
}

/* -- tests ------------------------------------------------------------------------------------ */

struct bench {
    struct journal journal;
    struct host_rules *rules;
    struct buf before, after;
};

static void begin(struct bench *bench, const struct host_connection *control)
{
    struct err err = {0};

    make_foreign_rules();
    buf_init(&bench->before, 0);
    buf_init(&bench->after, 0);
    snapshot(&bench->before);
    if (journal_open(&bench->journal, folder, 0, &err) ||
        host_rules_open(&bench->rules, &bench->journal, control, &err))
        fail_msg("%s", err.msg);
}

static void apply(struct bench *bench, const struct host_cut *cuts, int count)
{
    struct err err = {0};

    if (host_rules_apply(bench->rules, cuts, count, &err))
        fail_msg("%s", err.msg);
}

static struct host_traffic traffic(struct bench *bench)
{
    struct host_traffic traffic;
    struct err err = {0};

    if (host_rules_read(bench->rules, &traffic, &err))
        fail_msg("%s", err.msg);
    return traffic;
}

static void end(struct bench *bench)
{
    struct err err = {0};

    if (host_rules_close(bench->rules, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(bench->journal.open.count, 0);
    journal_close(&bench->journal);
    snapshot(&bench->after);
    expect_same(&bench->before, &bench->after);
    buf_release(&bench->before);
    buf_release(&bench->after);
}

static void test_rules__cut_packets_are_dropped_and_counted(void **state)
{
    struct bench bench;

    take_mode(state);
    begin(&bench, NULL);
    const struct host_cut cuts[] = {{1, false, address("127.0.0.2")},
                                    {1, false, address("fd66::2")},
                                    {CLIENTS, true, address("127.0.0.3")},
                                    {CLIENTS, true, address("fd66::3")}};
    assert_int_equal(arrive("127.0.0.2", "127.0.0.1", EACH), EACH);
    assert_int_equal(arrive("fd66::2", "::1", EACH), EACH);
    assert_int_equal(arrive("127.0.0.1", "127.0.0.3", EACH), EACH);
    assert_int_equal(arrive("::1", "fd66::3", EACH), EACH);
    assert_int_equal(traffic(&bench).packets, 0);

    apply(&bench, cuts, 4);
    assert_int_equal(traffic(&bench).rules, 4);
    assert_int_equal(arrive("127.0.0.2", "127.0.0.1", EACH), 0);
    assert_int_equal(arrive("fd66::2", "::1", EACH), 0);
    assert_int_equal(arrive("127.0.0.4", "127.0.0.1", EACH), EACH); /* nobody has cut it */
    assert_int_equal(arrive("127.0.0.3", "127.0.0.1", EACH), EACH); /* the other way */
    struct host_traffic seen = traffic(&bench);
    assert_int_equal(seen.packets, 2 * EACH);
    assert_int_equal(seen.bytes, EACH * (29 + 49));
    assert_int_equal(seen.packets_by_place[0][1], 2 * EACH);

    apply(&bench, cuts + 2, 2); /* others instead, and counts stay */
    assert_int_equal(arrive("127.0.0.2", "127.0.0.1", EACH), EACH);
    assert_int_equal(arrive("127.0.0.1", "127.0.0.3", EACH), 0);
    assert_int_equal(arrive("::1", "fd66::3", EACH), 0);
    seen = traffic(&bench);
    assert_int_equal(seen.rules, 2);
    assert_int_equal(seen.packets_by_place[0][1], 2 * EACH);
    assert_int_equal(seen.packets_by_place[1][CLIENTS], 2 * (EACH + 1)); /* with the last ones */

    apply(&bench, NULL, 0);
    assert_int_equal(arrive("127.0.0.1", "127.0.0.3", EACH), EACH);
    apply(&bench, cuts, 1);
    assert_int_equal(arrive("127.0.0.2", "127.0.0.1", EACH), 0);
    seen = traffic(&bench);
    assert_int_equal(seen.packets_by_place[0][1], 3 * EACH);
    assert_int_equal(seen.packets, 5 * EACH + 2);
    end(&bench);
    assert_int_equal(arrive("127.0.0.2", "127.0.0.1", EACH), EACH);
}

/* One TCP connection each by port: `control` must be heard, the other not. */
static void test_rules__the_controllers_connection_is_never_cut(void **state)
{
    struct sockaddr_in mine = {0};
    socklen_t len = sizeof mine;
    struct sockaddr_storage at;
    struct bench bench;
    char byte = 0;

    take_mode(state);
    int listener = socket_of("127.0.0.1", SOCK_STREAM, PORT);
    int caller = socket_of("127.0.0.2", SOCK_STREAM, 0);
    int other = socket_of("127.0.0.2", SOCK_STREAM, 0);
    assert_int_equal(listen(listener, 2), 0);
    socklen_t there = fill(&at, "127.0.0.1", PORT);
    assert_int_equal(connect(caller, (void *)&at, there), 0);
    int taken = accept(listener, NULL, NULL);
    assert_int_equal(connect(other, (void *)&at, there), 0);
    int other_taken = accept(listener, NULL, NULL);
    assert_int_equal(getsockname(caller, (void *)&mine, &len), 0);

    const struct host_connection control = {address("127.0.0.1"), address("127.0.0.2"), PORT,
                                            ntohs(mine.sin_port)};
    begin(&bench, &control);
    const struct host_cut cuts[] = {{CLIENTS, false, address("127.0.0.2")},
                                    {CLIENTS, true, address("127.0.0.2")}};
    apply(&bench, cuts, 2);
    assert_int_equal(traffic(&bench).rules, 2);
    assert_int_equal(send(other, "o", 1, 0), 1);
    assert_int_equal(send(caller, "i", 1, 0), 1);
    struct pollfd ready = {.fd = taken, .events = POLLIN};
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(taken, &byte, 1, 0), 1);
    assert_int_equal(byte, 'i');
    assert_int_equal(send(taken, "b", 1, 0), 1);
    ready.fd = caller;
    assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
    assert_int_equal(recv(caller, &byte, 1, 0), 1);
    assert_int_equal(recv(other_taken, &byte, 1, MSG_DONTWAIT), -1);
    assert_true(traffic(&bench).packets > 0);
    end(&bench);
    (void)close(listener);
    (void)close(caller);
    (void)close(other);
    (void)close(taken);
    (void)close(other_taken);
}

static void test_rules__what_somebody_else_flushes_is_noticed(void **state)
{
    static const char *const v4[] = {"iptables-restore", NULL}; /* flushes */
    static const char *const nft[] = {"nft", "flush", "table", "inet", "ordeal_faults", NULL};
    struct host_traffic seen;
    struct bench bench;
    struct err err = {0};
    char text[1024];

    take_mode(state);
    begin(&bench, NULL);
    const struct host_cut cut = {1, false, address("127.0.0.2")};
    apply(&bench, &cut, 1);
    (void)snprintf(text, sizeof text, foreign, "127.9.9.9");
    if (*(const enum mode *)*state == MODE_NFT) {
        run(nft, "");
    } else {
        run(v4, text);
        snapshot(&bench.before); /* they may come in another order now */
    }
    assert_int_equal(host_rules_read(bench.rules, &seen, &err), -1);
    assert_non_null(strstr(err.msg, "somebody else"));
    end(&bench);
}

static void test_rules__nonsense_is_refused(void **state)
{
    struct host_connection connection;
    struct host_address at;
    struct bench bench;
    struct err err;
    char text[INET6_ADDRSTRLEN];

    take_mode(state);
    begin(&bench, NULL);
    const struct host_cut none = {.place = 1}, nowhere = {PLACES_MAX, false, address("127.0.0.2")};
    assert_int_equal(host_rules_apply(bench.rules, &none, 1, &err), -1);
    assert_int_equal(host_rules_apply(bench.rules, &nowhere, 1, &err), -1);
    end(&bench);
    static const char *const wrong[] = {"", "n1", "1.2.3", "1.2.3.4.5", "1.2.3.4; reboot", "::1::"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(host_address_read(str_of(wrong[i]), &at, &err), -1);
    at = address("::ffff:10.1.2.3");
    assert_int_equal(at.family, AF_INET);
    assert_string_equal(inet_ntop(AF_INET, &at.v4, text, sizeof text), "10.1.2.3");
    assert_int_equal(address("fe80::1%eth0").family, AF_INET6);
    static const char *const lines[] = {"",
                                        "10.0.0.1 22 10.0.0.2",
                                        "10.0.0.1 22 10.0.0.2 22 22",
                                        "10.0.0.1 0 10.0.0.2 22",
                                        "10.0.0.1 65536 10.0.0.2 22",
                                        "10.0.0.1 22 ::1 22"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_int_equal(host_connection_read(str_of(lines[i]), &connection, &err), -1);
    assert_int_equal(host_connection_read(STR("10.0.0.1 50022 10.0.0.2 22"), &connection, &err), 0);
    assert_int_equal(connection.port_there, 50022);
    assert_int_equal(connection.port_here, 22);
}

/* -- killed at any moment --------------------------------------------------------------------- */

/* In a child: everything that is ever done. */
_Noreturn static void live(void)
{
    const struct host_cut cuts[] = {{1, false, address("127.0.0.2")},
                                    {2, true, address("fd66::3")}};
    struct host_traffic seen;
    struct journal journal;
    struct host_rules *rules;
    struct err err;

    if (journal_open(&journal, folder, 0, &err) || host_rules_open(&rules, &journal, NULL, &err) ||
        host_rules_apply(rules, cuts, 2, &err) || host_rules_apply(rules, cuts, 1, &err) ||
        host_rules_read(rules, &seen, &err) || host_rules_close(rules, &err)) {
        (void)fprintf(stderr, "%s\n", err.msg);
        _exit(1);
    }
    _exit(0);
}

/* Let a child live until it has entered or left its `last`th system call, then kill it; how many
 * there were. What it has executed by then lives on. */
static long live_until(long last)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, 0, 0);
        (void)raise(SIGSTOP);
        live();
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (long calls = 0;; calls++) {
        if (calls == last) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return calls;
        }
        int signal =
            WSTOPSIG(status) == SIGTRAP || WSTOPSIG(status) == SIGSTOP ? 0 : WSTOPSIG(status);
        assert_int_equal(ptrace(PTRACE_SYSCALL, pid, 0, signal), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (WIFSTOPPED(status))
            continue;
        assert_int_equal(status, 0);
        return calls;
    }
}

static void test_rules__killed_at_any_moment_and_healed(void **state)
{
    struct buf before, after;
    struct rng rng;
    int left = 0;

    take_mode(state);
    make_foreign_rules();
    buf_init(&before, 0);
    buf_init(&after, 0);
    long calls = live_until(-1); /* and a table of iptables-nft's that it has made stays */
    snapshot(&before);
    const char *asked = getenv("SEED"), *more = getenv("KILLS");
    uint64_t seed = asked ? (uint64_t)strtoull(asked, NULL, 10) : (uint64_t)getpid();
    int kills = more ? (int)strtol(more, NULL, 10) : KILLS;
    print_message("%d kills within %ld system calls, SEED=%llu\n", kills, calls,
                  (unsigned long long)seed);
    rng_init(&rng, seed, 0);
    for (int i = 0; i < kills; i++) {
        struct journal journal;
        struct err err = {0};
        long step = calls / kills + 1;
        long last = i * step + (long)rng_below(&rng, (uint64_t)step);
        (void)live_until(last);
        if (journal_open(&journal, folder, PATIENCE_MS, &err))
            fail_msg("after %ld: %s", last, err.msg);
        left += journal.open.count > 0;
        if (heal_journal(&journal, NULL, &err))
            fail_msg("after %ld: %s", last, err.msg);
        assert_int_equal(journal.open.count, 0);
        journal_close(&journal);
        snapshot(&after);
        if (before.len != after.len || memcmp(before.ptr, after.ptr, before.len) != 0)
            fail_msg("killed after %ld calls\nbefore:\n%s\nafter:\n%s", last, before.ptr,
                     after.ptr);
    }
    assert_true(left > 0); /* or nothing was tried */
    buf_release(&before);
    buf_release(&after);
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate(name, &modes[MODE_IPTABLES]),                                        \
        cmocka_unit_test_prestate(name, &modes[MODE_LEGACY]),                                      \
        cmocka_unit_test_prestate(name, &modes[MODE_NFT])

int main(void)
{
    static enum mode modes[MODES] = {MODE_IPTABLES, MODE_LEGACY, MODE_NFT};
    const struct CMUnitTest tests[] = {
        TEST(test_rules__cut_packets_are_dropped_and_counted),
        TEST(test_rules__the_controllers_connection_is_never_cut),
        TEST(test_rules__what_somebody_else_flushes_is_noticed),
        TEST(test_rules__nonsense_is_refused),
        TEST(test_rules__killed_at_any_moment_and_healed),
    };

    return cmocka_run_group_tests(tests, make_place, remove_place);
}
