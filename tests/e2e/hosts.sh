#!/usr/bin/env bash
# Nodes on hosts that only ssh reaches: real sshd, three hosts that are namespaces of the test's own, within a network
# of the test's own. Nothing of the machine's is touched, and what is made goes with the last process.
. "$(dirname "$0")/lib.bash"
work=$scratch
packages=$(realpath -m "$(dirname "$ordeal")/packages")

# -- outside: what is needed, and the namespaces --------------------------------------------------
if [ "${1:-}" != inside ]; then
    give_up() { skip 'nodes on hosts that ssh reaches' "$1"; exit 0; }
    [ "$(id -u)" -eq 0 ] || give_up 'the hosts of the test need root'
    for program in ssh ssh-keygen ip iptables; do has $program || give_up "there is no $program"; done
    if ! has sshd && [ ! -x "$packages/usr/sbin/sshd" ]; then
        "$here/tools/fetch-packages" "$ordeal" openssh-server=sshd >"$work/out" 2>&1 || give_up 'sshd cannot be had'
    fi
    unshare --mount --net --uts --pid --fork true 2>/dev/null || give_up 'namespaces cannot be made'
    unshare --mount --net --uts --pid --fork --kill-child --mount-proc "$0" inside
    exit
fi

# -- inside: three hosts --------------------------------------------------------------------------
cd "$work" || exit 1
SSHD=$(command -v sshd || echo "$packages/usr/sbin/sshd")
LIBRARIES=$(find "$packages" -path '*/lib*' -name '*.so*' -printf '%h\n' 2>/dev/null | sort -u | paste -sd:)
ETCD=$(has etcd || realpath -qe "$packages/usr/bin/etcd")
export SSHD LIBRARIES ETCD
mount -t tmpfs -o mode=700 tmpfs /root
export HOME=/root
ssh-keygen -q -t ed25519 -N '' -f host_key
ssh-keygen -q -t ed25519 -N '' -f user_key
{ grep -v '^sshd:' /etc/passwd; echo 'sshd:x:65533:65534::/run/sshd:/bin/false'
    echo 'plain:x:65532:65534::/run/plain:/bin/sh'; } >passwd
{ grep -v '^root:' /etc/shadow; echo 'root:*:19000:0:99999:7:::'; echo 'plain:*:19000:0:99999:7:::'; } >shadow
chmod 644 passwd shadow
cat >sshd_config <<S
AuthorizedKeysFile $work/user_key.pub
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
S
ip link set lo up
ip link add hub type bridge
ip address add 10.77.0.1/24 dev hub
ip link set hub up
hosts=()
for number in 11 12 13; do
    unshare --mount --net --uts --pid --fork --kill-child "$here/tests/e2e/hosts/host" "$work" $number &
    hosts+=($!)
    until [ "$(readlink /proc/$!/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.01; done
    ip link add "to$number" type veth peer name eth0 netns $!
    ip link set "to$number" master hub up
    echo "root@10.77.0.$number" >>hosts.txt
    echo "10.77.0.$number $(cut -d' ' -f1,2 host_key.pub)" >>known_hosts
done
ssh="ssh -F none -i $work/user_key -o UserKnownHostsFile=$work/known_hosts"
for number in 11 12 13; do
    for ((k = 0; k < 500; k++)); do
        $ssh -o BatchMode=yes "root@10.77.0.$number" true 2>/dev/null && break
        sleep 0.02
    done
    [ $k -lt 500 ] || { not_ok "the sshd of host $number answers" sshd.log; exit 1; }
done
# Run a command on the host of that number: in the namespaces of its first process.
on() {
    local pid=${hosts[$1]}; shift
    read -r pid <"/proc/$pid/task/$pid/children"
    nsenter -t "$pid" -a -- "$@"
}
run() { "$ordeal" run "$@" --ssh "$ssh" --store store --seed 1; }

# What of Ordeal's is on a host, beside the programs that it keeps for the next run.
left_on() {
    on "$1" sh -c 'cd /proc; cat [0-9]*/comm | grep -E "^(ordeal|node-init|etcd)"
        ls -d /node 2>/dev/null; ls /var/lib/ordeal | grep -vxE "bin|lock|journal"
        grep -v "^ordeal-journal 1" /var/lib/ordeal/journal 2>/dev/null
        iptables-save | grep ORDEAL; ip6tables-save | grep ORDEAL; nft list tables 2>/dev/null | grep -i ordeal
        awk "\$5 ~ /ordeal|^.node/" self/mountinfo; echo looked'
}
nothing_left() { # claim
    for host in 0 1 2; do left_on $host; done >left 2>&1
    if [ "$(sort -u left)" = looked ]; then ok "$1"; else not_ok "$1" left; fi
}

# -- runs -----------------------------------------------------------------------------------------
expect 'a system that promises nothing is found out on hosts' 1 \
    run naive --hosts hosts.txt --nemesis partition --time-limit 3 --interval 1
expect_said 'by a violation' 'Not linearizable'
[ "$(grep -ls "'naive' started" store/latest/nodes/*/naive.log | wc -l)" -eq 3 ] &&
    ok 'the logs of its nodes come to the run' || not_ok 'the logs of its nodes come to the run'
nothing_left 'and the run leaves nothing on its hosts but programs'
expect 'raft passes on hosts under partitions, kills and pauses' 0 \
    run raft --hosts hosts.txt --nemesis partition,kill,pause --time-limit 6 --interval 1
grep -qE '"packets_dropped":[1-9].*"killed":[1-9].*"paused":[1-9]' store/latest/history.jsonl &&
    ok 'and receipts say what was dropped, killed and paused' ||
    not_ok 'and receipts say what was dropped, killed and paused' "$scratch/out"
if [ -n "$ETCD" ]; then
    expect 'etcd passes on hosts' 0 run etcd --hosts hosts.txt --nemesis partition,kill,pause --time-limit 4 --interval 1
else
    skip 'etcd passes on hosts' 'the etcd package could not be had'
fi

# The ssh connection is between the same two addresses as the clients': it alone is not cut.
echo '{"faults":[{"nemesis":"partition","kind":"clients","begin_ns":500000000,"end_ns":2500000000,
    "select":"nodes","nodes":["n1"]}]}' >clients.json
