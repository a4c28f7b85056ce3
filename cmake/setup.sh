#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: setup.sh [--for build|quickstart|test|target|bench|full] [--dry-run]
#
# Installs the packages that are missing: as root, or through sudo. On a
# system that is not Debian it only looks, and lists what to install. Says
# nothing and changes nothing when all is there.
#
# No service of a package that it installs is started, and none that runs is
# stopped. Exit codes: 0 all is there, 1 installing failed, 2 wrong usage,
# 3 something is missing and cannot be installed from here.
set -u

# package=probe: a command, with a slash a header file of the compiler's, with
# an @ a module of python3.
BUILD='gcc=gcc libc6-dev=./stdio.h cmake=cmake ninja-build=ninja
    dpkg-dev=dpkg-source libssl-dev=./openssl/evp.h pkg-config=pkg-config
    libjansson-dev=./jansson.h libp11-kit-dev=./p11-kit-1/p11-kit/pkcs11.h'
QUICKSTART="$BUILD openssl=openssl mosquitto=mosquitto
    mosquitto-clients=mosquitto_pub nginx=nginx python3=python3
    python3-cbor2=@cbor2 python3-cryptography=@cryptography"
TEST="$BUILD libcmocka-dev=./cmocka.h pkg-config=pkg-config python3=python3
    clang-format=clang-format openssl=openssl gnutls-bin=gnutls-serv python3-cbor2=@cbor2
    python3-cryptography=@cryptography libtss2-dev=./tss2/tss2_esys.h
    mosquitto=mosquitto nginx=nginx gnutls-bin=gnutls-serv
    libcoap3-bin=coap-server-openssl"
BENCH="gcc=gcc libc6-dev=./stdio.h dpkg-dev=dpkg-source python3=python3
    gcc-arm-none-eabi=arm-none-eabi-gcc
    libnewlib-arm-none-eabi=arm-none-eabi-gcc
    qemu-system-arm=qemu-system-arm valgrind=valgrind cmake=cmake
    ninja-build=ninja openssl=openssl python3-cryptography=@cryptography"
TARGET="$QUICKSTART gcc-arm-none-eabi=arm-none-eabi-gcc
    libnewlib-arm-none-eabi=arm-none-eabi-gcc
    qemu-system-arm=qemu-system-arm"
FULL="$QUICKSTART $TEST $BENCH clang=clang libclang-rt-dev=clang
    llvm=llvm-cov g++=g++ patch=patch libwolfssl-dev=./wolfssl/version.h softhsm2=softhsm2-util
    opensc=pkcs11-tool p11-kit=p11-kit p11-kit-modules=p11-kit swtpm=swtpm
    tpm2-tools=tpm2_createprimary faketime=faketime
    libcoap3-bin=coap-server-openssl"
# Packages of the lists above that bring a service.
SERVICES='mosquitto nginx'
POLICY=/usr/sbin/policy-rc.d
MARK='a temporary file of setup.sh'

say() { printf 'setup: %s\n' "$*" >&2; }

is_debian() {
    grep -q '^ID=debian$' /etc/os-release 2>/dev/null &&
        command -v apt-get >/dev/null
}

has_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

