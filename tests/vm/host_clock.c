/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first process of a virtual machine whose clock may be changed: drives harness/agent/host as
 * an agent does, and says on the console what it measured against CLOCK_MONOTONIC_RAW.
 *
 * By other names the same program is what a host has: `chronyd` puts the clock right every 10 ms
 * unless it is held off, `systemctl` stops and starts it.
 */
#include "../../harness/agent/host/host.h"
#include "../../harness/agent/host/true_time.h"
#include "../../harness/agent/wire.h"
#include "../../harness/base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <math.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOURNAL "/journal"
#define UNIT "chronyd.service"
#define GROUP "/sys/fs/cgroup/system.slice/" UNIT
#define HEART "/var/heart" /* in a folder, which the agent's mount namespace shows as well */

enum { READINGS = 50, KILLS = 40, DECLARED = 20, TRUE_WITHIN_NS = 100000, PATIENCE_MS = 20000 };

static int failures;

__attribute__((format(printf, 2, 3))) static void claim(bool holds, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)printf("%s - ", holds ? "ok" : "not ok");
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(args);
    failures += !holds;
}

_Noreturn static void power_off(void)
{
    (void)fflush(stdout);
    (void)reboot(RB_POWER_OFF);
    _exit(1);
}

static void demand(bool holds, const char *what)
{
    if (holds)
        return;
    (void)printf("not ok - the machine: %s (%s)\n", what, strerror(errno));
    power_off();
}

/* -- the true time, reckoned apart from what is tested ---------------------------------------- */

#define FREQ_PPM 12.5

struct truth {
    int64_t wall_ns, raw_ns;
};

static int64_t off_ns(const struct truth *truth)
{
    struct clock_pair pair = clock_pair_read();
    double gone_ns = (double)(pair.raw_ns - truth->raw_ns);

    return pair.wall_ns - truth->wall_ns - llrint(gone_ns * (1 + FREQ_PPM / 1e6));
}

/* A clock that somebody keeps: not at its nominal rate, and synchronised. */
static void keep_clock(struct truth *truth)
{
    struct timex timex = {.modes = ADJ_FREQUENCY | ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR,
                          .freq = (long)(FREQ_PPM * 65536),
                          .status = STA_PLL,
                          .maxerror = 5000,
                          .esterror = 300};

    demand(adjtimex(&timex) >= 0, "adjtimex");
    struct clock_pair pair = clock_pair_read();
    *truth = (struct truth){pair.wall_ns, pair.raw_ns};
}

static bool fields_are_back(void)
{
    struct timex timex = {0};

    demand(adjtimex(&timex) >= 0, "adjtimex");
    bool back = timex.freq == (long)(FREQ_PPM * 65536) && timex.tick == 10000 &&
                timex.status == STA_PLL && timex.esterror == 300 && timex.maxerror >= 5000 &&
                timex.maxerror < 5000 + 500 * 600;
    if (!back)
        (void)printf("freq %ld tick %ld status %#x max %ld est %ld\n", timex.freq, timex.tick,
                     (unsigned)timex.status, timex.maxerror, timex.esterror);
    return back;
}

/* -- a time service --------------------------------------------------------------------------- */

struct heart {
    struct truth truth;
    volatile uint64_t beats, corrections;
};

static struct heart *heart;

