/* SPDX-License-Identifier: GPL-2.0-or-later */
/* heal.c - `ordeal heal [HOSTS]`: undo what agents that died have left on hosts. A lab of this
 * machine leaves nothing: the kernel sees to that. */
#include "../exit.h"
#include "../helper.h"
#include "../ssh.h"
#include "commands.h"
#include "options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct heal_args {
    const char *ssh;
};

static const struct option_spec options[] = {
    {"ssh", 0, "COMMAND", "the ssh program with options of its own (default ssh)", OPTION_TEXT,
     AT(struct heal_args, ssh), NULL, NULL},
    {0},
};

static const struct usage usage = {
    .command = "heal",
    .arguments = "[HOSTS]",
    .about = "Undo what is left on the hosts of the file HOSTS, or on this machine if it was one, "
             "when agents died before they could: packet rules, clocks, processes, files. Nothing "
             "that others have made is touched.",
    .examples = "ordeal heal hosts.txt\n"
                "ordeal heal",
    .options = options,
    .positional_max = 1,
};

/* What the host says, behind its name. */
static void pass_on(int fd, const char *host)
{
    char bytes[1024];
    bool begins = true;

    for (ssize_t got;
         (got = recv(fd, bytes, sizeof bytes, 0)) > 0 || (got < 0 && errno == EINTR);) {
        for (ssize_t i = 0; i < got; i++) {
            if (begins)
                (void)printf("%s: ", host);
            begins = bytes[i] == '\n';
            (void)putchar(bytes[i]);
        }
    }
    (void)fflush(stdout);
}

static int heal_host(const struct remote *remote, const char *ssh)
{
    char host[REMOTE_TEXT_BYTES];
    struct ssh_call call = {.remote = remote, .command = ssh, .action = SSH_HEAL};
    struct ssh_session session = {.fd = -1};
    struct err err;
    int status = 0;

    call.said_fd = memfd_create("ssh", MFD_CLOEXEC);
    int failed = call.said_fd < 0 ? err_errno(&err, errno, "cannot make a file in memory")
                                  : ssh_open(&session, &call, &err);
    if (call.said_fd >= 0)
        (void)close(call.said_fd);
    if (failed) {
        (void)fprintf(stderr, "ordeal heal: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    pass_on(session.fd, remote_text(remote, host));
    (void)close(session.fd);
    while (waitpid(session.pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? EXIT_PASSED : EXIT_HARNESS;
}

static int heal_here(void)
{
    const char *home = getenv("HOME");
    char agent[PATH_MAX], folder[PATH_MAX];
    struct err err;

    if (helper_find("ordeal-agent", agent, sizeof agent, &err) < 0) {
        (void)fprintf(stderr, "ordeal heal: %s\n", err.msg);
        return EXIT_HARNESS;
    }
    (void)snprintf(folder, sizeof folder, "%s/.ordeal", home ? home : "");
    (void)execl(agent, agent, "--heal", "--journal", geteuid() == 0 ? "/var/lib/ordeal" : folder,
                (char *)NULL);
    (void)fprintf(stderr, "ordeal heal: cannot start '%s': %s\n", agent, strerror(errno));
    return EXIT_HARNESS;
}

static int command_main(int argc, char **argv)
{
    static struct remotes remotes;
    struct heal_args args = {0};
    struct err err;
    int count, code = options_parse(&usage, argc, argv, &args, &count);

    if (code != OPTIONS_DONE)
        return code;
    if (count == 0)
        return heal_here();
    if (remotes_open(&remotes, argv[0], &err) < 0)
        return options_refuse(&usage, "%s", err.msg);
    code = EXIT_PASSED;
    for (int i = 0; i < remotes.count; i++)
        code = (int)exit_worse((enum exit_code)code,
                               (enum exit_code)heal_host(&remotes.all[i], args.ssh));
    return code;
}

const struct command command_heal = {
    .name = "heal",
    .arguments = "[HOSTS]",
    .about = "undo what was left on hosts",
    .main = command_main,
};