has_probe() {
    case $1 in
    ./*)
        printf '#include <stdarg.h>\n#include <stddef.h>\n%s\n' \
            "#include <setjmp.h>" "#include <${1#./}>" |
            cc -E - >/dev/null 2>&1
        ;;
    @*) python3 -c "import ${1#@}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

# Sets $missing to the packages of a list that are not there.
find_missing() {
    missing=''
    for pair in $1; do
        if is_debian; then
            has_package "${pair%%=*}" && continue
        else
            has_probe "${pair#*=}" && continue
        fi
        case " $missing " in
        *" ${pair%%=*} "*) ;;
        *) missing="$missing ${pair%%=*}" ;;
        esac
    done
    missing=${missing# }
}

# ---- as root ----

# Whether the system would start a service while its package is installed.
services_may_start() {
    [ -x "$POLICY" ] || return 0
    "$POLICY" mosquitto start >/dev/null 2>&1
    [ $? -ne 101 ]
}

# Puts back what allow_no_start() changed, and what a killed run left behind.
restore_policy() {
    if grep -qs "$MARK" "$POLICY"; then
        if [ -e "$POLICY.before-pawl" ]; then
            mv -f "$POLICY.before-pawl" "$POLICY"
        else
            rm -f "$POLICY"
        fi
    fi
}

# Debian asks policy-rc.d before a package starts or stops a service, with
# systemd and without; 101 forbids. Ours forbids only as long as this process
# lives: should it be killed, the answer is that of before.
allow_no_start() {
    [ ! -e "$POLICY" ] || mv -f "$POLICY" "$POLICY.before-pawl"
    cat >"$POLICY.new-pawl" <<END
#!/bin/sh
# $MARK
if kill -0 $$ 2>/dev/null; then exit 101; fi
[ ! -x "$POLICY.before-pawl" ] || exec "$POLICY.before-pawl" "\$@"
exit 0
END
    chmod 755 "$POLICY.new-pawl" && mv -f "$POLICY.new-pawl" "$POLICY"
}

# A service that came with a package just installed shall not start at the
# next boot either.
disable_service() {
    if command -v systemctl >/dev/null; then
        systemctl disable --quiet "$1.service" >/dev/null 2>&1
    elif command -v update-rc.d >/dev/null; then
        update-rc.d "$1" disable >/dev/null 2>&1
    fi
    say "$1 was installed, but not as a service: it is not started"
}

install_packages() {
    # One at a time on this machine; the file is only a place for the lock.
    exec 9</etc/os-release
    command -v flock >/dev/null && flock 9
    trap restore_policy EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
    restore_policy
    ! services_may_start || allow_no_start
    export DEBIAN_FRONTEND=noninteractive
    new_services=''
    for service in $SERVICES; do
        case " $* " in
        *" $service "*) has_package "$service" ||
            new_services="$new_services $service" ;;
        esac
    done
    log=$(mktemp) || return 1
    for command in 'update' "install -y --no-install-recommends $*"; do
        # The words of $command are apt's arguments.
        # shellcheck disable=SC2086
        if ! apt-get -q -o DPkg::Lock::Timeout=300 $command >"$log" 2>&1; then
            [ "$command" != update ] || continue # old lists may still do
            tail -n 15 "$log" >&2
            rm -f "$log"
            return 1
        fi
    done
    rm -f "$log"
    for service in $new_services; do
        disable_service "$service"
    done
}

# ---- as anybody ----

# Sets $as_root to the command in front of what root must do.
become_root() {
    as_root=''
    [ "$(id -u)" -ne 0 ] || return 0
    command -v sudo >/dev/null || return 1
    as_root='sudo -n'
    sudo -n true 2>/dev/null && return 0
    as_root='sudo'
    [ -t 0 ] && [ -t 2 ]
}

# Ends here, and in one line, where configuring would end with many. The cache
# is where cmake/wolfssl.cmake looks for it; without HOME, in the build folder.
check_wolfssl() {
    if [ -n "${PAWL_WOLFSSL_DIR-}" ]; then
        [ ! -f "$PAWL_WOLFSSL_DIR/wolfssl/version.h" ] || return 0
        say "PAWL_WOLFSSL_DIR=$PAWL_WOLFSSL_DIR is no tree of wolfSSL:" \
            "wolfssl/version.h is missing in it"
        exit 3
    fi
    cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
    [ -n "$cache" ] && [ "$dry_run" = no ] || return 0
    cache=$cache/pawl
    mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] && return 0
    for tree in "$cache"/wolfssl-*/wolfssl; do
        [ ! -d "$tree" ] || return 0 # it was fetched for us
    done
    say "cannot write to $cache: set XDG_CACHE_HOME to a folder of yours"
    exit 3
}

usage() {
    say 'usage: setup.sh [--for build|quickstart|test|target|bench|full] [--dry-run]'
    exit 2
}

purpose=test dry_run=no
while [ $# -gt 0 ]; do
    case $1 in
    --for)
        [ $# -ge 2 ] || usage
        purpose=$2
        shift 2
        ;;
    --dry-run)
        dry_run=yes
        shift
        ;;
    --install) # by itself, as root
        shift
        install_packages "$@"
        exit
        ;;
    *) usage ;;
    esac
done
case $purpose in
build) list=$BUILD ;;
quickstart) list=$QUICKSTART ;;
test) list=$TEST ;;
target) list=$TARGET ;;
bench) list=$BENCH ;;
full) list=$FULL ;;
*) usage ;;
esac

# What a killed run of this script left behind goes, unless one is under way.
if [ "$(id -u)" -eq 0 ] && grep -qs "$MARK" "$POLICY"; then
    exec 9</etc/os-release
    ! flock -n 9 || restore_policy
    exec 9<&-
fi

check_wolfssl
find_missing "$list"
[ -n "$missing" ] || exit 0
if ! is_debian; then
    say "missing here (by their names in Debian): $missing"
    say "install them, and set PAWL_WOLFSSL_DIR to a tree of wolfSSL >= 5.7.2"
    exit 3
fi
if [ "$dry_run" = yes ]; then
    say "would install: $missing"
    exit 0
fi
if ! become_root; then
    say "missing packages; as root: apt-get install $missing"
    exit 3
fi
say "installing: $missing"
# The words of $as_root and $missing are meant to be split.
# shellcheck disable=SC2086
if ! $as_root sh "$0" --install $missing; then
    say "installing failed; by hand, as root: apt-get install $missing"
    exit 1
fi
find_missing "$list"
if [ -n "$missing" ]; then
    say "still missing after installing: $missing"
    exit 1
fi