static void map_heart(void)
{
    int fd = open(HEART, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    demand(fd >= 0 && ftruncate(fd, sizeof *heart) == 0, "a file");
    heart = mmap(NULL, sizeof *heart, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    demand(heart != MAP_FAILED, "memory");
    (void)close(fd);
}

_Noreturn static void chronyd_main(void)
{
    map_heart();
    for (;; heart->beats++) {
        int64_t off = off_ns(&heart->truth);
        if (llabs(off) > NS_PER_MS) {
            struct clock_pair pair = clock_pair_read();
            int64_t now_ns = pair.wall_ns - off;
            const struct timespec now = {now_ns / NS_PER_SEC, now_ns % NS_PER_SEC};
            (void)clock_settime(CLOCK_REALTIME, &now);
            heart->corrections++;
        }
        clock_sleep_until(clock_now_ns() + 10 * NS_PER_MS);
    }
}

static pid_t start_chronyd(void)
{
    static char name[] = "chronyd", *argv[] = {name, NULL}, *env[] = {NULL};
    pid_t pid = fork();

    if (pid == 0) {
        (void)close_range(3, ~0U, 0);
        (void)execve("/sbin/chronyd", argv, env);
        _exit(127);
    }
    return pid;
}

static void await_beat(void)
{
    uint64_t beats = heart->beats;
    int64_t deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;

    while (heart->beats < beats + 3 && clock_now_ns() < deadline_ns)
        clock_sleep_until(clock_now_ns() + NS_PER_MS);
}

static bool beats_now(void)
{
    uint64_t beats = heart->beats;

    await_beat();
    return heart->beats > beats;
}

static bool write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* Stands in for systemd: the unit is a control group, as it is there. */
static int systemctl_main(int argc, char **argv)
{
    if (argc != 3 || strcmp(argv[2], UNIT) != 0)
        return 5;
    if (strcmp(argv[1], "stop") == 0) {
        if (!write_text(GROUP "/cgroup.kill", "1"))
            return 1;
        for (char text[64] = "populated 1"; strstr(text, "populated 1");) {
            int fd = open(GROUP "/cgroup.events", O_RDONLY);
            ssize_t got = read(fd, text, sizeof text - 1);
            text[got > 0 ? got : 0] = '\0';
            (void)close(fd);
        }
        return 0;
    }
    if (strcmp(argv[1], "start") != 0)
        return 1;
    char text[32];
    (void)snprintf(text, sizeof text, "%d", (int)start_chronyd());
    return !write_text(GROUP "/cgroup.procs", text);
}

/* -- what is tried ---------------------------------------------------------------------------- */

static struct host *open_host(void)
{
    const struct host_options options = {.journal_folder = JOURNAL, .healed = stdout};
    struct host *host = NULL;
    struct err err = {0};

    if (host_open(&host, &options, &err))
        claim(false, "%s", err.msg);
    demand(host != NULL, "no host");
    return host;
}

static void declare(struct host *host, const struct clock_fault *fault)
{
    const struct host_world world = {.clock = *fault};
    struct err err = {0};

    if (host_declare(host, &world, &err))
        claim(false, "%s", err.msg);
}

static void try_steps(struct host *host, const struct truth *truth)
{
    static const int64_t steps[] = {NS_PER_MS, 3600 * NS_PER_SEC, -86400 * NS_PER_SEC};

    for (int i = 0; i < 3; i++) {
        int64_t worst_ns = 0;
        declare(host, &(struct clock_fault){.wall_offset_ns = steps[i]});
        for (int k = 0; k < READINGS; k++) {
            int64_t beside_ns = llabs(off_ns(truth) - steps[i]);
            worst_ns = beside_ns > worst_ns ? beside_ns : worst_ns;
        }
        claim(worst_ns < NS_PER_MS, "host clock step %+.3f s: at most %.3f us beside that",
              (double)steps[i] / 1e9, (double)worst_ns / 1e3);
    }
}

static void try_drift(struct host *host, const struct truth *truth, int64_t rate_ppm)
{
    declare(host, &(struct clock_fault){.wall_rate_ppm = rate_ppm});
    int64_t begin_off_ns = off_ns(truth), begin_ns = clock_pair_read().raw_ns;
    clock_sleep_until(clock_now_ns() + 2 * NS_PER_SEC);
    int64_t end_off_ns = off_ns(truth), end_ns = clock_pair_read().raw_ns;
    double ppm = (double)(end_off_ns - begin_off_ns) / (double)(end_ns - begin_ns) * 1e6;
    double beside = ppm - (double)rate_ppm * (1 + FREQ_PPM / 1e6);

    claim(fabs(beside) < 50, "host clock drift %+lld ppm: %+.3f ppm beside that",
          (long long)rate_ppm, beside);
}

static int compare(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;

    return *a < *b ? -1 : *a > *b;
}

/* How far from what is declared a clock is that goes by jumps, as somebody who looks now and then
 * sees it. */
static void try_jumping(struct host *host, const struct truth *truth, int64_t rate_ppm)
{
    int64_t beside_ns[4 * READINGS];

    declare(host, &(struct clock_fault){.wall_rate_ppm = rate_ppm});
    int64_t begin_ns = clock_pair_read().raw_ns;
    for (int i = 0; i < 4 * READINGS; i++) {
        clock_sleep_until(clock_now_ns() + 3 * NS_PER_MS + i % 7 * NS_PER_MS / 10);
        double gone_ns = (double)(clock_pair_read().raw_ns - begin_ns);
        beside_ns[i] = off_ns(truth) - llrint(gone_ns * (double)rate_ppm / 1e6);
    }
    qsort(beside_ns, 4 * READINGS, sizeof *beside_ns, compare);
    double least_ms = (double)beside_ns[READINGS] / 1e6;
    double most_ms = (double)beside_ns[3 * READINGS] / 1e6;
    claim(most_ms - least_ms < 2,
          "host clock %+lld ppm by jumps: half of %d readings within %.3f ms, all within %.3f ms",
          (long long)rate_ppm, 4 * READINGS, most_ms - least_ms,
          (double)(beside_ns[4 * READINGS - 1] - beside_ns[0]) / 1e6);
}

static void try_strobe(struct host *host, const struct truth *truth)
{
    const int64_t far_ns = 60 * NS_PER_SEC;
    int64_t worst_ns = 0, deadline_ns = clock_now_ns() + PATIENCE_MS * NS_PER_MS;
    int away = 0, here = 0;

    declare(host,
            &(struct clock_fault){.strobe_offset_ns = far_ns, .strobe_period_ns = 50 * NS_PER_MS});
    while (away < READINGS || here < READINGS) {
        int64_t off = off_ns(truth);
        bool is_away = off > far_ns / 2;
        away += is_away;
        here += !is_away;
        off = llabs(is_away ? off - far_ns : off);
        worst_ns = off > worst_ns ? off : worst_ns;
        if (clock_now_ns() > deadline_ns)
            break;
        clock_sleep_until(clock_now_ns() + 3 * NS_PER_MS);
    }
    claim(away >= READINGS && here >= READINGS && worst_ns < NS_PER_MS,
          "host clock strobe of 60 s every 50 ms: of %d readings %d away, at most %.3f us beside",
          away + here, away, (double)worst_ns / 1e3);
}

static void expect_true(const struct truth *truth, const char *when)
{
    int64_t off = off_ns(truth);

    claim(llabs(off) < TRUE_WITHIN_NS, "%s: true to %.3f us", when, (double)llabs(off) / 1e3);
}

static int drop_right(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    if (syscall(SYS_capget, &header, data))
        return -1;
    data[0].effective &= ~(1U << CAP_SYS_TIME);
    data[0].permitted &= ~(1U << CAP_SYS_TIME);
    data[0].inheritable &= ~(1U << CAP_SYS_TIME);
    return (int)syscall(SYS_capset, &header, data);
}

/* In a child: root as a container has it. */
static int declare_without_right(void)
{
    const struct host_world world = {.clock = {.wall_offset_ns = NS_PER_SEC}};
    struct host *host = open_host();
    struct err err = {0};

    if (drop_right())
        return 2;
    if (host_declare(host, &world, &err) == 0 || !strstr(err.msg, "CAP_SYS_TIME"))
        return 3;
    return host_close(host, &err) ? 4 : 0;
}

static void try_without_right(void)
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(declare_without_right());
    (void)waitpid(pid, &status, 0);
    claim(status == 0 && beats_now() && fields_are_back(),
          "without the right to set the clock nothing is begun (%#x)", (unsigned)status);
}

static void try_faults(const struct truth *truth)
{
    static const int64_t rates[] = {100, -20000, 90000, -100000};
    struct host_receipt receipt;
    struct host *host = open_host();
    struct err err = {0};

    try_steps(host, truth);
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        try_drift(host, truth, rates[i]);
    try_jumping(host, truth, 500000);
    try_jumping(host, truth, -500000);
    try_jumping(host, truth, -1000000);
    try_strobe(host, truth);
    declare(host, &(struct clock_fault){.wall_offset_ns = 7 * NS_PER_SEC});
    bool told = host_receipt(host, &receipt, &err) == 0;
    claim(told && receipt.clock.reads > 100 &&
              llabs(receipt.clock.offset_ns - 7 * NS_PER_SEC) < TRUE_WITHIN_NS,
          "the receipt tells of %llu readings that were off, and by how much",
          told ? (unsigned long long)receipt.clock.reads : 0);
    claim(heart->corrections == 0, "no time service interfered");
    declare(host, &(struct clock_fault){0});
    expect_true(truth, "healed by declaration");
    const struct host_world monotonic = {.clock = {.monotonic_rate_ppm = 5}};
    claim(host_declare(host, &monotonic, &err) < 0, "refused: %s", err.msg);
    if (host_close(host, &err))
        claim(false, "%s", err.msg);
    expect_true(truth, "closed");
    claim(fields_are_back(),
          "closed: adjtimex has the frequency, tick, status and errors of before");
    claim(beats_now() && heart->corrections == 0, "closed: the time service runs again");
}

/* -- killed ----------------------------------------------------------------------------------- */

_Noreturn static void live(void)
{
    struct host *host = open_host();
    struct err err;

    for (int i = 0; i < DECLARED; i++)
        declare(host, &(struct clock_fault){.wall_offset_ns = (i - 50) * NS_PER_SEC,
                                            .wall_rate_ppm = i % 2 ? 70000 : -300000});
    declare(host, &(struct clock_fault){.strobe_offset_ns = 9 * NS_PER_SEC,
                                        .strobe_period_ns = NS_PER_MS});
    declare(host, &(struct clock_fault){0});
    _exit(host_close(host, &err) ? 1 : 0);
}

/* As in tests/agent/test_host_rules.c. */
static long live_until(long last)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        (void)ptrace(PTRACE_TRACEME, 0, 0, 0);
        (void)raise(SIGSTOP);
        live();
    }
    (void)waitpid(pid, &status, 0);
    for (long calls = 0; WIFSTOPPED(status); calls++) {
        if (calls == last) {
            (void)kill(pid, SIGKILL);
            (void)waitpid(pid, &status, 0);
            return calls;
        }
        int sent = WSTOPSIG(status);
        (void)ptrace(PTRACE_SYSCALL, pid, 0, sent == SIGTRAP || sent == SIGSTOP ? 0 : sent);
        (void)waitpid(pid, &status, 0);
        if (!WIFSTOPPED(status)) {
            claim(status == 0, "nobody killed it: %ld system calls", calls);
            return calls;
        }
    }
    return 0;
}

