#!/usr/bin/env bash
# Clocks that are wrong, on real clusters: what should not mind does not, what does is found out.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# nemesis, select, begin, end (in tenths of a second), params: a fault of a plan
fault() {
    printf '{"nemesis":"clock","kind":"%s","select":"%s","begin_ns":%d00000000,"end_ns":%d00000000' "${@:1:4}"
    printf ',"params":{%s}}' "${5:-}"
}

plan() { (IFS=,; printf '{"protect":"none","faults":[%s]}' "$*"); }

# Of the newest run: by how many reads its faults were noticed.
bitten() {
    grep '"edge":"ended"' store/latest/history.jsonl | sed -nE 's/.*"affected":([0-9]+).*/\1/p'
}

plan "$(fault step one 10 40 '"offset_ms":3600000')" "$(fault strobe one 50 70 '"offset_ms":3600000,"period_ms":200')" \
    "$(fault apart all 80 100 '"offset_ms":7200000')" >hour.json
if has_etcd; then
    expect 'etcd with clocks hours ahead, jumping and apart: passed' 0 \
        "$ordeal" run etcd --plan hour.json --time-limit 11 --op-timeout 2 --seed 1
    [ "$(bitten | grep -cv '^0$')" -eq 3 ] && ok 'its nodes were told each of these times' ||
        not_ok 'its nodes were told each of these times' <(bitten)
    grep -qE '"wall_offset_ns":(36000|35999)[0-9]{8},' store/latest/clocks.jsonl &&
        ok 'and a process beside it as well' || not_ok 'and a process beside it as well' store/latest/clocks.jsonl
else
    skip 'etcd with clocks hours ahead, jumping and apart: passed' 'no etcd-server (make packages)'
fi

cp "$here/targets/reference/plans/stopped-leader-clock.json" .
expect 'paxos whose leases trust the clock: a stale read is found' 1 \
    "$ordeal" run paxos --bug lease-trusts-clock --set lease=on -w register --op-timeout 0.3 \
    --plan stopped-leader-clock.json --time-limit 8 --seed 1 --repeat 5 --until-fail
expect_said 'and the fault is named' 'clock n[1-5] wall stands still'
expect 'paxos whose leases go by monotonic clocks: passed' 0 \
    "$ordeal" run paxos --set lease=on -w register --op-timeout 0.3 \
    --plan stopped-leader-clock.json --time-limit 8 --seed 1
if grep -qE '"wall_offset_ns":-[1-9][0-9]{9},' store/latest/clocks.jsonl &&
    grep -q 'class="clock"' store/latest/report.html; then
    ok 'a process saw its clock stand still, and the report draws it'
else
    not_ok 'a process saw its clock stand still, and the report draws it' store/latest/clocks.jsonl
fi

plan "$(fault step one 10 20 '"offset_ms":0')" >nothing.json
plan "$(fault drift one 10 20 '"rate_ppm":-1000001')" >impossible.json
expect 'a clock cannot run backwards: refused before the start' 254 \
    "$ordeal" run lww --plan impossible.json --time-limit 3
expect_said 'with the limits' "rate_ppm.*from -1e\+06 to 1e\+09"
expect 'a step by nothing is no fault' 254 "$ordeal" run lww --plan nothing.json --time-limit 3
exit $status