expect 'a node is cut off from its clients, and not from us' 0 \
    run raft --hosts hosts.txt --plan clients.json --time-limit 3 --op-timeout 1
grep -qE '"clients>n1":.*"packets_dropped":[1-9].*"n1>clients":.*"packets_dropped":[1-9]|"n1>clients":.*"packets_dropped":[1-9].*"clients>n1"' \
    store/latest/history.jsonl && ok 'in both directions' || { grep ended store/latest/history.jsonl >left; not_ok 'in both directions' left; }
expect 'clocks are told to the processes, not to the host' 0 \
    run raft --hosts hosts.txt --nemesis clock:kind=monotonic --time-limit 3 --interval 1
grep -qE '"ended".*"clock_reads":[1-9]' store/latest/history.jsonl && ok 'and were told' || not_ok 'and were told' "$scratch/out"
nothing_left 'and nothing is left'

expect "a host whose root may not set its clock is refused, where that is asked for" 255 \
    run raft --hosts hosts.txt --host-clock --nemesis clock:kind=step --time-limit 3 --interval 1
expect_said 'with the reason' 'cannot be set: its root lacks CAP_SYS_TIME'
expect 'their monotonic clocks are refused before anything starts' 254 \
    run raft --hosts hosts.txt --host-clock --nemesis clock:kind=monotonic
nothing_left 'and nothing is left of that'

# Who is not root there has everything but cuts.
sed 's/root@/plain@/' hosts.txt >plain.txt
if on 0 setpriv --reuid 65532 --regid 65534 --clear-groups unshare -Ur true 2>/dev/null; then
    expect 'an ordinary user on hosts can kill and pause' 0 \
        run raft --hosts plain.txt --nemesis kill,pause --time-limit 3 --interval 1
    nothing_left 'and leaves nothing'
    expect 'but not cut links' 255 run raft --hosts plain.txt --nemesis partition --time-limit 2
    expect_said 'which is said with the remedy' "log in to host 'plain@10.77.0.11' as root"
else
    skip 'an ordinary user on hosts can kill and pause' 'users may make no namespaces here'
fi

