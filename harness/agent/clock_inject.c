/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "clock_inject.h"

#ifdef __x86_64__

#include "clock_page.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    USER_CODE_64 = 0x33, /* the code segment of 64-bit programs */
    JUMP_BYTES = 12,
    RESTART_FIRST = 512, /* ERESTARTSYS and its kin, which only tracers see */
    RESTART_LAST = 516,
};

/* -- the vDSO ------------------------------------------------------------------------------------
 */

/* Note the symbol if it is one of the entries. False if the next one is too near for a jump. */
static void take_symbol(struct vdso *vdso, const char *name, uint64_t at)
{
    if (strcmp(name, "__vdso_clock_gettime") == 0)
        vdso->gettime = at;
    if (strcmp(name, "__vdso_gettimeofday") == 0)
        vdso->gettimeofday = at;
    if (strcmp(name, "__vdso_time") == 0)
        vdso->time = at;
}

/* The first system call instruction of the image's executable part. What follows it is never
 * reached, so that any two such bytes will do. */
static uint64_t find_call(const unsigned char *image, const Elf64_Phdr *part)
{
    for (uint64_t i = part->p_offset; i + 1 < part->p_offset + part->p_filesz; i++) {
        if (i >= sizeof(Elf64_Ehdr) && image[i] == 0x0f && image[i + 1] == 0x05)
            return i;
    }
    return 0;
}

static bool apart(uint64_t a, uint64_t b)
{
    return a > b ? a - b >= JUMP_BYTES : b - a >= JUMP_BYTES;
}

int vdso_find(struct vdso *vdso, struct err *err)
{
    const unsigned char *image = (const unsigned char *)getauxval(AT_SYSINFO_EHDR);
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)image;

    *vdso = (struct vdso){0};
    if (!image)
        return err_set(err, ENOTSUP, "the kernel gives programs no vDSO");
    const Elf64_Phdr *parts = (const Elf64_Phdr *)(image + head->e_phoff);
    const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + head->e_shoff);
    uint64_t base = 0;
    for (int i = 0; i < head->e_phnum; i++) {
        if (parts[i].p_type != PT_LOAD)
            continue;
        base = parts[i].p_vaddr - parts[i].p_offset;
        vdso->call = find_call(image, &parts[i]);
    }
    for (int i = 0; i < head->e_shnum; i++) {
        if (sections[i].sh_type != SHT_DYNSYM)
            continue;
        const Elf64_Sym *symbols = (const Elf64_Sym *)(image + sections[i].sh_offset);
        const char *names = (const char *)image + sections[sections[i].sh_link].sh_offset;
        for (size_t k = 0; k < sections[i].sh_size / sizeof *symbols; k++)
            take_symbol(vdso, names + symbols[k].st_name, symbols[k].st_value - base);
    }
    if (!vdso->gettime || !vdso->gettimeofday || !vdso->time || !vdso->call ||
        !apart(vdso->gettime, vdso->gettimeofday) || !apart(vdso->gettime, vdso->time) ||
        !apart(vdso->time, vdso->gettimeofday))
        return err_set(err, ENOTSUP, "the kernel's vDSO is not as expected");
    return 0;
}

/* Where it is in a process; 0: nowhere, or the process has gone. */
static uint64_t vdso_of(pid_t pid)
{
    char path[40];
    Elf64_auxv_t entries[64];

    (void)snprintf(path, sizeof path, "/proc/%d/auxv", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, entries, sizeof entries);
    (void)close(fd);
    for (ssize_t i = 0; i < len / (ssize_t)sizeof *entries; i++) {
        if (entries[i].a_type == AT_SYSINFO_EHDR)
            return entries[i].a_un.a_val;
    }
    return 0;
}

/* -- the traced process --------------------------------------------------------------------------
 */

struct tracee {
    pid_t pid;
    uint64_t call_at;
    const struct granting *granting; /* while it waits for a descriptor, else NULL */
};

/* Wait for its next stop; -1 if it has died. */
static int next_stop(const struct tracee *tracee, int *status)
{
    for (;;) {
        int flags = __WALL | (tracee->granting ? WNOHANG : 0);
        pid_t found = waitpid(tracee->pid, status, flags);
        if (found == tracee->pid)
            return WIFSTOPPED(*status) ? 0 : -1;
        if (found < 0 && errno != EINTR)
            return -1;
        if (found == 0 && tracee->granting)
            (void)tracee->granting->grant(tracee->granting->context, tracee->pid);
    }
}

/* Run on to the next beginning or end of a system call. A SIGSTOP in between (all else is blocked)
 * takes effect when the process is let go: it is delivered, and the stop that it makes passed. */
static int next_call(const struct tracee *tracee)
{
    int status, signal = 0;

    for (;;) {
        if (ptrace(PTRACE_SYSCALL, tracee->pid, NULL, (uintptr_t)signal) ||
            next_stop(tracee, &status))
            return -1;
        if (WSTOPSIG(status) == (SIGTRAP | 0x80))
            return 0;
        signal = status >> 16 ? 0 : WSTOPSIG(status);
    }
}

