#!/usr/bin/env bash
# The main job on real clusters: what must be found is found, what is right passes, and every fault bit.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# Every fault of the newest run has ended, and affected something.
all_bit() {
    local ended
    ended=$(grep -c '"edge":"ended"' store/latest/history.jsonl)
    if [ "$ended" -gt 0 ] && ! grep '"edge":"ended"' store/latest/history.jsonl |
        grep -q '"affected":0[,}]'; then
        ok "$1"
    else
        grep '"process":"nemesis"' store/latest/history.jsonl >nemesis
        not_ok "$1" nemesis
    fi
}

expect 'naive replication under a partition: a violation is found' 1 \
    "$ordeal" run naive --nemesis partition --time-limit 5 --interval 4 --op-timeout 1 --seed 1
all_bit 'its partitions dropped packets'
expect 'the record alone gives the same verdict' 1 "$ordeal" check store/latest/history.jsonl
[ -s store/latest/report.html ] && ok 'there is a report' || not_ok 'there is a report'
expect 'naive replication under kill and pause ends with a verdict' 1 \
    "$ordeal" run naive --nemesis kill,pause --time-limit 6 --interval 3 --op-timeout 1 --seed 2
all_bit 'its kills and pauses hit processes'

if has_etcd; then
    expect 'etcd under partition, kill and pause: passed' 0 \
        "$ordeal" run etcd --nemesis partition,kill,pause --time-limit 15 --op-timeout 2 --seed 3
    all_bit 'each of its faults affected something'
    expect 'etcd with serializable reads: a stale read is found' 1 \
        "$ordeal" run etcd --set reads=serializable --nemesis partition --time-limit 8 \
        --interval 4 --op-timeout 2 --seed 4
else
    skip 'etcd under partition, kill and pause: passed' 'no etcd-server (make packages)'
    skip 'etcd with serializable reads: a stale read is found' 'no etcd-server (make packages)'
fi
exit $status
