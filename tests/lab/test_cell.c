/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tests of lab/cell.c, root.c, devices.c, sources.c: what a node is like from inside, and that root
 * on it cannot reach the machine. */
#include "../lib/check.h"
#include "../lib/inlab.h"

#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct visit {
    struct inlab inlab;
    int (*look)(struct visit *visit);
    struct lab_options options;
    char output[1 << 16];
};

static int shell(struct visit *visit, int node, const char *command)
{
    return inlab_shell(&visit->inlab, node, command, visit->output, sizeof visit->output);
}

/* In each of these a command on node n1 must succeed, fail, or print something. */
#define SUCCEEDS(command) EXPECT(shell(visit, 0, command) == 0)
#define FAILS(command) EXPECT(shell(visit, 0, command) != 0)
#define PRINTS(command, text)                                                                      \
    do {                                                                                           \
        EXPECT(shell(visit, 0, command) == 0);                                                     \
        if (strcmp(visit->output, text) != 0)                                                      \
            (void)fprintf(stderr, "%s printed: %s\n", command, visit->output);                     \
        EXPECT(strcmp(visit->output, text) == 0);                                                  \
    } while (0)

static int look_around(struct visit *visit)
{
    PRINTS("id -u", "0");
    PRINTS("cat /proc/sys/kernel/hostname /etc/hostname", "n1\nn1");
    PRINTS("grep -c . /etc/hosts", "8");
    SUCCEEDS("grep -qx '198.18.1.2 n2' /etc/hosts && grep -qx 'fd6f:7264::1:2 n2' /etc/hosts");
    PRINTS("env | grep -v PWD= | sort | sed 's/PATH=.*/PATH/'",
           "HOME=/node/data\nLANG=C.UTF-8\nPATH\nTZ=UTC");
    PRINTS("echo $PATH | cut -d: -f1-3",
           "/node/bin:/node/packages/usr/sbin:/node/packages/usr/bin");
    PRINTS("ls /node", "bin\nconf\ndata\nlog\npackages\ntarget");
    PRINTS("ls /tmp /run /dev/shm", "/dev/shm:\n\n/run:\nlock\n\n/tmp:");
    PRINTS("readlink /proc/1/fd/* | grep -vc pipe:", "3"); /* nothing of the controller's */
    PRINTS("readlink /proc/1/fd/2", "/node/log/agent.log");
    PRINTS("ls /sys/class/net", "eth0\nlo");
    SUCCEEDS("touch /tmp/a /run/a /dev/shm/a /var/tmp/a /node/data/a /node/conf/a /node/log/a");
    SUCCEEDS("echo x >/dev/null && head -c 9 /dev/urandom /dev/zero && test -c /dev/tty");
    SUCCEEDS("script -qc true /dev/null </dev/null || test ! -x /usr/bin/script"); /* a terminal */
    SUCCEEDS("echo 7 >/proc/sys/net/ipv4/tcp_retries2"); /* its own network's */
    PRINTS("cd /proc && echo [0-9]* | cut -d' ' -f1", "1");
    FAILS("cat /proc/[0-9]*/cmdline | grep -aq 'test_[c]ell'"); /* nor is the controller seen */
    return 0;
}

static int is_in_log(const struct visit *visit, const char *node, const char *name)
{
    char path[512];
    struct stat status;

    (void)snprintf(path, sizeof path, "%s/%s/%s", visit->inlab.log_dir, node, name);
    EXPECT(stat(path, &status) == 0);
    EXPECT(status.st_size == 5);
    return 0;
}

static int write_things(struct visit *visit)
{
    struct stat status;

    /* written on a node, seen on that node only, but for logs, which the controller sees */
    SUCCEEDS("echo from >/opt/ordeal-n1 && test -e /opt/ordeal-n1");
    SUCCEEDS("echo from >/node/log/n1.log");
    EXPECT(shell(visit, 1, "test -e /opt/ordeal-n1") != 0);
    EXPECT(shell(visit, 1, "test -e /node/log/n1.log") != 0);
    EXPECT(stat("/opt/ordeal-n1", &status) < 0);
    EXPECT(is_in_log(visit, "n1", "n1.log") == 0);
    SUCCEEDS("echo mine >/etc/ordeal-n1; echo mine >/etc/passwd; true"); /* a node's own matter */
    EXPECT(shell(visit, 1, "grep -q mine /etc/passwd || test -e /etc/ordeal-n1") != 0);
    EXPECT(stat("/etc/ordeal-n1", &status) < 0);
    return 0;
}