/* Have it make a system call: *result. -1 if it has died. */
static int call(const struct tracee *tracee, long number, const uint64_t args[6], int64_t *result)
{
    struct user_regs_struct regs;

    if (ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs))
        return -1;
    regs.rip = tracee->call_at;
    regs.rax = (uint64_t)number;
    regs.orig_rax = ~UINT64_C(0); /* what it came from is over */
    regs.rdi = args[0];
    regs.rsi = args[1];
    regs.rdx = args[2];
    regs.r10 = args[3];
    regs.r8 = args[4];
    regs.r9 = args[5];
    if (ptrace(PTRACE_SETREGS, tracee->pid, NULL, &regs))
        return -1;
    do {
        if (next_call(tracee) || next_call(tracee) ||
            ptrace(PTRACE_GETREGS, tracee->pid, NULL, &regs))
            return -1;
        *result = (int64_t)regs.rax;
    } while (*result <= -RESTART_FIRST && *result >= -RESTART_LAST);
    return 0;
}

/* `to`, unconditionally, at `at`. */
static int write_jump(pid_t pid, uint64_t at, uint64_t to)
{
    static const unsigned char load[] = {0x48, 0xb8}; /* movabs $to, %rax */
    static const unsigned char jump[] = {0xff, 0xe0}; /* jmp *%rax */
    unsigned char code[16];                           /* these, and what was behind */

    for (size_t i = 0; i < sizeof code; i += 8) {
        errno = 0;
        long word = ptrace(PTRACE_PEEKTEXT, pid, at + i, NULL);
        if (errno)
            return -1;
        memcpy(code + i, &word, 8);
    }
    memcpy(code, load, sizeof load);
    memcpy(code + sizeof load, &to, sizeof to);
    memcpy(code + sizeof load + sizeof to, jump, sizeof jump);
    for (size_t i = 0; i < sizeof code; i += 8) {
        long word;
        memcpy(&word, code + i, 8);
        if (ptrace(PTRACE_POKETEXT, pid, at + i, word))
            return -1;
    }
    return 0;
}

#define CODE_AT(function) (CLOCK_ADDRESS + ((uintptr_t)(function) - (uintptr_t)__start_clock_code))

static int redirect(pid_t pid, const struct vdso *vdso, uint64_t base)
{
    return write_jump(pid, base + vdso->gettime, CODE_AT(clock_code_gettime)) ||
           write_jump(pid, base + vdso->gettimeofday, CODE_AT(clock_code_gettimeofday)) ||
           write_jump(pid, base + vdso->time, CODE_AT(clock_code_time));
}

static int map(const struct tracee *tracee, int64_t fd, size_t from, size_t size, int rights,
               struct err *err)
{
    int64_t result = 0;
    const uint64_t args[6] = {CLOCK_ADDRESS + from, size,
                              (uint64_t)rights,     MAP_SHARED | MAP_FIXED_NOREPLACE,
                              (uint64_t)fd,         from};

    if (call(tracee, SYS_mmap, args, &result) == 0 && result != (int64_t)args[0])
        return err_errno(err, (int)-result, "the clocks' memory cannot be mapped into it");
    return 0;
}

/* 0 also if it died: whoever waits for it learns that soon enough. */
static int give_clocks(struct tracee *tracee, const struct vdso *vdso,
                       const struct granting *granting, struct err *err)
{
    static const uint64_t nothing[6];
    size_t told = offsetof(struct clock_memory, tallies);
    uint64_t base = vdso_of(tracee->pid);
    int64_t fd = -1, result = 0;

    if (base == 0)
        return err_set(err, ENOTSUP, "it has no vDSO");
    tracee->call_at = base + vdso->call;
    tracee->granting = granting;
    if (call(tracee, SYS_execve, nothing, &fd))
        return 0;
    tracee->granting = NULL;
    if (fd < 0)
        return err_errno(err, (int)-fd, "it cannot be given the clocks' memory");
    int failed =
        map(tracee, fd, 0, told, PROT_READ | PROT_EXEC, err) ||
        map(tracee, fd, told, sizeof(struct clock_memory) - told, PROT_READ | PROT_WRITE, err);
    (void)call(tracee, SYS_close, (const uint64_t[6]){(uint64_t)fd}, &result);
    if (failed)
        return -1;
    if (redirect(tracee->pid, vdso, base) && errno != ESRCH)
        return err_errno(err, errno, "its vDSO cannot be overwritten");
    return 0;
}

int clock_inject(pid_t pid, const struct vdso *vdso, const struct granting *granting,
                 struct err *err)
{
    struct tracee tracee = {.pid = pid};
    struct user_regs_struct regs;
    uint64_t mask, all = ~UINT64_C(0);
    int failed = 0;

    /* To the end of its execve(), which would write its result over a register of ours. */
    if (next_call(&tracee) || ptrace(PTRACE_GETREGS, pid, NULL, &regs) ||
        ptrace(PTRACE_GETSIGMASK, pid, sizeof mask, &mask))
        return 0;
    if (regs.cs != USER_CODE_64) {
        failed = err_set(err, ENOTSUP, "it is a 32-bit program");
    } else {
        (void)ptrace(PTRACE_SETSIGMASK, pid, sizeof all, &all);
        failed = give_clocks(&tracee, vdso, granting, err);
        (void)ptrace(PTRACE_SETREGS, pid, NULL, &regs);
        (void)ptrace(PTRACE_SETSIGMASK, pid, sizeof mask, &mask);
    }
    (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return failed;
}

#else

#include <errno.h>

int vdso_find(struct vdso *vdso, struct err *err)
{
    *vdso = (struct vdso){0};
    return err_set(err, ENOTSUP, "clocks can be told on x86-64 only");
}

int clock_inject(pid_t pid, const struct vdso *vdso, const struct granting *granting,
                 struct err *err)
{
    (void)pid;
    (void)vdso;
    (void)granting;
    return err_set(err, ENOTSUP, "clocks can be told on x86-64 only");
}

#endif
