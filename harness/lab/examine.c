/* SPDX-License-Identifier: GPL-2.0-or-later */
/* examine.c - lab_examine(): what this machine can do, found out by doing it.
 *
 * First a lab that does nothing; in a second one, from where a node would start, everything that
 * nodes and faults are made of. A setting that looks right proves nothing, so none is trusted: they
 * only serve to explain a failure.
 */
#include "lab.h"

#include "../helper.h"
#include "identity.h"
#include "launcher.h"
#include "machine.h"
#include "network.h"
#include "process.h"
#include "switch.h"
#include "table.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child process finds out; in memory that it shares with the caller. */
struct report {
    struct lab_ability abilities[LAB_ABILITIES_MAX];
    int count;
    int agent; /* descriptor of the program; -1: it is not there */
};

__attribute__((format(printf, 5, 6))) static void add(struct report *report, const char *name,
                                                      bool present, const char *remedy,
                                                      const char *detail, ...)
{
    struct lab_ability *ability = &report->abilities[report->count++];
    va_list args;

    *ability = (struct lab_ability){.name = name, .present = present};
    va_start(args, detail);
    (void)vsnprintf(ability->detail, sizeof ability->detail, detail, args);
    va_end(args);
    if (!present)
        (void)snprintf(ability->remedy, sizeof ability->remedy, "%s", remedy);
}

/* -- from inside a lab ------------------------------------------------------------------------ */

/* An overlay of a folder of the machine on a tmpfs, as a node has a dozen. */
static bool can_overlay(void)
{
    return mount("tmpfs", "/tmp", "tmpfs", 0, NULL) == 0 && mkdir("/tmp/upper", 0755) == 0 &&
           mkdir("/tmp/work", 0755) == 0 && mkdir("/tmp/at", 0755) == 0 &&
           mount("overlay", "/tmp/at", "overlay", 0,
                 "lowerdir=/usr,upperdir=/tmp/upper,workdir=/tmp/work,userxattr") == 0;
}

static void examine_overlay(struct report *report)
{
    bool can = can_overlay();

    add(report, "overlay file systems", can, "sudo modprobe overlay",
        can ? "nodes write to folders of their own"
            : "without them a node's system folders are read-only (Linux 5.11 has them for users)");
}

static void examine_v6(struct report *report)
{
    bool can = access("/proc/sys/net/ipv6/conf/default/addr_gen_mode", F_OK) == 0;

    add(report, "IPv6", can, "",
        can ? "nodes have addresses of both families" : "nodes have IPv4 addresses only");
}

static void examine_tables(struct report *report)
{
    struct err err;
    bool can = table_try(&err) == 0;

    add(report, "packet rules", can, "sudo modprobe -a iptable_filter ip6table_filter",
        can ? "a partition is one step of the kernel's"
            : "without them the network switch makes the cuts, and carries less: %s",
        err.msg);
}

static void examine_bridges(struct report *report)
{
    bool can = machine_filter_bridges(false, true) == 0;

    add(report, "bridge filtering", can, "sudo modprobe br_netfilter",
        can ? "a partition of the whole cluster is one step"
            : "without it rules stand at every node: a partition is a step per node");
}

static void examine_switch(struct report *report)
{
    struct lab_switch *it = NULL;
    struct err err = {0};
    bool v6, can = network_open_switched(&v6, &err) == 0 && switch_open(&it, v6, &err) == 0;

    switch_close(it);
    add(report, "network switch", can, "sudo modprobe -a veth af_packet",
        can ? "networks can delay, lose, repeat, reorder, corrupt and limit packets"
            : "without it networks are only cut: %s",
        err.msg);
}

/* The agent says itself, in a few words, what keeps it from telling clocks. It is executed by a
 * descriptor, since a stranger need not get to its folder. */
_Noreturn static void try_clocks(int agent, int words)
{
    static char name[] = "ordeal-agent", option[] = "--try-clocks";
    char *argv[] = {name, option, NULL}, *env[] = {NULL};

    (void)dup2(words, STDOUT_FILENO);
    if (mount("proc", "/proc", "proc", 0, NULL) == 0)
        (void)fexecve(agent, argv, env);
    (void)dprintf(words, "the agent cannot be tried: %s", strerror(errno));
    _exit(1);
}

static void examine_clocks(struct report *report, int agent)
{
    char words[200] = "";
    int ends[2], status = -1;
    size_t len = 0;
    ssize_t got = 1;

    if (agent < 0 || pipe2(ends, O_CLOEXEC) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0)
        try_clocks(agent, ends[1]);
    (void)close(ends[1]);
    while (got > 0 && len < sizeof words - 1) {
        got = read(ends[0], words + len, sizeof words - 1 - len);
        len += got > 0 ? (size_t)got : 0;
    }
    (void)close(ends[0]);
    if (pid > 0)
        (void)waitpid(pid, &status, 0);
    words[strcspn(words, "\n")] = '\0';
    add(report, "clocks", status == 0, "", "%s",
        status == 0 ? "nodes can be told any time" : words);
}