static int run_out_of_disk(struct visit *visit)
{
    FAILS("head -c 5000000 /dev/zero >/node/data/big");
    EXPECT(strstr(visit->output, "No space left on device"));
    SUCCEEDS("rm /node/data/big && head -c 3000000 /dev/zero >/node/data/big");
    return 0;
}

/* Everything here must be refused; a test of what is left as it was follows in the caller. */
static int reach_for_the_machine(struct visit *visit)
{
    static const char *const attempts[] = {
        "date -s '2001-01-01'",
        "sysctl -w vm.swappiness=7 || echo 7 >/proc/sys/vm/swappiness",
        "echo 7 >/proc/sys/vm/dirty_ratio",
        "echo core >/proc/sys/kernel/core_pattern",
        "echo 1 >/proc/sys/kernel/panic",
        "mkdir /tmp/p && mount -t proc p /tmp/p && echo 7 >/tmp/p/sys/vm/swappiness",
        "echo b >/proc/sysrq-trigger",
        "mount -o remount,rw /sys",
        "mkdir -p /tmp/s && mount -t sysfs s /tmp/s && echo 1 >/tmp/s/kernel/mm/ksm/run",
        "mknod /tmp/disk b 254 0",
        "mknod /dev/disk b 254 0",
        "mknod /tmp/memory c 1 1",
        "mount -t devtmpfs d /mnt",
        "mkdir -p /tmp/d && mount -t devtmpfs d /tmp/d",
        "mkdir -p /tmp/c && mount -t cgroup2 c /tmp/c",
        "mkdir -p /tmp/c && mount -t cgroup -o cpu c /tmp/c",
        "mkdir -p /tmp/c && mount -t debugfs c /tmp/c",
        "mkdir -p /tmp/c && mount -t ext4 /dev/vda /tmp/c",
        "ls /sys/fs/cgroup/*",
        "chmod 600 /dev/null",
        "chown 1 /dev/null",
        "cat /dev/mem /dev/kmsg /dev/sda /dev/vda",
        "dmesg -C",
        "echo 1 >/proc/sys/vm/drop_caches",
        "hwclock --systohc",
        "modprobe dummy",
    };

    for (size_t i = 0; i < sizeof attempts / sizeof attempts[0]; i++) {
        int status = shell(visit, 0, attempts[i]);
        if (status == 0)
            (void)fprintf(stderr, "not refused: %s\n%s\n", attempts[i], visit->output);
        EXPECT(status != 0);
    }
    SUCCEEDS("kill -9 1; kill -9 -1; true"); /* its own processes, but not the agent */
    SUCCEEDS("true");
    return 0;
}

/* The node's own init, in a pid namespace of its own, with what the agent needs for it. */
static int make_node_init(struct visit *visit)
{
    SUCCEEDS("settle");
    PRINTS("unshare --pid --fork --mount-proc sh -c 'echo $$; cat /proc/1/comm'", "1\nsh");
    SUCCEEDS("unshare --user --map-user=101 --map-group=104 sh -c 'test $(id -u) = 101'");
    SUCCEEDS("mkdir -p /tmp/o/up /tmp/o/work /tmp/o/at && mount -t overlay o -o "
             "lowerdir=/usr,upperdir=/tmp/o/up,workdir=/tmp/o/work,userxattr /tmp/o/at");
    return 0;
}

/* Whether the lab has more ids than its root's. */
static bool has_ids(void)
{
    unsigned inside, outside, count, all = 0;
    FILE *map = fopen("/proc/self/uid_map", "r");

    while (map && fscanf(map, "%u %u %u", &inside, &outside, &count) == 3)
        all += count > 1000 ? 1000 : count;
    if (map)
        (void)fclose(map);
    return all > 1;
}