/* The real agent's exit code. */
static int heal(bool quietly)
{
    static char name[] = "ordeal-agent", option[] = "--heal", where[] = "--journal",
                folder[] = JOURNAL;
    char *argv[] = {name, option, where, folder, NULL};
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY);
        if (quietly)
            (void)dup2(nowhere, STDOUT_FILENO);
        (void)execv("/sbin/ordeal-agent", argv);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void try_kills(const struct truth *truth, const char *service)
{
    int64_t worst_ns = 0, wrong_ns = 0;
    int healed = 0, wrong = 0, back = 0, running = 0;
    long calls = live_until(-1);

    for (int i = 0; i < KILLS; i++) {
        (void)live_until(1 + i * calls / KILLS);
        int64_t left_ns = llabs(off_ns(truth));
        wrong_ns = left_ns > wrong_ns ? left_ns : wrong_ns;
        wrong += left_ns > TRUE_WITHIN_NS;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ; /* what was orphaned: each would be one more process to look at */
        healed += heal(i != KILLS / 2) == 0;
        int64_t off = llabs(off_ns(truth));
        worst_ns = off > worst_ns ? off : worst_ns;
        back += fields_are_back();
        running += beats_now();
    }
    claim(healed == KILLS && wrong > 0 && worst_ns < TRUE_WITHIN_NS,
          "%s: killed at %d moments, %d times with the clock off by up to %.3f s, and healed: "
          "true to %.3f us",
          service, KILLS, wrong, (double)wrong_ns / 1e9, (double)worst_ns / 1e3);
    claim(back == KILLS, "%s: adjtimex is as before each time", service);
    claim(running == KILLS && heart->corrections == 0, "%s: runs again each time", service);
    claim(heal(false) == 0, "%s: nothing is left to heal", service);
}

