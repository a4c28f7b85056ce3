#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--seconds N | --minutes N] [TARGET...]
#
# Fuzzes each target (cbor cose envelope process trust coap mqtt http
# journal boot) for N seconds, 20 unless told and two at a time, from seeds that seeds.py takes from
# the unit tests, and then publishes the branch coverage that the corpus reaches
# in the sources under test. Ends with a table. A crashing input is kept in
# build/fuzz/.
#
# Exit codes: 0 nothing found and coverage reached, 1 something found or
# coverage too low, 2 wrong usage, 77 no clang with libFuzzer here.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd -P) || exit 2
all='cbor cose envelope process trust coap mqtt http journal boot'
seconds=20 targets=''
floor=90 # per cent of branches

usage() {
    echo 'usage: run.sh [--seconds N | --minutes N] [TARGET...]' >&2
    echo "targets: $all" >&2
    exit 2
}

number() {
    case $1 in '' | *[!0-9]*) usage ;; esac
}

while [ $# -gt 0 ]; do
    case $1 in
    --seconds) number "${2-}" && seconds=$2 && shift ;;
    --minutes) number "${2-}" && seconds=$(($2 * 60)) && shift ;;
    *) case " $all " in
        *" $1 "*) targets="$targets $1" ;;
        *) usage ;;
        esac ;;
    esac
    shift
done
[ -n "$targets" ] || targets=$all

cc=${PAWL_FUZZ_CC-clang}
work=$(mktemp -d "${TMPDIR:-/tmp}/pawl-fuzz.XXXXXX") || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n);
int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n)
{ (void)d; (void)n; return 0; }' >"$work/probe.c"
if ! "$cc" -fsanitize=fuzzer,address,undefined "$work/probe.c" \
    -o "$work/probe" >"$work/probe.log" 2>&1; then
    echo "no clang with libFuzzer and sanitizers ($cc)"
    exit 77
fi
version=$("$cc" -dumpversion | cut -d. -f1)
tool() {
    for name in "$1-$version" "$1"; do
        command -v "$name" >/dev/null && echo "$name" && return
    done
}
cov=$(tool llvm-cov) profdata=$(tool llvm-profdata)

sources() { # what each target is there for
    case $1 in
    cbor) echo cbor/cbor.c ;;
    cose) echo cose/cose_parse.c cose/cose_verify.c ;;
    envelope) echo manifest/manifest.c manifest/manifest_authenticate.c \
        manifest/manifest_parse.c ;;
    process) echo manifest/process.c manifest/process_commands.c \
        manifest/process_parameters.c ;;
    trust) echo trust/trust.c trust/trust_cover.c trust/trust_read.c ;;
    coap) echo coap/coap_message.c coap/coap_response.c ;;
    mqtt) echo mqtt/mqtt_bytes.c mqtt/mqtt_handle.c ;;
    http) echo http/http.c http/http_response.c http/http_body.c \
        http/http_text.c http/http_date.c http/uri.c ;;
    journal) echo journal/journal.c journal/journal_frame.c \
        journal/journal_rest.c ;;
    boot) echo boot/boot.c update/record.c update/record_names.c ;;
    esac
}

