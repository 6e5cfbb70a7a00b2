/* SPDX-License-Identifier: GPL-2.0-or-later */
/* world.h - what each node's world should look like: faults as declared state.
 *
 * A nemesis never acts. It fills in its contribution to the world; the runner merges all
 * contributions into one, numbers it, and hands it to those who enforce it: the lab (or the agent
 * of a remote host) for packets, the node's agent for processes. Each answers with a receipt: which
 * version is in force there, and what it has affected since the node came up. The zeroed world is
 * the healthy one, so that healing is declaring nothing.
 */
#ifndef ORDEAL_WORLD_H
#define ORDEAL_WORLD_H

#include "base/buf.h"
#include "part.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    NODES_MAX = 63,
    CLIENTS = NODES_MAX, /* the place of the clients among the nodes, for links */
    PLACES_MAX = NODES_MAX + 1,
};

/* A set of places: bit i is node i, bit CLIENTS the clients. */
typedef uint64_t node_set;

#define NODE(i) ((node_set)1 << (i))

static inline int node_set_count(node_set set)
{
    return __builtin_popcountll(set);
}

/* Of a node's system; worse is greater. */
enum process_state {
    PROCESS_RUNNING,
    PROCESS_PAUSED,  /* every process stands still */
    PROCESS_STOPPED, /* what was started was asked to end (SIGTERM), and killed if it did not */
    PROCESS_CRASHED, /* what was started was killed (SIGKILL), but nothing beside it */
    PROCESS_KILLED,  /* the node crashed: every process is gone, /run and /tmp with them */
    PROCESS_STATES
};

extern const char *const process_state_names[PROCESS_STATES]; /* "running", ..., "killed" */

/* How delays are spread around their mean. */
enum link_distribution { LINK_UNIFORM, LINK_NORMAL, LINK_EXPONENTIAL, LINK_PARETO };

/* What happens to packets on their way, beside being cut. Made by the userspace switch
 * (NEED_SWITCH). Probabilities in parts per million. Packets overtake each other where their delays
 * differ; what a limited rate holds goes on in order, and what would wait too long is lost. */
struct link_shape {
    int64_t delay_ns, jitter_ns; /* mean; standard deviation, or half the width */
    int64_t distribution;        /* enum link_distribution */
    int64_t loss_ppm;            /* of packets, in the mean */
    int64_t loss_burst;          /* mean length of a burst (Gilbert-Elliott); 0, 1: independent */
    int64_t duplicate_ppm, reorder_ppm;
    int64_t corrupt_ppm, corrupt_repaired_ppm; /* checksums left wrong; made right again */
    int64_t rate_bps;                          /* bits per second; 0: no limit */
    int64_t reset_ppm; /* of TCP segments: answered with a reset of their connection */
    int64_t flap_ns;   /* all packets are lost in the first half of each such period */
    int64_t port;      /* only packets from or to this port of TCP or UDP; 0: all */
};

/* The shape of all links from a place in `from` to another in `to`. What happens to a link's k-th
 * packet follows from the seed, the link and k (harness/lab/shape.h). */
struct link_rule {
    node_set from, to;
    uint64_t seed;
    struct link_shape shape;
};

enum { LINK_RULES_MAX = 64 };

/* How a node's clocks differ from the machine's, for its processes (NEED_CLOCK). Wall clock is
 * CLOCK_REALTIME and its family, monotonic CLOCK_MONOTONIC and its. Offsets count from when the
 * declaration came; healing takes the wall clock back to the truth, and lets the monotonic clock go
 * on from where it is at its right rate, since it must never go back. */
struct clock_fault {
    int64_t wall_offset_ns, monotonic_offset_ns;
    int64_t wall_rate_ppm, monotonic_rate_ppm;  /* too fast by that; -1000000 stands still */
    int64_t strobe_offset_ns, strobe_period_ns; /* the wall clock jumps to and fro */
};

enum { DISK_FILES_BYTES = 64 };

/* How a node's disk under /node/data misbehaves (NEED_DISK). */
struct disk_fault {
    int64_t lose_unsynced; /* 1: a kill in force takes back what was not synced */
    int64_t torn_ppm;      /* of its dirty pages: kept all the same */
    int64_t strict_names;  /* 1: syncing a file does not keep its name, as POSIX allows */
    int64_t cut_after_ns;  /* the kill comes so much later than it was declared */
    int64_t seed;          /* of these choices */
    int64_t sync_delay_ns; /* of every fsync; INT64_MAX: until healed */
    int64_t io_error_ppm, no_space_ppm; /* of reads, writes and syncs; of writes */
    int64_t read_only;                  /* 1: EROFS */
    /* What a kill in force does to the files, for good: so many bytes get a bit flipped, in all of
     * them together; so many are cut off the end of each; 1: they are what they were when this was
     * declared, cut_after_ns before. */
    int64_t flip_bytes, cut_bytes, stale;
    char files[DISK_FILES_BYTES]; /* only these: a pattern as for fnmatch() of paths below
                                   * /node/data; "": all */
};

/* Whether it changes files for good when the node's processes are killed. */
static inline bool disk_fault_damages(const struct disk_fault *fault)
{
    return fault->flip_bytes || fault->cut_bytes || fault->stale;
}

/* What a node's processes get less of. They are told while they run, need nothing from the start,
 * and hold for processes that begin later as well. */
