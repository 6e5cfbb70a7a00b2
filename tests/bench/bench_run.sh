#!/usr/bin/env bash
# Whole runs against a target that answers in memory: operations generated, recorded and on disk a
# second; then how fast such a record is read. B is the build folder.
set -eu
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ordeal-bench.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
for workers in 1 2 10; do
    "$B/ordeal" run memory --workload register --concurrency $workers --time-limit 1 --seed 1 --quiet \
        --check-time-limit 20 --store "$scratch/$workers" >/dev/null 2>&1 || true
    lines=$(wc -l <"$scratch/$workers/latest/history.jsonl")
    size=$(stat -c %s "$scratch/$workers/latest/history.jsonl")
    printf '%3d workers  %9d operations in 1 s  %6d MB on disk\n' $workers $((lines / 2)) $((size >> 20))
    [ $workers = 10 ] || rm -rf "${scratch:?}/$workers"
done
head -n 2000000 "$scratch/10/latest/history.jsonl" >"$scratch/history.jsonl"
"$B/tests/bench/bench_read" "$scratch/history.jsonl"