# -- sudden deaths --------------------------------------------------------------------------------
# A run whose nodes are cut from each other for good; until all three hosts have rules of ours.
begin_cut_run() {
    rm -rf store
    "$ordeal" run raft --hosts hosts.txt --plan cut.json --time-limit 60 --ssh "$ssh" --store store >out 2>&1 &
    controller=$!
    for ((k = 0; k < 1000; k++)); do
        cut=0
        for host in 0 1 2; do on $host iptables-save | grep -q '^-A ORDEAL.*DROP' && cut=$((cut + 1)); done
        [ $cut -lt 3 ] || return 0
        sleep 0.02
    done
    not_ok 'a partition is in force on all hosts' out
    return 1
}
until_nothing_left() { # claim: within ten seconds, which is what an agent without a word from us may take
    for ((k = 0; k < 100; k++)); do
        for host in 0 1 2; do left_on $host; done >left 2>&1
        [ "$(sort -u left)" != looked ] || break
        sleep 0.1
    done
    nothing_left "$1"
}
kill_agents() { # all at once, so that nobody heals because the others have gone
    for host in 0 1 2; do
        on $host sh -c 'kill -9 $(grep -ls "^ordeal-agent$" /proc/[0-9]*/comm | cut -d/ -f3)' &
        killers[$host]=$!
    done
    wait "${killers[@]}"
}
echo '{"faults":[{"nemesis":"partition","begin_ns":0,"end_ns":60000000000,
    "grudge":{"n1":["n2","n3"],"n2":["n1","n3"],"n3":["n1","n2"]}}]}' >cut.json

begin_cut_run && kill -9 $controller
wait $controller 2>/dev/null
until_nothing_left 'when the controller is killed in a partition, all hosts are as before'

begin_cut_run && kill_agents
wait $controller
[ $? -eq 255 ] && ok 'when all agents are killed the harness has failed' ||
    not_ok 'when all agents are killed the harness has failed' out
for host in 0 1 2; do left_on $host; done >left
[ "$(grep -c '^-A ORDEAL.*DROP' left)" -ge 6 ] && ok 'and what was cut stays cut' || not_ok 'and what was cut stays cut' left
expect 'ordeal heal undoes it' 0 "$ordeal" heal hosts.txt --ssh "$ssh"
expect_said 'and says what' 'root@10.77.0.12: .*rules'
nothing_left 'and then nothing is left'
expect 'it may be done again' 0 "$ordeal" heal hosts.txt --ssh "$ssh"

begin_cut_run && kill_agents
wait $controller
expect 'the next run begins as if nothing had been' 0 \
    run raft --hosts hosts.txt --nemesis kill --time-limit 2 --interval 1
grep -qi 'rules' store/latest/nodes/n1/agent.log &&
    ok 'and its agents say what they undid' || not_ok 'and its agents say what they undid' store/latest/nodes/n1/agent.log
nothing_left 'and then nothing is left either'
for host in 0 1 2; do on $host iptables-save | grep -c theirs; done >theirs_left
[ "$(sort -u theirs_left)" = 3 ] && ok "others' rules are where they were" || not_ok "others' rules are where they were" theirs_left

# -- bad input ------------------------------------------------------------------------------------
refused() { # claim, exit code, pattern, command...
    local claim=$1 code=$2 pattern=$3; shift 3
    expect "$claim" "$code" "$@"
    expect_said 'with the reason' "$pattern"
}
printf 'good\nbad host\n' >bad.txt
refused 'a line that is no host is a usage error' 254 "line 2 of 'bad.txt': one host a line" \
    run naive --hosts bad.txt
refused 'a file of hosts that is not there is a usage error' 254 "cannot read the hosts in 'none.txt'" \
    run naive --hosts none.txt
refused 'links that hosts cannot shape are refused before anything starts' 254 'need the lab' \
    run naive --hosts hosts.txt --nemesis delay
refused 'and so are their disks' 254 'need the lab' run naive --hosts hosts.txt --nemesis power-cut
echo root@10.77.0.99 >bad.txt
refused 'a host that does not answer is a failure of the harness' 255 \
    "'root@10.77.0.99': .*No route to host" run naive --hosts bad.txt
head -n 1 hosts.txt >bad.txt
refused 'so is one that does not let us in' 255 "'root@10.77.0.11': .*Permission denied" \
    "$ordeal" run naive --hosts bad.txt --store store --ssh "ssh -F none -i none -o UserKnownHostsFile=known_hosts"
refused 'so is one that nobody knows' 255 'Host key verification failed' \
    "$ordeal" run naive --hosts bad.txt --store store --ssh "ssh -F none -i user_key -o UserKnownHostsFile=none"
refused 'so is an ssh that is not there' 255 "cannot run 'no-ssh'.*openssh-client" \
    "$ordeal" run naive --hosts bad.txt --store store --ssh no-ssh
exit $status
