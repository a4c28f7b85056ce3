#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: run.sh [--full] [STAGE...]
#
# Installs what is missing, builds, and runs the tests; ends with a table.
# --full adds what takes longer. With names of stages only those run.
#
# A stage is a function below, or an executable test/stages/NN-name.sh (always)
# or test/stages-full/NN-name.sh (--full). A stage script runs in the top
# folder with PAWL_ROOT, PAWL_BUILD (the host build) and TMPDIR set; it exits
# with 77 when it cannot run here, the last line of its output saying why. A
# line `# timeout: SECONDS` in it replaces the limit of ten minutes.
#
# Writes to build/, to the cache of wolfSSL and to a temporary folder that is
# removed. Exit codes: 0 all passed, 1 a stage failed, 2 wrong usage, 3 the
# machine lacks something that cannot be installed from here.
set -u

root=$(cd "$(dirname "$0")/.." && pwd -P) || exit 2
case ${PAWL_WOLFSSL_DIR-} in
'' | /*) ;;
*) export PAWL_WOLFSSL_DIR="$PWD/$PAWL_WOLFSSL_DIR" ;;
esac
cd "$root" || exit 2

say() { printf 'run: %s\n' "$*" >&2; }

full=no wanted=''
for argument in "$@"; do
    case $argument in
    --full) full=yes ;;
    -h | --help)
        sed -n '4,19s/^# \{0,1\}//p' "$root/test/run.sh"
        exit 0
        ;;
    -*)
        say "unknown option $argument; usage: run.sh [--full] [STAGE...]"
        exit 2
        ;;
    *) wanted="$wanted $argument" ;;
    esac
done

# ---- stages; each runs in a process of its own, under a limit of time ----

# Configures and builds a preset with every warning an error.
build_preset() {
    preset=$1
    shift
    # The quickstart builds and uses the host preset, too.
    mkdir -p "$root/build/$preset" &&
        exec 6>"$root/build/$preset/.lock" 7>"$root/build/$preset/.used" &&
        flock 6 && flock 7 || return 1
    cmake --preset "$preset" -DPAWL_WERROR=ON \
        -DPAWL_WOLFSSL_DIR="${PAWL_WOLFSSL_DIR-}" "$@" &&
        cmake --build "$root/build/$preset" --parallel "$jobs" -- --quiet
}

test_preset() {
    ctest --test-dir "$root/build/$1" --output-on-failure --no-tests=error \
        --parallel "$jobs"
}

needs_own_wolfssl() {
    [ -n "${PAWL_WOLFSSL_DIR-}" ] || return 0
    echo 'PAWL_WOLFSSL_DIR names another wolfSSL'
    return 1
}

stage_build() { build_preset host -DCMAKE_C_COMPILER=gcc; }
stage_unit() { test_preset host; }
stage_lint() { python3 -B test/lint/run.py --build "$root/build/host"; }
stage_package() { sh test/package/run.sh "$TMPDIR/package"; }

stage_clang() { build_preset clang && test_preset clang; }
stage_asan() { build_preset asan && test_preset asan; }

stage_wolfssl_5_7_2() {
    needs_own_wolfssl || return 77
    build_preset wolfssl-5.7.2 && test_preset wolfssl-5.7.2
}

stage_system_wolfssl() {
    needs_own_wolfssl || return 77
    if ! pkg-config --exists wolfssl; then
        echo "no wolfSSL of the system's: install libwolfssl-dev"
        return 77
    fi
    build_preset system-wolfssl && test_preset system-wolfssl
}

jobs=$(nproc 2>/dev/null || echo 2)
if [ "${PAWL_RUN_STAGE-}" != '' ]; then # called by run_stage() below
    "$PAWL_RUN_STAGE"
    exit
fi

# ---- running them ----

# The processes of the stage that runs, if one does, end with this script.
clean_up() {
    if [ -n "$running" ]; then
        kill -TERM "$running" 2>/dev/null
        wait "$running" 2>/dev/null
    fi
    [ -z "$work" ] || rm -rf "$work"
}

running='' work=''
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

table='' passed=0 failed=0 skipped=0 broken=''

# record NAME RESULT SECONDS WHY
record() {
    table="$table$(printf '%-22s %-8s %5ss  %s' "$1" "$2" "$3" "$4")
"
    eval "$2=\$(($2 + 1))"
}

# Whether a stage was asked for. Without names all are.
is_wanted() {
    [ -n "$wanted" ] || return 0
    case " $wanted " in *" $1 "*) return 0 ;; esac
    return 1
}

# run_stage NAME LIMIT COMMAND...: runs a command under a limit in seconds,
# its output in build/log/NAME.log, and shown if it fails.
run_stage() {
    name=$1 limit=$2
    shift 2
    is_wanted "$name" || return 0
    printf '== %s\n' "$name"
    log=$root/build/log/$name.log
    began=$(date +%s)
    timeout --kill-after=15 "$limit" "$@" >"$log" 2>&1 </dev/null 8>&- &
    running=$!
    wait "$running"
    code=$?
    running=''
    seconds=$(($(date +%s) - began))
    case $code in
    0) record "$name" passed "$seconds" "$(remark "$name")" ;;
    77) record "$name" skipped "$seconds" "$(tail -n 1 "$log")" ;;
    *)
        why="exit code $code, see build/log/$name.log"
        [ $code -ne 124 ] && [ $code -ne 137 ] ||
            why="ended after $limit s, see build/log/$name.log"
        tail -n 40 "$log" | sed 's/^/   /'
        record "$name" failed "$seconds" "$why"
        broken="$broken $name"
        ;;
    esac
    printf '   %s\n' "$(printf '%s' "$table" | tail -n 1)"
}

# A word on a stage that passed.
remark() {
    case $1 in
    build | clang | asan | wolfssl-5.7.2 | system-wolfssl)
        wolfssl=$(sed -n 's/^-- wolfSSL \([0-9.]*\).*/wolfSSL \1/p' "$log" |
            tail -n 1)
        tests=$(sed -n 's/.* out of \([0-9]*\)$/, \1 test programs/p' "$log")
        printf '%s' "$wolfssl$tests"
        ;;
    unit) sed -n 's/.* out of \([0-9]*\)$/\1 test programs/p' "$log" ;;
    lint) sed -n 's/^lint \(.*: skipped: .*\)/\1/p' "$log" | paste -sd';' ;;
    esac
}

