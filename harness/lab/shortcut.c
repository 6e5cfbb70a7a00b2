/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "shortcut.h"

#include "netlink.h"
#include "network.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/pkt_cls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct shortcut {
    int program;
    _Atomic node_set *reached; /* what the programs read */
    size_t size;               /* of its page */
    pthread_mutex_t lock;      /* for what follows, and to write what they read */
    node_set joined;
    bool open;
};

static int bpf(int command, union bpf_attr *attr)
{
    return (int)syscall(SYS_bpf, command, attr, sizeof *attr);
}

/* -- the program ------------------------------------------------------------------------------ */

enum { TO_BRIDGE = INT16_MAX }; /* a jump to the program's end */

/* Registers: the kernel's callees keep 6 to 9; a call's arguments are in 1 and 2. */
enum { ARG1 = BPF_REG_1, ARG2, SKB = BPF_REG_6, DATA, INDEX, REACHED };

static struct bpf_insn load(int size, int to, int from, size_t offset)
{
    return (struct bpf_insn){.code = (uint8_t)(BPF_LDX | BPF_MEM | size),
                             .dst_reg = (unsigned)to & 0xf,
                             .src_reg = (unsigned)from & 0xf,
                             .off = (int16_t)offset};
}

/* `value` is the constant, or 0 and `with` the other register. */
static struct bpf_insn calculate(int operation, int to, int with, int32_t value)
{
    return (struct bpf_insn){
        .code = (uint8_t)(BPF_ALU64 | operation | (with ? BPF_X : BPF_K)),
        .dst_reg = (unsigned)to & 0xf,
        .src_reg = (unsigned)with & 0xf,
        .imm = value,
    };
}

static struct bpf_insn bridge_if(int comparison, int what, int with, int32_t value)
{
    return (struct bpf_insn){
        .code = (uint8_t)(BPF_JMP | comparison | (with ? BPF_X : BPF_K)),
        .dst_reg = (unsigned)what & 0xf,
        .src_reg = (unsigned)with & 0xf,
        .off = TO_BRIDGE,
        .imm = value,
    };
}

static struct bpf_insn call(int function)
{
    return (struct bpf_insn){.code = BPF_JMP | BPF_CALL, .imm = function};
}

enum { PROGRAM_LEN = 31, TO_BRIDGE_AT = PROGRAM_LEN - 2 };

static void write_program(struct bpf_insn code[PROGRAM_LEN], int map)
{
    unsigned char mac[MAC_LEN]; /* that of the first node: others' differ in the last byte */
    uint32_t start;

    address_mac(0, mac);
    memcpy(&start, mac, sizeof start);
    const struct bpf_insn program[] = {
        calculate(BPF_MOV, SKB, ARG1, 0),
        load(BPF_W, DATA, SKB, offsetof(struct __sk_buff, data)),
        load(BPF_W, ARG1, SKB, offsetof(struct __sk_buff, data_end)),
        calculate(BPF_MOV, ARG2, DATA, 0),
        calculate(BPF_ADD, ARG2, 0, ETH_HLEN),
        bridge_if(BPF_JGT, ARG2, ARG1, 0),
        /* to a node, and which? */
        load(BPF_W, ARG1, DATA, 0),
        bridge_if(BPF_JNE, ARG1, 0, (int32_t)start),
        load(BPF_B, ARG1, DATA, 4),
        bridge_if(BPF_JNE, ARG1, 0, mac[4]),
        load(BPF_B, INDEX, DATA, 5),
        calculate(BPF_SUB, INDEX, 0, mac[5]),
        bridge_if(BPF_JGT, INDEX, 0, NODES_MAX - 1),
        /* may it be reached? an address takes two instructions */
        {.code = BPF_LD | BPF_IMM | BPF_DW,
         .dst_reg = REACHED,
         .src_reg = BPF_PSEUDO_MAP_VALUE,
         .imm = map},
        {.code = 0},
        load(BPF_DW, REACHED, REACHED, 0),
        calculate(BPF_RSH, REACHED, INDEX, 0),
        calculate(BPF_AND, REACHED, 0, 1),
        bridge_if(BPF_JEQ, REACHED, 0, 0),
        /* a bridge gives nobody back what he sent */
        calculate(BPF_ADD, INDEX, 0, network_port(0)),
        load(BPF_W, ARG1, SKB, offsetof(struct __sk_buff, ifindex)),
        bridge_if(BPF_JEQ, ARG1, INDEX, 0),
        /* where it came in it was another host's; kernels before 6.15 leave it so */
        calculate(BPF_MOV, ARG1, SKB, 0),
        calculate(BPF_MOV, ARG2, 0, PACKET_HOST),
        call(BPF_FUNC_skb_change_type),
        calculate(BPF_MOV, ARG1, INDEX, 0),
        calculate(BPF_MOV, ARG2, 0, 0),
        call(BPF_FUNC_redirect_peer),
        {.code = BPF_JMP | BPF_EXIT},
        calculate(BPF_MOV, BPF_REG_0, 0, TC_ACT_UNSPEC),
        {.code = BPF_JMP | BPF_EXIT},
    };
    _Static_assert(sizeof program / sizeof program[0] == PROGRAM_LEN, "as counted");
    memcpy(code, program, sizeof program);
}