/* -- the agent, by its protocol --------------------------------------------------------------- */

struct agent {
    pid_t pid;
    int in;
    FILE *out;
};

static void start_agent(struct agent *agent)
{
    static char name[] = "ordeal-agent", host[] = "--host", folder[] = JOURNAL,
                own[] = "--host-clock";
    char *argv[] = {name, host, folder, own, NULL};
    int in[2], out[2];

    demand(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0, "pipes");
    agent->pid = fork();
    if (agent->pid == 0) {
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        (void)execv("/sbin/ordeal-agent", argv);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    agent->in = in[1];
    agent->out = fdopen(out[0], "r");
    demand(agent->out != NULL, "a stream");
}

/* Its answer, or "" if it has none. */
static const char *ask(struct agent *agent, const char *request)
{
    static char answer[65536];

    (void)dprintf(agent->in, "%s\n", request);
    answer[0] = '\0';
    while (fgets(answer, sizeof answer, agent->out) && strstr(answer, "\"event\""))
        ;
    return answer;
}

static void end_agent(struct agent *agent)
{
    int status;

    (void)close(agent->in);
    (void)waitpid(agent->pid, &status, 0);
    (void)fclose(agent->out);
}

static void try_agent(const struct truth *truth)
{
    static const char hour[] = "{\"id\":2,\"verb\":\"world\",\"version\":1,\"state\":\"running\","
                               "\"clock\":{\"wall_offset_ns\":3600000000000}}";
    struct agent agent;
    char hello[128];

    (void)snprintf(hello, sizeof hello,
                   "{\"id\":1,\"verb\":\"hello\",\"protocol\":%d,\"needs\":[\"clock\"]}",
                   PROTOCOL_VERSION);
    start_agent(&agent);
    const char *said = ask(&agent, hello);
    claim(strstr(said, "\"abilities\"") != NULL, "the agent opens the host: %.200s", said);
    said = ask(&agent, hour);
    const char *offset = strstr(said, "\"wall_offset_ns\":");
    claim(offset && llabs(strtoll(offset + 17, NULL, 10) - 3600 * NS_PER_SEC) < NS_PER_MS &&
              llabs(off_ns(truth) - 3600 * NS_PER_SEC) < NS_PER_MS,
          "the agent's receipt tells that the host is an hour ahead, as it is");
    end_agent(&agent);
    expect_true(truth, "the controller's connection went away");
    claim(fields_are_back() && beats_now(), "and all is as before");

    start_agent(&agent);
    (void)ask(&agent, hello);
    (void)ask(&agent, hour);
    claim(llabs(off_ns(truth) - 3600 * NS_PER_SEC) < NS_PER_MS, "an hour ahead again");
    (void)kill(agent.pid, SIGKILL);
    end_agent(&agent);
    start_agent(&agent);
    (void)ask(&agent, hello);
    expect_true(truth, "the agent was killed, and the next one has started");
    end_agent(&agent);
    claim(fields_are_back() && beats_now() && heal(false) == 0, "and all is as before");
}

/* -- the machine ------------------------------------------------------------------------------ */

static void copy(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
    ssize_t got;

    demand(in >= 0 && out >= 0, from);
    while ((got = read(in, bytes, sizeof bytes)) > 0)
        demand(write(out, bytes, (size_t)got) == got, to);
    (void)close(in);
    (void)close(out);
}

/* A root that a mount namespace can leave, as that of a machine is: the first one cannot be left.
 */
static void change_root(void)
{
    static char name[] = "/init", again[] = "again", *argv[] = {name, again, NULL}, *env[] = {NULL};

    demand(mkdir("/new", 0755) == 0 && mount("root", "/new", "tmpfs", 0, NULL) == 0, "a root");
    demand(mkdir("/new/sbin", 0755) == 0 && mkdir("/new" JOURNAL, 0700) == 0, "folders");
    copy("/init", "/new/init");
    copy("/ordeal-agent", "/new/sbin/ordeal-agent");
    demand(link("/new/init", "/new/sbin/chronyd") == 0, "chronyd");
    demand(link("/new/init", "/new/sbin/systemctl") == 0, "systemctl");
    demand(chdir("/new") == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0,
           "another root");
    (void)execve("/init", argv, env);
    demand(false, "/init");
}

static void make_machine(void)
{
    static const char *const folders[] = {"/proc", "/sys", "/dev", "/run", "/tmp", "/var"};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        (void)mkdir(folders[i], 0755);
    demand(mount("proc", "/proc", "proc", 0, NULL) == 0, "/proc");
    demand(mount("sys", "/sys", "sysfs", 0, NULL) == 0, "/sys");
    demand(mount("dev", "/dev", "devtmpfs", 0, NULL) == 0 || errno == EBUSY, "/dev");
    demand(mount("group", "/sys/fs/cgroup", "cgroup2", 0, NULL) == 0, "cgroup2");
    demand(mkdir("/sys/fs/cgroup/system.slice", 0755) == 0 && mkdir(GROUP, 0755) == 0, "a unit");
    map_heart();
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];

    if (strcmp(name, "chronyd") == 0)
        chronyd_main();
    if (strcmp(name, "systemctl") == 0)
        return systemctl_main(argc, argv);
    if (getpid() != 1)
        return 254;
    if (argc < 2)
        change_root();
    make_machine();
    keep_clock(&heart->truth);
    pid_t chronyd = start_chronyd();
    demand(beats_now(), "a time service");
    try_without_right();
    try_faults(&heart->truth);
    try_kills(&heart->truth, "a time service that is a process");
    (void)kill(chronyd, SIGKILL);
    (void)waitpid(chronyd, NULL, 0);
    demand(mkdir("/run/systemd", 0755) == 0 && mkdir("/run/systemd/system", 0755) == 0, "/run");
    char pid[32];
    (void)snprintf(pid, sizeof pid, "%d", (int)start_chronyd());
    demand(write_text(GROUP "/cgroup.procs", pid) && beats_now(), "a unit's process");
    try_kills(&heart->truth, "a time service that is a unit");
    try_agent(&heart->truth);
    (void)printf("done, %d failures\n", failures);
    power_off();
}
