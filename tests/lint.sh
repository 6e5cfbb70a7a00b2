#!/usr/bin/env bash
# Our own rules, each message with its remedy; then clang-format, cppcheck and clang-tidy where they
# are installed (make deps-dev).
set -u
bad=0
say() { echo "$1"; bad=1; }
none() { # message, pattern, files...
    local message=$1 pattern=$2 found; shift 2
    found=$(grep -nE "$pattern" "$@" /dev/null | head -n 5)
    [ -z "$found" ] || say "$message
$found"
}

none 'banned: use snprintf, struct str, str_to_int, rng.h, clock.h' \
    '\b(strcpy|strcat|sprintf|strtok|atoi|atol|gets|rand|srand)\(' "$@"
none '// comments: use /* */' '^[^"]*[^:"]//|^//' "$@"
none 'left over: do it or write an issue' '\b(FIXME|TODO|XXX|HACK)\b' "$@"
none 'longer than 100 columns: break it' '^.{101,}' "$@"
none 'typedef struct: say struct' '^typedef struct' "$@"

upward() { # folder, forbidden includes
    none "$1 includes upwards (ARCHITECTURE.md): move what is shared down" \
        "#include \"[./]*(harness/)?($2)/" $(printf '%s\n' "${@:3}" | grep "^$1/")
}
upward harness/base 'history|agent|lab|runner|report|commands|transports|nemesis|workloads|targets|checkers' "$@"
upward harness/history 'agent|lab|runner|report|commands|transports|nemesis|workloads|targets|checkers' "$@"
upward checkers 'agent|lab|runner|report|commands|transports|nemesis|workloads|targets' "$@"
upward nemesis 'agent|lab|runner|report|commands|transports|workloads|targets|checkers' "$@"
upward workloads 'agent|lab|runner|report|commands|transports|nemesis|targets|checkers' "$@"
upward targets 'agent|lab|runner|report|commands|nemesis|workloads' "$@"
upward harness/runner 'commands' "$@"
upward harness/agent 'lab|runner|report|commands' "$@"

for file in "$@"; do
    lines=$(wc -l <"$file")
    [ "$lines" -le 800 ] || say "$file has $lines lines: it is probably two things"
    head -n 1 "$file" | grep -q SPDX || say "$file: its first line names no licence (SPDX)"
done
for plugin in {checkers,nemesis,workloads}/*.c; do
    name=$(basename "$plugin" .c)
    [ -e "tests/$(dirname "$plugin")/test_$name.c" ] ||
        grep -rqE "\"${name//_/-}\"|nemesis_$name\b" tests/checkers tests/nemesis tests/runner ||
        say "$plugin is named in no test (tests/$(dirname "$plugin")/test_$name.c)"
done

# The core is light (mechanics: ARCHITECTURE.md): what needs another library is a plug-in.
allowed='^(libc|libm|libjansson|libpcre2-8|libz|libzstd|libip4tc|libip6tc|ld-linux.*|linux-vdso)$'
if [ -x "$B/ordeal" ]; then
    other=$(objdump -p "$B/ordeal" | awk '$1 == "NEEDED" {sub(/\.so.*/, "", $2); print $2}' |
        grep -vE "$allowed")
    [ -z "$other" ] || say "$B/ordeal links $other: make what needs it a plug-in"
fi

if command -v clang-format >/dev/null; then
    clang-format --dry-run --Werror "$@" 2>&1 | head -n 20 | grep . && say "make format mends it"
fi
if command -v cppcheck >/dev/null; then
    cppcheck --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem -D_GNU_SOURCE --std=c11 \
        $(printf '%s\n' "$@" | grep '\.c$' | grep -v '^tests/') || bad=1
fi
if command -v clang-tidy >/dev/null; then
    printf '%s\n' "$@" | grep '\.c$' | grep -v '^tests/' | xargs -P2 -n1 bash -c \
        'clang-tidy --quiet "$0" -- -std=c17 -D_GNU_SOURCE -Iinclude 2>/dev/null' ||
        bad=1
fi
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