struct limits {
    int64_t cpu_percent;  /* of the time they run, the rest they are stopped; 0: no limit */
    int64_t memory_bytes; /* resident, together: over it the greatest is killed; 0: no limit */
    int64_t open_files;   /* each; 0: no limit */
    int64_t life_ns;      /* so often what was started is killed and started again; 0: no limit */
};

extern const struct part_member link_members[], clock_members[], disk_members[], limit_members[];

/* What must be there from a node's start, since it cannot be added later and costs where it is not
 * used. */
enum need {
    NEED_SWITCH = 1, /* the userspace path between nodes instead of the kernel's bridge */
    NEED_CLOCK = 2,  /* clocks that can be told */
    NEED_DISK = 4,   /* a file system of ours under /node/data */
    NEED_LIMITS = 8, /* control groups */
};

enum { NEEDS_MAX = 4 };
extern const char *const need_names[NEEDS_MAX]; /* by bit: "switch", "clock", "disk", "limits" */

/* Append the member "needs":["clock",...]; nothing if there are none. */
void needs_print(unsigned needs, struct buf *json);

struct world {
    uint64_t version; /* grows with every declaration; 0: none yet */
    int node_count;
    node_set cut[PLACES_MAX];                /* cut[a] has b: packets from a to b are dropped */
    enum process_state processes[NODES_MAX]; /* of the system on that node */
    struct link_rule links[LINK_RULES_MAX];  /* the shapes of all that apply add up */
    int link_count;
    struct clock_fault clocks[NODES_MAX];
    struct disk_fault disks[NODES_MAX];
    struct limits limits[NODES_MAX];
    node_set absent; /* no members of the cluster: only the system itself can make that true */
    node_set rolled; /* run the system's other version; its target makes that true */
    node_set rolled_for_good; /* the same, also when it is no longer declared */
};

/* Nothing wrong anywhere. */
void world_clear(struct world *world, int node_count);

/* Add a contribution to `into`: cuts and link rules are united, the worse process state wins, and
 * parts are merged (part.h). Link rules beyond LINK_RULES_MAX are left out. */
void world_merge(struct world *into, const struct world *contribution);

bool world_is_healthy(const struct world *world);

/* Add the rule's shape to its links. -1 if there are LINK_RULES_MAX of them. */
int world_shape(struct world *world, const struct link_rule *rule);

/* Whether the part of node `index` that its agent enforces is the same in both. */
bool world_node_same(const struct world *a, const struct world *b, int index);

/* Both directions, every pair (a in left, b in right). */
void world_cut_between(struct world *world, node_set left, node_set right);

/* What is in force at one enforcer, and what has been affected so far (counters only grow). */
struct receipt {
    uint64_t version;
    uint64_t rules;           /* packet rules installed now */
    uint64_t packets_dropped; /* by our rules, ever */
    uint64_t bytes_dropped;
    uint64_t kills;  /* nodes' systems killed, crashed or stopped */
    uint64_t killed; /* processes that died thereby */
    uint64_t pauses; /* nodes' systems paused */
    uint64_t paused; /* processes that were seen stopped */
    uint64_t ended;  /* processes down now though nothing of ours keeps them down */
    /* Packets that the switch treated: */
    uint64_t delayed, lost, duplicated, reordered, corrupted, resets;
    uint64_t overruns; /* lost because the switch was too slow or too full, not by declaration */
    /* Clocks: programs that are told the node's, reads answered with a time that is not the
     * machine's, and what escapes a fault: waits that the kernel judged by its own clock, programs
     * that run by the machine's (32-bit, or traced by somebody when they were executed). */
    uint64_t clock_programs, clock_reads, clock_waits, clock_missed;
    /* Disks: bytes and operations on names taken back, pages torn, syncs delayed, calls failed,
     * bits flipped, bytes cut off files, bytes that are others since a file is what it had been;
     * files that matched a declared pattern when it was declared. */
    uint64_t bytes_lost, names_lost, pages_torn, syncs_delayed, calls_failed, bits_flipped;
    uint64_t bytes_cut, bytes_staled, files_matched;
    uint64_t throttles; /* times that a limit held a process back, or ended it */
    uint64_t members_removed, members_added; /* as the system has agreed */
    uint64_t rolled, rolled_back; /* restarts with the other version, and with the first again */
    enum process_state
        state; /* of this node's system; PROCESS_RUNNING also when none was started */
};

/* What packets of one link have met so far, by kind. */
struct link_effects {
    uint64_t cut, delayed, lost, duplicated, reordered, corrupted, resets;
};

/* The members of a receipt that are counts, by name: how receipts are added, printed and read. */
struct receipt_count {
    const char *name;
    size_t offset; /* of a uint64_t in struct receipt */
    bool always;   /* printed even if it is 0 */
};

extern const struct receipt_count receipt_counts[]; /* ends with a NULL name */

static inline uint64_t *receipt_at(const struct receipt *receipt, const struct receipt_count *count)
{
    return (uint64_t *)((uintptr_t)receipt + count->offset);
}

/* Sum of counters (and rules), the least version, the worst state: a cluster's receipt from its
 * enforcers'. A zeroed `into` with version UINT64_MAX is the neutral start. */
void receipt_add(struct receipt *into, const struct receipt *one);

/* Append the member "receipt":{...} to a JSON object under way. */
void receipt_print(const struct receipt *receipt, struct buf *json);

#endif