# own_stage NAME LIMIT: a function of this script.
own_stage() {
    function=stage_$(printf '%s' "$1" | tr -- '-.' '__')
    run_stage "$1" "$2" env PAWL_RUN_STAGE="$function" sh "$root/test/run.sh"
}

# Stages that need the host build are left out when that failed.
after_build() {
    case " $broken " in
    *' build '*)
        ! is_wanted "$1" || record "$1" skipped 0 'the build failed'
        return 1
        ;;
    esac
}

script_stages() {
    for script in "$root/test/$1"/*.sh; do
        [ -x "$script" ] || continue
        name=$(basename "$script" .sh)
        name=${name#[0-9][0-9]-}
        limit=$(sed -n 's/^# timeout: \([0-9]*\)$/\1/p' "$script" | head -n 1)
        after_build "$name" && run_stage "$name" "${limit:-600}" "$script"
    done
}

if [ "$full" = yes ]; then purpose='full'; else purpose='test'; fi
sh cmake/setup.sh --for $purpose || {
    code=$?
    [ $code -eq 3 ] || code=1
    exit $code
}

if ! mkdir -p build/log 2>/dev/null ||
    [ ! -w build ] || [ ! -w build/log ]; then
    say "cannot write to $root/build: work in a copy of your own"
    exit 3
fi
exec 8>build/.lock
if ! flock -n 8; then
    say 'another run uses build/; waiting for it to end'
    flock 8
fi
work=$(mktemp -d 2>/dev/null) || {
    say "no temporary folder: set TMPDIR to a folder of yours"
    exit 3
}
TMPDIR=$work PAWL_ROOT=$root PAWL_BUILD=$root/build/host
export TMPDIR PAWL_ROOT PAWL_BUILD
started=$(date +%s)

own_stage build 600
for stage in unit:600 lint:120 package:600; do
    after_build "${stage%:*}" && own_stage "${stage%:*}" "${stage#*:}"
done
script_stages stages
if [ "$full" = yes ]; then
    own_stage clang 1200
    own_stage asan 1800
    own_stage wolfssl-5.7.2 1200
    own_stage system-wolfssl 1200
    script_stages stages-full
fi

total=$((passed + failed + skipped))
if [ $total -eq 0 ]; then
    say "no such stage:$wanted"
    exit 2
fi
printf '\n%-22s %-8s %6s\n' stage result time
printf '%s' "$table"
printf '%-22s %-8s %5ss\n' total '' "$(($(date +%s) - started))"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ $failed -eq 0 ]
