#!/usr/bin/env bash
# The clock of a whole host is made wrong and put right again, in a virtual machine whose clock that is:
# tests/vm/host_clock.c is its first process. Needs qemu and a kernel: `make vm` fetches one.
#
# By emulation, since not every machine that has /dev/kvm can run any kernel on it; VM_ACCEL=kvm
# takes it all the same.
. "$(dirname "$0")/lib.bash"

claim='the clock of a host'
build=$(dirname "$ordeal")
program=$build/tests/vm/host_clock
kernel=$(ls -t "$build"/vm/boot/vmlinuz-* /boot/vmlinuz-* 2>/dev/null | head -n 1)
for tool in qemu-system-x86_64 cpio; do
    has $tool || { skip "$claim" "no $tool on this machine (see make vm)"; exit 0; }
done
[ -r "$kernel" ] || { skip "$claim" 'no kernel image (make vm)'; exit 0; }
[ -x "$program" ] || { skip "$claim" 'its program is not built (make vm)'; exit 0; }

root=$scratch/root
mkdir -p "$root/dev"
cp "$program" "$root/init"
cp "$build/ordeal-agent" "$root/"
(cd "$root" && find . | cpio -o -H newc --quiet) >"$scratch/initrd" || exit 1

accel=(-cpu max -accel tcg)
[ "${VM_ACCEL:-}" != kvm ] || accel=(-cpu host -accel kvm)
timeout -k 5 300 qemu-system-x86_64 "${accel[@]}" -m 256 -nographic -no-reboot -net none \
    -kernel "$kernel" -initrd "$scratch/initrd" \
    -append 'console=ttyS0 quiet panic=-1 rdinit=/init' </dev/null >"$scratch/console" 2>&1
grep -aoE '(not )?ok - .*' <(tr -d '\r' <"$scratch/console") >"$scratch/said"
cat "$scratch/said"
! grep -q '^not ok - ' "$scratch/said" || status=1
grep -qa '^done, 0 failures' <(tr -d '\r' <"$scratch/console") ||
    not_ok 'the machine said that all was done' "$scratch/console"
exit $status
