/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "machine.h"

#include "process.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DOCKER                                                                                     \
    "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined ..."

__attribute__((format(printf, 2, 3))) static void say(struct obstacle *obstacle, const char *what,
                                                      ...)
{
    va_list args;

    va_start(args, what);
    (void)vsnprintf(obstacle->what, sizeof obstacle->what, what, args);
    va_end(args);
}

__attribute__((format(printf, 2, 3))) static void mend(struct obstacle *obstacle,
                                                       const char *remedy, ...)
{
    va_list args;

    va_start(args, remedy);
    (void)vsnprintf(obstacle->remedy, sizeof obstacle->remedy, remedy, args);
    va_end(args);
}

static bool is_seccomp_filtered(void)
{
    char status[8192];

    return process_read_file("/proc/self/status", status, sizeof status) &&
           strstr(status, "\nSeccomp:\t2");
}

/* A limit on namespaces that is zero or spent. */
static bool explain_limit(bool with_user, struct obstacle *obstacle)
{
    static const char *const kinds[] = {"user", "net", "mnt", "pid", "uts", "ipc"};

    for (size_t i = with_user ? 0 : 1; i < sizeof kinds / sizeof kinds[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "/proc/sys/user/max_%s_namespaces", kinds[i]);
        if (process_read_number(path, 1000) > 100)
            continue;
        say(obstacle,
            "the kernel is told to allow hardly any %s namespaces (user.max_%s_namespaces)",
            kinds[i], kinds[i]);
        mend(obstacle, "sudo sysctl -w user.max_%s_namespaces=30000", kinds[i]);
        return true;
    }
    return false;
}

void machine_explain_namespaces(int code, bool with_user, struct obstacle *obstacle)
{
    memset(obstacle, 0, sizeof *obstacle);
    if (explain_limit(with_user, obstacle))
        return;
    if (with_user && process_read_number("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
        say(obstacle, "user namespaces are switched off for ordinary users");
        mend(obstacle, "sudo sysctl -w kernel.unprivileged_userns_clone=1");
    } else if (with_user && process_read_number(
                                "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1) {
        say(obstacle, "AppArmor restricts user namespaces of ordinary users");
        mend(obstacle, "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0");
    } else if (code == EPERM && is_seccomp_filtered()) {
        say(obstacle, "a seccomp filter, like Docker's, forbids namespaces");
        mend(obstacle, DOCKER);
    } else if (code == EPERM && with_user) {
        say(obstacle, "the kernel refuses user namespaces, as it does in a chroot");
        mend(obstacle, "systemd-nspawn -D DIRECTORY");
    } else if (code == EINVAL || code == ENOSYS) {
        say(obstacle, "the kernel is built without them");
    } else {
        say(obstacle, "%s", strerrordesc_np(code));
    }
}

void machine_explain_proc(int code, struct obstacle *obstacle)
{
    memset(obstacle, 0, sizeof *obstacle);
    if (code == EPERM || code == EACCES) {
        say(obstacle, "parts of /proc are masked, as in a container");
        mend(obstacle, DOCKER);
    } else {
        say(obstacle, "%s", strerrordesc_np(code));
    }
}

#define MEND "; to mend it: "

const char *machine_remedy(char *msg)
{
    char *mend = strstr(msg, MEND);

    if (!mend)
        return "";
    *mend = '\0';
    return mend + strlen(MEND);
}

int machine_err(struct err *err, int code, const struct obstacle *obstacle, const char *fmt, ...)
{
    char what[128];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return err_set(err, code, "%s: %s%s%s", what, obstacle->what, obstacle->remedy[0] ? MEND : "",
                   obstacle->remedy);
}

int machine_filter_bridges(bool ipv6, bool on)
{
    const char *value = on ? "1" : "0";

    if (process_write_file("/proc/sys/net/bridge/bridge-nf-call-iptables", value) < 0)
        return -1;
    return ipv6 ? process_write_file("/proc/sys/net/bridge/bridge-nf-call-ip6tables", value) : 0;
}