static int become_somebody(struct visit *visit)
{
    if (!has_ids())
        return 0;
    SUCCEEDS("chown 101:104 /node/data && setpriv --reuid 101 --regid 104 --clear-groups "
             "sh -c 'id -u; touch /node/data/mine'");
    SUCCEEDS("test $(stat -c %u /node/data/mine) = 101");
    /* what it leaves among the logs is not its own in the end: see visit_node */
    SUCCEEDS("chown 101:104 /node/log && mkdir /node/log/d && touch /node/log/d/f && "
             "chown -R 101:104 /node/log/d");
    return 0;
}

static int check_owner(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)path;
    (void)type;
    (void)at;
    return status->st_uid == geteuid() ? 0 : 1;
}

static bool is_open_to_us(const char *path)
{
    return geteuid() == 0 && access(path, R_OK | W_OK) == 0;
}

/* Only on demand; usable by the node's root if it is usable by who runs the lab. */
static int use_devices(struct visit *visit)
{
    SUCCEEDS("test -c /dev/fuse");
    if (is_open_to_us("/dev/fuse"))
        SUCCEEDS(": <>/dev/fuse");
    return 0;
}

static int miss_devices(struct visit *visit)
{
    FAILS("test -e /dev/fuse || test -e /dev/net/tun");
    return 0;
}

/* -- running them ----------------------------------------------------------------------------- */

static int enter(void *context)
{
    struct visit *visit = context;
    struct err err;

    visit->options.data_limit_bytes = 4 << 20;
    if (visit->look == use_devices)
        visit->options.needs = NEED_DISK;
    EXPECT_DONE(inlab_open(&visit->inlab, 2, &visit->options, &err), err);
    EXPECT(visit->look(visit) == 0);
    inlab_close(&visit->inlab);
    return 0;
}

static int visit_node(void *context)
{
    static struct visit visit;
    struct err err;

    memset(&visit, 0, sizeof visit);
    memcpy(&visit.look, context, sizeof visit.look);
    inlab_prepare(&visit.inlab);
    int status = lab_run(enter, &visit, &err);
    if (status < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    EXPECT(nftw(visit.inlab.log_dir, check_owner, 16, FTW_PHYS) == 0);
    inlab_clean(&visit.inlab);
    return status & 0xff;
}

static void check_both(int (*look)(struct visit *visit))
{
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(visit_node(&look), 0);
    assert_int_equal(inlab_as_user(visit_node, &look), 0);
}

static void test_cell__has_what_a_system_needs(void **state)
{
    (void)state;
    check_both(look_around);
}

static void test_cell__writes_stay_on_the_node(void **state)
{
    (void)state;
    check_both(write_things);
}

static void test_cell__data_has_a_limit(void **state)
{
    (void)state;
    check_both(run_out_of_disk);
}

static void read_settings(char text[4096])
{
    static const char *const paths[] = {"/proc/sys/vm/swappiness",       "/proc/sys/vm/dirty_ratio",
                                        "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/panic",
                                        "/proc/sys/kernel/hostname",     "/proc/swaps",
                                        "/proc/self/mountinfo"};
    size_t len = 0;

    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        int fd = open(paths[i], O_RDONLY);
        ssize_t got = fd < 0 ? 0 : read(fd, text + len, 4095 - len);
        len += got > 0 ? (size_t)got : 0;
        if (fd >= 0)
            (void)close(fd);
    }
    text[len] = '\0';
}

static void test_cell__root_cannot_reach_the_machine(void **state)
{
    (void)state;
    char before[4096], after[4096];
    struct stat device[2];
    time_t start = time(NULL);

    read_settings(before);
    assert_int_equal(stat("/dev/null", &device[0]), 0);
    check_both(reach_for_the_machine);
    read_settings(after);
    assert_int_equal(stat("/dev/null", &device[1]), 0);
    assert_string_equal(before, after);
    assert_int_equal(device[0].st_mode, device[1].st_mode);
    assert_int_equal(device[0].st_uid, device[1].st_uid);
    assert_in_range(time(NULL), start, start + 300);
}

static void test_cell__agent_can_make_namespaces_for_its_system(void **state)
{
    (void)state;
    check_both(make_node_init);
}

static void test_cell__processes_can_be_another_user_where_ids_are_mapped(void **state)
{
    (void)state;
    check_both(become_somebody);
}