static int load_program(int map)
{
    struct bpf_insn code[PROGRAM_LEN];
    union bpf_attr attr;

    write_program(code, map);
    for (int i = 0; i < PROGRAM_LEN; i++) {
        if (code[i].off == TO_BRIDGE)
            code[i].off = (int16_t)(TO_BRIDGE_AT - i - 1);
    }
    memset(&attr, 0, sizeof attr);
    attr.prog_type = BPF_PROG_TYPE_SCHED_CLS;
    attr.insns = (uintptr_t)code;
    attr.insn_cnt = PROGRAM_LEN;
    attr.license = (uintptr_t) "GPL";
    return bpf(BPF_PROG_LOAD, &attr);
}

/* -- life ------------------------------------------------------------------------------------- */

static int make_map(void)
{
    union bpf_attr attr;

    memset(&attr, 0, sizeof attr);
    attr.map_type = BPF_MAP_TYPE_ARRAY;
    attr.key_size = sizeof(uint32_t);
    attr.value_size = sizeof(node_set);
    attr.max_entries = 1;
    attr.map_flags = BPF_F_MMAPABLE;
    return bpf(BPF_MAP_CREATE, &attr);
}

/* The program and the mapping keep the map. */
static int fill(struct shortcut *shortcut)
{
    int map = make_map();
    if (map < 0)
        return -1;
    void *page = mmap(NULL, shortcut->size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
    if (page != MAP_FAILED) {
        shortcut->reached = page;
        shortcut->program = load_program(map);
    }
    int code = errno;
    (void)close(map);
    errno = code;
    return shortcut->program < 0 ? -1 : 0;
}

int shortcut_make(struct shortcut **shortcut, struct err *err)
{
    *shortcut = NULL;
    struct shortcut *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, ENOMEM, "out of memory");
    (void)pthread_mutex_init(&made->lock, NULL);
    made->size = (size_t)sysconf(_SC_PAGESIZE);
    made->program = -1;
    made->open = true;
    if (fill(made) < 0) {
        int code = errno;
        shortcut_free(made);
        return err_errno(err, code, "cannot load a BPF program");
    }
    *shortcut = made;
    return 0;
}

void shortcut_free(struct shortcut *shortcut)
{
    if (!shortcut)
        return;
    if (shortcut->reached) {
        atomic_store(shortcut->reached, 0);
        (void)munmap((void *)shortcut->reached, shortcut->size);
    }
    if (shortcut->program >= 0)
        (void)close(shortcut->program);
    (void)pthread_mutex_destroy(&shortcut->lock);
    free(shortcut);
}

/* -- use -------------------------------------------------------------------------------------- */

static int attach(const struct shortcut *shortcut, int index, struct err *err)
{
    struct netlink_batch batch;
    int fd = netlink_open(err);

    if (fd < 0)
        return -1;
    netlink_begin(&batch);
    netlink_add_program(&batch, network_port(index), shortcut->program);
    int result = netlink_send(fd, &batch, err);
    (void)close(fd);
    return result;
}

/* The lock is held. */
static void tell(struct shortcut *shortcut)
{
    atomic_store(shortcut->reached, shortcut->open ? shortcut->joined : 0);
}

int shortcut_add(struct shortcut *shortcut, int index, struct err *err)
{
    if (!shortcut)
        return 0;
    if (attach(shortcut, index, err) < 0)
        return -1;
    pthread_mutex_lock(&shortcut->lock);
    shortcut->joined |= NODE(index);
    tell(shortcut);
    pthread_mutex_unlock(&shortcut->lock);
    return 0;
}

static void set_open(struct shortcut *shortcut, bool open)
{
    if (!shortcut)
        return;
    pthread_mutex_lock(&shortcut->lock);
    shortcut->open = open;
    tell(shortcut);
    pthread_mutex_unlock(&shortcut->lock);
}

void shortcut_shut(struct shortcut *shortcut)
{
    set_open(shortcut, false);
}

void shortcut_open(struct shortcut *shortcut)
{
    set_open(shortcut, true);
}

bool shortcut_reaches(const struct shortcut *shortcut, int index)
{
    return shortcut && (atomic_load(shortcut->reached) & NODE(index));
}