linked() { # what each target is linked with, besides its own file: a line each
    case $1 in
    coap | mqtt | http) printf '%s\n' "$root/test/fuzz/fuzz_pipe.c" \
        "$root/src/$1"/*.c "$root"/src/base/*.c ;;
    journal) printf '%s\n' "$root/src/journal/journal.c" \
        "$root/src/journal/journal_frame.c" \
        "$root/src/journal/journal_rest.c" "$root"/src/base/*.c ;;
    trust) printf '%s\n' "$root"/src/trust/*.c && linked cbor ;;
    boot)
        for file in fuzz/fuzz_boot_device fuzz/fuzz_seal fake/fake_device \
            fake/fake_engine fake/fake_flash fake/fake_release; do
            printf '%s\n' "$root/test/$file.c"
        done
        for module in base cbor cose manifest trust journal update boot; do
            printf '%s\n' "$root/src/$module"/*.c
        done
        ;;
    *) printf '%s\n' "$root/test/fuzz/fuzz_crypto.c" "$root"/src/cbor/*.c \
        "$root"/src/cose/*.c "$root"/src/manifest/*.c "$root"/src/base/*.c ;;
    esac
}

build() { # target, output, options
    name=$1 output=$2
    shift 2
    linked "$name" >"$work/$name.sources"
    set -- "$@" -I"$root/include" -I"$root/src" -I"$root/test"
    # A small device, with early checkpoints.
    [ "$name" != boot ] || set -- "$@" -DFAKE_SMALL -DPAWL_CHECKPOINT_MIN=1024
    while IFS= read -r file; do
        set -- "$@" "$file"
    done <"$work/$name.sources"
    "$cc" -std=c11 -g -O1 -Wall -Wextra "$@" "$root/test/fuzz/fuzz_$name.c" \
        -o "$output"
}

# Branches of a target's sources that its corpus takes: "taken all".
branches() {
    [ -n "$cov" ] && [ -n "$profdata" ] || return 1
    build "$1" "$work/$1.cov" -fsanitize=fuzzer -fprofile-instr-generate \
        -fcoverage-mapping || return 1
    LLVM_PROFILE_FILE="$work/$1.raw" "$work/$1.cov" -runs=0 \
        "$work/$1" >"$work/$1.cov.log" 2>&1 || return 1
    "$profdata" merge -o "$work/$1.profile" "$work/$1.raw" || return 1
    files=
    for file in $(sources "$1"); do
        files="$files $file"
    done
    # shellcheck disable=SC2086 # names without spaces, below $root/src
    (cd "$root/src" && "$cov" export -summary-only \
        -instr-profile="$work/$1.profile" "$work/$1.cov" $files) |
        python3 -c 'import json, sys
totals = json.load(sys.stdin)["data"][0]["totals"]["branches"]
print(totals["covered"], totals["count"])'
}

if ! python3 "$root/test/fuzz/seeds.py" "$work/seeds" >/dev/null; then
    echo 'run: the seeds could not be made; see the message above' >&2
    exit 1
fi

fuzz() { # target: exits with 0 where nothing was found
    exec "$work/$1.fuzz" -max_total_time="$seconds" -max_len=2048 \
        -timeout=10 -print_final_stats=1 \
        -artifact_prefix="$root/build/fuzz/$1-" \
        "$work/$1" "$work/seeds/$1" >"$work/$1.log" 2>&1
}

begin() { # target: builds it and starts it; $! is its process
    mkdir -p "$work/$1" "$root/build/fuzz"
    if ! build "$1" "$work/$1.fuzz" \
        -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all; then
        echo "run: $1 does not build" >&2
        exit 1
    fi
    fuzz "$1" &
}

finish() { # target, its process: waits for it and prints its row
    result=ok
    if ! wait "$2"; then
        result='FOUND: build/fuzz/'
        tail -n 40 "$work/$1.log" >&2
        failed=1
    fi
    cp "$work/seeds/$1"/* "$work/$1/"
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$1.log")
    share=-
    if taken=$(branches "$1") && [ -n "$taken" ]; then
        share=$(echo "$taken" | awk '{ printf "%d.%d", $1 * 100 / $2, ($1 * 1000 / $2) % 10 }')
        if [ "${share%%.*}" -lt "$floor" ]; then
            result="$result, below $floor %"
            failed=1
        fi
    fi
    printf '%-10s %12s %9s%% %s\n' "$1" "${runs:-?}" "$share" "$result"
}

failed=0 first='' second=''
trap 'kill $first $second 2>/dev/null; rm -rf "$work"' EXIT
printf '%-10s %12s %10s %s\n' target runs branches result
# The words of $targets are names.
# shellcheck disable=SC2086
set -- $targets
while [ $# -gt 0 ]; do
    begin "$1" && first=$!
    [ $# -eq 1 ] || { begin "$2" && second=$!; }
    finish "$1" "$first"
    first=''
    shift
    [ -z "$second" ] || { finish "$1" "$second" && shift; }
    second=''
done
exit $failed
