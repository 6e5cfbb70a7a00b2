#!/usr/bin/env bash
# Disks that lose power: what is acknowledged before it is synced is lost, and found to be; what is synced stays.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1
packages=$(dirname "$ordeal")/packages/usr/bin
cut='power-cut:torn_ppm=0'

if [ ! -x "$(dirname "$ordeal")/ordeal-lossfs" ]; then
    skip 'disks that lose power' 'ordeal-lossfs was not built (libfuse3-dev)'
    exit 0
fi
if [ ! -r /dev/fuse ] || [ ! -w /dev/fuse ]; then
    skip 'disks that lose power' '/dev/fuse may not be opened (ordeal doctor)'
    exit 0
fi

expect 'the disk can be trusted' 0 "$ordeal" doctor --disk

# Whoever asked for its test is killed while the test stands still.
for ((try = 0; try < 10; try++)); do
    "$ordeal" doctor --disk >out 2>&1 &
    pid=$! child=
    while [ -z "$child" ] && [ -e /proc/$pid/exe ]; do read -r child _ </proc/$pid/task/$pid/children; done 2>/dev/null
    kill -STOP "$child" && kill -9 $pid
    wait $pid
    grep -q trusted out || break # it was too quick
done 2>/dev/null
kill -CONT "$child"
for ((k = 0; k < 1000; k++)); do [ -e "/proc/$child/exe" ] || break; sleep 0.01; done
[ ! -e "/proc/$child/exe" ] && ! grep -q trusted out && ok 'its test ends with whoever asked for it' ||
    not_ok 'its test ends with whoever asked for it' out

expect 'raft under power cuts: passed' 0 \
    "$ordeal" run raft --nemesis power-cut --interval 2 --time-limit 6 --op-timeout 2 --seed 1
[ -s store/latest/nodes/n1/disk.log ] && ok 'what each disk lost is logged' ||
    not_ok 'what each disk lost is logged'
expect 'raft with disks that are slow, stall and fail: passed' 0 \
    "$ordeal" run raft --nemesis slow-disk,stalled-disk,disk-error --interval 2 --time-limit 6 --seed 1

# For good, but for a follower alone, whose leader puts it right.
expect 'raft with the end of a log cut off: passed' 0 \
    "$ordeal" run raft --nemesis truncate:files=log:kind=follower:bytes=50 --interval 2 --time-limit 2 --seed 1
grep -q '"edge":"ended".*"affected":50,.*"bytes_cut":50,"files_matched":1' store/latest/history.jsonl &&
    grep -q "cut bytes .* off 'log'" store/latest/nodes/*/disk.log &&
    ok 'and the receipt counts the bytes' || not_ok 'and the receipt counts the bytes' store/latest/history.jsonl
expect 'damage to the files of a majority is refused' 254 "$ordeal" run raft --nemesis bit-flip:kind=majority
expect_said 'with the way to have it' 'majority must survive; .*--protect none'

if has redis-server || [ -x "$packages/redis-server" ]; then
    expect 'redis with appendfsync=everysec: acknowledged writes are lost' 1 \
        "$ordeal" run redis -w register --set appendfsync=everysec --nemesis "$cut" --interval 2 \
        --time-limit 8 --op-timeout 1 --concurrency 5 --seed 1
    expect 'redis with appendfsync=always: none is' 0 \
        "$ordeal" run redis -w register --set appendfsync=always --nemesis "$cut" --interval 2 \
        --time-limit 8 --op-timeout 1 --concurrency 5 --seed 1
    expect 'redis with files of a while before: acknowledged writes are lost' 1 \
        "$ordeal" run redis -w register --nemesis stale-snapshot:age_ms=500 --protect none --interval 2 \
        --time-limit 4 --op-timeout 1 --concurrency 5 --seed 1
else
    skip 'redis with appendfsync=everysec: acknowledged writes are lost' 'no redis-server (make packages)'
    skip 'redis with appendfsync=always: none is' 'no redis-server (make packages)'
    skip 'redis with files of a while before: acknowledged writes are lost' 'no redis-server (make packages)'
fi

if has_etcd; then
    expect 'etcd under power cuts: passed' 0 \
        "$ordeal" run etcd --nemesis power-cut --interval 4 --time-limit 9 --op-timeout 2 --seed 1
    expect 'etcd with a file cut short: the node refuses it, the others answer: passed' 0 \
        "$ordeal" run etcd --nemesis truncate:files=etcd/member/snap/db:bytes=16384 --interval 2 --time-limit 3 --seed 1
    grep -qE '"f":"refused","value":\["n[1-5]"' store/latest/history.jsonl && ok 'and the record says who refused' ||
        not_ok 'and the record says who refused' out
else
    skip 'etcd under power cuts: passed' 'no etcd-server (make packages)'
fi
exit $status
