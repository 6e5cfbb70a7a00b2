#!/usr/bin/env bash
# When the harness dies by SIGKILL at any moment, nothing is left, and what was recorded can be checked.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

tries=${TRIES:-30} left=0 unreadable=0 read_back=0
for ((i = 0; i < tries; i++)); do
    rm -rf store
    "$ordeal" run naive --nemesis partition,kill,pause --time-limit 5 --interval 1 --op-timeout 1 \
        --store "$scratch/store" --seed $i >out 2>&1 &
    pid=$!
    # Spread over start-up (the first 100 ms) and load.
    sleep "0.$(printf '%03d' $((i % 3 ? RANDOM % 100 : RANDOM % 1000)))"
    kill -9 $pid
    wait $pid 2>/dev/null
    for ((k = 0; k < 200; k++)); do # the kernel takes a moment to reap
        [ -n "$(lab_processes "$scratch/store")" ] || break
        sleep 0.01
    done
    [ -z "$(lab_processes "$scratch/store")" ] || left=$((left + 1))
    history=$(echo store/*/*/history.jsonl)
    if [ -s "$history" ]; then
        "$ordeal" check "$history" >out 2>&1
        if [ $? -le 2 ]; then read_back=$((read_back + 1)); else
            unreadable=$((unreadable + 1)); cp out unreadable; fi
    fi
done
[ $left -eq 0 ] && ok "$tries times killed, nothing left" ||
    not_ok "$tries times killed, nothing left ($left times something was)"
[ $unreadable -eq 0 ] && [ $read_back -gt 0 ] && ok "$read_back records of killed runs can be checked" ||
    not_ok "records of killed runs can be checked ($unreadable cannot)" unreadable

# The controller, the reaper and an agent are as mortal as the launcher.
for victim in ordeal ordeal-agent; do
    rm -rf store
    "$ordeal" run naive --time-limit 20 --store "$scratch/store" --seed 1 >out 2>&1 &
    pid=$!
    for ((k = 0; k < 500; k++)); do
        grep -qs '"load"' store/*/*/history.jsonl && break
        sleep 0.01
    done
    for process in $(lab_processes "$scratch/store"); do
        [ "$(cat /proc/$process/comm 2>/dev/null)" = $victim ] && kill -9 "$process" && break
    done
    wait $pid
    code=$?
    sleep 0.2
    if [ -z "$(lab_processes "$scratch/store")" ] && [ $code -ne 0 ]; then
        ok "with '$victim' killed the run ends, is no pass, and leaves nothing"
    else
        not_ok "with '$victim' killed the run ends, is no pass, and leaves nothing (exit code $code)" out
    fi
done
exit $status
