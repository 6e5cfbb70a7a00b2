#!/usr/bin/env bash
# Ctrl-C: the first heals and gives the verdict of what there is, the second ends at once.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

# Start a run that would last a minute, and wait until its load has begun. (A shell lets what it
# starts in the background ignore SIGINT.)
start() {
    rm -rf store
    env --default-signal=INT "$ordeal" run memory --rate 1000 --time-limit 60 --store "$scratch/store" --seed 1 \
        >out 2>&1 &
    pid=$!
    for ((k = 0; k < 1000; k++)); do
        grep -qs '"load"' store/*/*/history.jsonl && return
        sleep 0.01
    done
}

for signal in INT TERM; do
    start
    kill -$signal $pid
    wait $pid
    code=$?
    if [ $code -eq 0 ] && grep -q '^Passed' out && grep -q '"final"' store/latest/history.jsonl; then
        ok "SIG$signal: the run heals, reads for the last time, and is judged"
    else
        echo "exit code $code" >>out
        not_ok "SIG$signal: the run heals, reads for the last time, and is judged" out
    fi
done

# A client that never comes back keeps the first from ending soon; the second does not wait.
env --default-signal=INT "$ordeal" run memory --set latency_us=20000000 --op-timeout 30 --time-limit 60 \
    --store "$scratch/store" --seed 1 >out 2>&1 &
pid=$!
for ((k = 0; k < 1000; k++)); do
    grep -qs '"load"' store/memory*/*/history.jsonl && break
    sleep 0.01
done
kill -INT $pid
sleep 0.3
kill -INT $pid
wait $pid
code=$?
if [ $code -eq 255 ] && [ -z "$(lab_processes "$scratch/store")" ]; then
    ok 'the second ends at once and leaves nothing'
else
    echo "exit code $code" >>out
    not_ok 'the second ends at once and leaves nothing' out
fi
exit $status
