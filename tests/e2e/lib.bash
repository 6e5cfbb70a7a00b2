# What end-to-end tests share: each prints "ok - claim", "not ok - claim" or "skip - claim: why".
# B is the build folder; everything else happens in a scratch folder that goes away.
set -u
ordeal=$(realpath "${B:-build}/ordeal")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/ordeal-e2e.XXXXXX")
chmod 755 "$scratch"
trap 'rm -rf "$scratch"' EXIT
status=0

ok() { echo "ok - $1"; }
skip() { echo "skip - $1: $2"; }
not_ok() { # claim, file with what was printed
    echo "not ok - $1"
    [ -z "${2:-}" ] || sed 's/^/    /' "$2" | tail -n 40
    status=1
}

# claim, expected exit code, command...
expect() {
    local claim=$1 expected=$2 code; shift 2
    "$@" >"$scratch/out" 2>&1
    code=$?
    if [ $code -eq "$expected" ]; then
        ok "$claim"
    else
        echo "exit code $code, expected $expected: $*" >>"$scratch/out"
        not_ok "$claim" "$scratch/out"
    fi
}

# claim, pattern: in what the last command printed, whether or not its lines were broken there
expect_said() {
    if grep -qE -- "$2" "$scratch/out" || tr '\n' ' ' <"$scratch/out" | grep -qE -- "$2"; then
        ok "$1"
    else
        echo "does not say: $2" >>"$scratch/out"
        not_ok "$1" "$scratch/out"
    fi
}

has() { command -v "$1" >/dev/null; }

# Whether the etcd package could be had; the tests that need it are skipped otherwise.
has_etcd() { has etcd || [ -x "$(dirname "$ordeal")/packages/usr/bin/etcd" ]; }

# Processes that live in a lab whose run folder lies below $1: their mounts name it.
lab_processes() { grep -lsF "$1" /proc/[0-9]*/mountinfo | cut -d/ -f3; }

# What a build folder needs to run, without packages, to $1.
copy_build() {
    local build; build=$(dirname "$ordeal")
    mkdir -p "$1" && cp "$build"/ordeal "$build"/ordeal-agent "$build"/ordeal-node "$1/" &&
        cp -r "$build/plugins" "$1/"
    [ ! -e "$build/ordeal-lossfs" ] || cp "$build/ordeal-lossfs" "$1/"
    chmod -R a+rX "$1"
}