static void test_cell__has_devices_for_faults_only_on_demand(void **state)
{
    (void)state;
    check_both(miss_devices);
    if (access("/dev/fuse", F_OK) == 0)
        check_both(use_devices);
}

/* -- folders ---------------------------------------------------------------------------------- */

struct folders {
    struct inlab inlab;
    char base[64];
    char packages[128], target[128], logs[128];
};

static int see_folders(void *context)
{
    struct folders *folders = context;
    const struct lab_options options = {
        .log_dir = folders->logs, .package_dir = folders->packages, .target_dir = folders->target};
    struct err err;
    char output[256];

    EXPECT_DONE(inlab_open(&folders->inlab, 1, &options, &err), err);
    EXPECT(inlab_shell(&folders->inlab, 0, "hello-from-a-package", output, sizeof output) == 0);
    EXPECT(strcmp(output, "hello") == 0);
    EXPECT(inlab_shell(&folders->inlab, 0, "cat /node/target/x.json", output, sizeof output) == 0);
    EXPECT(strcmp(output, "{}") == 0);
    EXPECT(inlab_shell(&folders->inlab, 0, "touch /node/target/y", output, sizeof output) != 0);
    EXPECT(inlab_shell(&folders->inlab, 0, "touch /node/bin/y", output, sizeof output) != 0);
    EXPECT(inlab_shell(&folders->inlab, 0, "echo said >&2; echo said >/node/log/x.log", output,
                       sizeof output) == 0);
    inlab_close(&folders->inlab);
    return 0;
}

static int put_file(const char *dir, const char *name, const char *text, mode_t mode)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    EXPECT((file = fopen(path, "w")));
    EXPECT(fputs(text, file) >= 0 && fclose(file) == 0 && chmod(path, mode) == 0);
    return 0;
}

/* All under /tmp, which the nodes do not see, in folders with spaces, closed to everybody else. */
static int run_from_tmp(void *context)
{
    struct folders folders = {.base = "/tmp/ordeal a test-XXXXXX"};
    char path[512], command[1024];
    struct stat status;
    struct err err;

    (void)context;
    inlab_prepare(&folders.inlab);
    EXPECT(mkdtemp(folders.base));
    (void)snprintf(folders.packages, sizeof folders.packages, "%s/the packages", folders.base);
    (void)snprintf(folders.target, sizeof folders.target, "%s/my target", folders.base);
    (void)snprintf(folders.logs, sizeof folders.logs, "%s/some logs", folders.base);
    (void)snprintf(command, sizeof command,
                   "umask 077; mkdir -p '%s/usr/bin' '%s' '%s' '%s/bin' && cp '%s/ordeal-agent' "
                   "'%s/bin'",
                   folders.packages, folders.target, folders.logs, folders.base,
                   folders.inlab.helper_dir, folders.base);
    EXPECT(system(command) == 0);
    (void)snprintf(path, sizeof path, "%s/usr/bin", folders.packages);
    EXPECT(put_file(path, "hello-from-a-package", "#!/bin/sh\necho hello\n", 0755) == 0);
    EXPECT(put_file(folders.target, "x.json", "{}", 0644) == 0);
    (void)snprintf(folders.inlab.helper_dir, sizeof folders.inlab.helper_dir, "%s/bin",
                   folders.base);
    int result = lab_run(see_folders, &folders, &err);
    if (result < 0)
        (void)fprintf(stderr, "%s\n", err.msg);
    EXPECT(result == 0);
    (void)snprintf(path, sizeof path, "%s/n1/x.log", folders.logs);
    EXPECT(stat(path, &status) == 0 && status.st_size == 5);
    EXPECT(status.st_uid == geteuid());
    (void)snprintf(command, sizeof command, "rm -r '%s'", folders.base);
    EXPECT(system(command) == 0);
    inlab_clean(&folders.inlab);
    return 0;
}

static void test_cell__folders_may_lie_in_tmp_and_have_spaces(void **state)
{
    (void)state;
    const char *why = inlab_impossible();

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    assert_int_equal(run_from_tmp(NULL), 0);
    assert_int_equal(inlab_as_user(run_from_tmp, NULL), 0);
}

/* -- containers ------------------------------------------------------------------------------- */

