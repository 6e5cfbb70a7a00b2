#!/usr/bin/env bash
# Packets delayed, lost, repeated, reordered, corrupted, limited, reset, on real clusters: each fault bites, a
# right protocol stays right, for root and for ordinary users.
. "$(dirname "$0")/lib.bash"
cd "$scratch" || exit 1

second() { echo $(($1 * 100000000)); } # of tenths
fault() { # nemesis, kind, from, to (tenths of a second), params
    printf '{"nemesis":"%s","kind":"%s","select":"all","begin_ns":%s,"end_ns":%s,"seed":5,"params":{%s}}' \
        "$1" "$2" "$(second "$3")" "$(second "$4")" "$5"
}
{
    printf '{"faults":['
    fault delay all 2 10 '"delay_ms":10,"jitter_ms":5,"distribution":1'
    printf ','; fault loss random 11 18 '"loss_percent":20'
    printf ','; fault loss bursty 19 26 '"loss_percent":20,"burst":3'
    printf ','; fault partition halves 27 35 ''
    printf ','; fault duplicate all 36 43 '"duplicate_percent":50'
    printf ','; fault reorder all 44 51 '"reorder_percent":50'
    printf ','; fault corrupt detected 52 59 '"corrupt_percent":20'
    printf ','; fault rate all 60 67 '"rate_kbps":2000'
    printf ','; fault reset clients 68 72 '"reset_percent":20'
    printf ','; fault flap all 73 79 '"period_ms":100'
    printf ']}'
} >plan

edges() { grep -c "\"edge\":\"$1\"" store/latest/history.jsonl; }
# Of each fault: what was affected, and the sum of its own counter over all links.
by_link() {
    local line f affected counter
    while read -r line; do
        f=$(sed -E 's/.*"f":"([a-z]+)".*/\1/' <<<"$line")
        affected=$(sed -E 's/.*"affected":([0-9]+).*/\1/' <<<"$line")
        case $f in
        partition) counter=packets_dropped ;;
        delay | rate) counter=delayed ;;
        loss | flap) counter=lost ;;
        duplicate) counter=duplicated ;;
        reorder) counter=reordered ;;
        corrupt) counter=corrupted ;;
        reset) counter=resets ;;
        esac
        echo "$affected $(sed -E 's/.*"links":(\{.*\}),"receipt".*/\1/' <<<"$line" |
            grep -oE "\"$counter\":[0-9]+" | awk -F: '{ sum += $2 } END { print sum + 0 }')"
    done < <(grep '"edge":"ended"' store/latest/history.jsonl)
}
check_run() { # who
    if [ "$(edges ended)" -eq 10 ] && ! grep '"edge":"ended"' store/latest/history.jsonl |
        grep -q '"affected":0[,}]'; then
        ok "$1: each of ten network faults bit"
    else
        grep '"process":"nemesis"' store/latest/history.jsonl >nemesis
        not_ok "$1: each of ten network faults bit" nemesis
    fi
    if [ "$(by_link | wc -l)" -eq 10 ] && ! by_link | grep -vE '^([1-9][0-9]*) \1$'; then
        ok "$1: what each link met adds up to what was affected"
    else
        by_link >nemesis
        not_ok "$1: what each link met adds up to what was affected" nemesis
    fi
    if grep '"f":"heal"' store/latest/history.jsonl | grep '"value":true' | grep -q '"rules":0'; then
        ok "$1: the network is whole in the end"
    else
        grep '"f":"heal"' store/latest/history.jsonl >nemesis
        not_ok "$1: the network is whole in the end" nemesis
    fi
}

expect 'raft on a bad network: passed' 0 \
    "$ordeal" run raft --plan plan --capture --time-limit 8 --op-timeout 2 --seed 1
check_run root
[ ! -e store/latest/clocks.jsonl ] && ok 'without a fault of clocks nobody looks at them' ||
    not_ok 'without a fault of clocks nobody looks at them'
[ -s store/latest/packets/n1.pcap ] && [ -s store/latest/packets/n5.pcap ] &&
    ok 'every node has its packets captured' || not_ok 'every node has its packets captured'
if [ "$(id -u)" -eq 0 ]; then
    copy_build "$scratch/build"
    mkdir -m 777 user && cp plan user/ && chmod a+r user/plan && cd user || exit 1
    expect 'raft on a bad network, as an ordinary user: passed' 0 \
        setpriv --reuid 65534 --regid 65534 --clear-groups \
        "$scratch/build/ordeal" run raft --plan plan --time-limit 8 --op-timeout 2 --seed 2
    check_run 'an ordinary user'
    cd ..
fi

printf '{"faults":[%s]}' "$(fault loss random 1 2 '"loss_percent":120')" >plan
expect 'a loss of over 100 percent is refused before the start' 254 "$ordeal" run raft --plan plan
expect_said 'the sentence names the range' "'loss_percent' .*must be a number from .* to 100"
printf '{"faults":[%s]}' "$(fault delay sideways 1 2 '')" >plan
expect 'an unknown kind is refused before the start' 254 "$ordeal" run raft --plan plan
exit $status