/* What has to be done as a node's root. */
static void examine_as_node(struct report *report, bool strange)
{
    struct err err;

    if (strange && identity_become_root(&err) < 0)
        return;
    examine_overlay(report);
    examine_clocks(report, report->agent);
}

/* In namespaces as a node's, if need be with a user namespace in which root is a stranger. */
static int run_as_node(struct report *report, bool strange, struct err *err)
{
    const int flags = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
    struct obstacle obstacle;
    int ready[2];
    char byte;

    if (pipe2(ready, O_CLOEXEC) < 0)
        return err_errno(err, errno, "cannot make a pipe");
    pid_t pid = process_clone(flags | (strange ? CLONE_NEWUSER : 0), NULL);
    int code = errno;
    if (pid == 0) {
        (void)close(ready[1]);
        if (read(ready[0], &byte, 1) == 1)
            examine_as_node(report, strange);
        _exit(0);
    }
    (void)close(ready[0]);
    machine_explain_namespaces(code, strange, &obstacle);
    int result = pid < 0 ? machine_err(err, code, &obstacle, "nodes have no namespaces") : 0;
    if (result == 0 && strange)
        result = identity_map_to_stranger(pid, err);
    if (result == 0)
        (void)!write(ready[1], "", 1);
    (void)close(ready[1]);
    while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        continue;
    return result;
}

static int examine_inside(void *context)
{
    struct report *report = context;
    struct err err = {0};
    bool strange = !launcher_made_users() && identity_stranger() > 0;
    bool can = run_as_node(report, strange, &err) == 0;
    const char *remedy = can ? "" : machine_remedy(err.msg);

    add(report, "nodes", can, remedy, "%s",
        !can      ? err.msg
        : strange ? "root on a node is a stranger to this machine"
                  : "root on a node has no more rights on this machine than you");
    report->abilities[report->count - 1].required = true;
    examine_v6(report);
    examine_tables(report);
    examine_bridges(report);
    examine_switch(report);
    return 0;
}

/* -- from outside ----------------------------------------------------------------------------- */

static int nothing(void *context)
{
    (void)context;
    return 0;
}

static bool examine_lab(struct report *report)
{
    struct err err = {0};
    bool can = lab_run(nothing, NULL, &err) == 0;
    const char *remedy = can ? "" : machine_remedy(err.msg);

    add(report, "namespaces", can, remedy, "%s",
        can ? (process_is_admin() ? "labs are made as root" : "labs are made by an ordinary user")
            : err.msg);
    report->abilities[report->count - 1].required = true;
    return can;
}

/* A device that nodes get where a fault needs it: root makes them one, others lend theirs. */
static void examine_device(struct report *report, const char *path, const char *module,
                           const char *faults)
{
    char remedy[64];
    struct stat status;
    bool exists = stat(path, &status) == 0 && S_ISCHR(status.st_mode);
    bool can = exists && (process_is_admin() || access(path, R_OK | W_OK) == 0);

    if (exists)
        (void)snprintf(remedy, sizeof remedy, "sudo chmod 666 %s", path);
    else
        (void)snprintf(remedy, sizeof remedy, "sudo modprobe %s", module);
    add(report, path, can, remedy, "%s %s", can ? "for" : "without it no", faults);
}

static int count_ids(void *context)
{
    (void)context;
    return launcher_made_users() && identity_stranger() == 0; /* nobody but root */
}

static void examine_ids(struct report *report)
{
    struct err err;
    bool can = lab_run(count_ids, NULL, &err) == 0;

    add(report, "several user ids", can,
        "sudo apt-get install uidmap && sudo usermod --add-subuids 100000-165535 "
        "--add-subgids 100000-165535 $USER",
        can ? "systems run as the users that they are made for"
            : "a system that runs as another user gets a namespace with that one user");
}

int lab_examine(struct lab_ability abilities[LAB_ABILITIES_MAX])
{
    struct err err;
    struct report *report =
        mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return 0;

    char agent[4096];
    report->agent = helper_find("ordeal-agent", agent, sizeof agent, &err) == 0
                        ? open(agent, O_RDONLY | O_CLOEXEC)
                        : -1;
    if (examine_lab(report)) {
        if (lab_run(examine_inside, report, &err) != 0)
            add(report, "nodes", false, "", "trying them out failed");
        examine_ids(report);
    }
    examine_device(report, "/dev/fuse", "fuse", "disks that lose what was not synced");
    int count = report->count;
    memcpy(abilities, report->abilities, sizeof report->abilities);
    if (report->agent >= 0)
        (void)close(report->agent);
    (void)munmap(report, sizeof *report);
    return count;
}