/* In a container files are mounted below /etc, which therefore can be no overlay. */
static int look_at_names(struct visit *visit)
{
    PRINTS("cat /proc/sys/kernel/hostname /etc/hostname", "n1\nn1");
    SUCCEEDS("grep -qx '198.18.1.2 n2' /etc/hosts && ! grep -q outside /etc/hosts");
    FAILS("touch /etc/ordeal-was-here");
    SUCCEEDS("test -s /etc/passwd");
    return 0;
}

static int visit_in_container(void *context)
{
    static const char *const names[] = {"/etc/hosts", "/etc/hostname"};
    int (*look)(struct visit * visit) = look_at_names;
    char path[] = "/tmp/ordeal-names-XXXXXX";
    int fd = mkstemp(path);

    (void)context;
    EXPECT(fd >= 0 && write(fd, "outside\n", 8) == 8 && close(fd) == 0);
    EXPECT(unshare(CLONE_NEWNS) == 0);
    EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        EXPECT(access(names[i], F_OK) < 0 || mount(path, names[i], NULL, MS_BIND, NULL) == 0);
    bool seen = visit_node(&look) == 0 && inlab_as_user(visit_node, &look) == 0;
    EXPECT(unlink(path) == 0); /* on a file that is gone nothing can be mounted */
    EXPECT(seen);
    return 0;
}

static void test_cell__has_its_names_where_etc_has_mounts_below(void **state)
{
    (void)state;
    const char *why = inlab_impossible();
    int status;

    if (why || geteuid() != 0) {
        print_message("skipped: %s\n", why ? why : "only root can mount below /etc");
        skip();
    }
    pid_t child = fork();
    if (child == 0)
        _exit(visit_in_container(NULL));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* -- refusals --------------------------------------------------------------------------------- */

static int be_refused(void *context)
{
    struct inlab *inlab = context;
    struct lab_options options = {.log_dir = inlab->log_dir, .helper_dir = "/nowhere"};
    struct err err;
    int fd;

    EXPECT(lab_open(&inlab->lab, &options, &err) < 0 && strstr(err.msg, "/nowhere/ordeal-agent"));
    options.helper_dir = inlab->helper_dir;
    options.package_dir = "/nowhere";
    EXPECT_DONE(lab_open(&inlab->lab, &options, &err), err);
    EXPECT(lab_add_node(inlab->lab, 0, 1, "n1", &fd, &err) < 0);
    EXPECT(strstr(err.msg, "cannot make node 'n1'") && strstr(err.msg, "/nowhere"));
    EXPECT(fd == -1);
    EXPECT(lab_add_node(inlab->lab, 1, 1, "n2", &fd, &err) < 0);
    EXPECT(lab_add_node(inlab->lab, 0, 64, "n1", &fd, &err) < 0);
    EXPECT(lab_add_node(inlab->lab, 0, 1, "not a name", &fd, &err) < 0);
    lab_close(inlab->lab);
    return 0;
}

static void test_cell__refusals_name_what_is_wrong(void **state)
{
    (void)state;
    const char *why = inlab_impossible();
    struct inlab inlab;
    struct err err;

    if (why) {
        print_message("skipped: %s\n", why);
        skip();
    }
    inlab_prepare(&inlab);
    assert_int_equal(lab_run(be_refused, &inlab, &err), 0);
    inlab_clean(&inlab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cell__has_what_a_system_needs),
        cmocka_unit_test(test_cell__writes_stay_on_the_node),
        cmocka_unit_test(test_cell__data_has_a_limit),
        cmocka_unit_test(test_cell__root_cannot_reach_the_machine),
        cmocka_unit_test(test_cell__agent_can_make_namespaces_for_its_system),
        cmocka_unit_test(test_cell__processes_can_be_another_user_where_ids_are_mapped),
        cmocka_unit_test(test_cell__has_devices_for_faults_only_on_demand),
        cmocka_unit_test(test_cell__folders_may_lie_in_tmp_and_have_spaces),
        cmocka_unit_test(test_cell__has_its_names_where_etc_has_mounts_below),
        cmocka_unit_test(test_cell__refusals_name_what_is_wrong),
    };
    return cmocka_run_group_tests_name("lab/cell", tests, NULL, NULL);
}
