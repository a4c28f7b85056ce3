#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Fetches wolfSSL's sources through apt, from the source archive of the Debian
# mirror that this machine already uses. Needs no root, touches nothing outside
# CACHE and a temporary folder in it.
#
# usage: get-wolfssl.sh CACHE VERSION...
#
# Tries the versions in turn and prints the tree of the first that can be had:
# CACHE/wolfssl-VERSION. A tree that is there already is not fetched again.
# Known versions: 5.9.2 (upstream's release as it is) and 5.7.2 (with Debian's
# security patches).
#
# Exit codes: 0 a tree was printed, 1 wrong usage, 3 no version can be had.
set -u

say() { printf 'get-wolfssl: %s\n' "$*" >&2; }

# Sets what is pinned for a version: the SHA-256 of upstream's tarball, the
# package's revision, and the suites that may hold it.
describe() {
    case $1 in
    5.9.2)
        sha256=2f4ef3d4fd387a9b3191d36a6316d69116c46ff69bb9583b6c82b36d7b8ca114
        revision=5.9.2-1.2 suites='sid testing' patched=no
        ;;
    5.7.2)
        sha256=0f2ed82e345b833242705bbc4b08a2a2037a33f7bf9c610efae6464f6b10e305
        revision=5.7.2-0.1+deb13u2 suites='trixie' patched=yes
        ;;
    *)
        say "unknown wolfSSL version '$1': use 5.9.2 or 5.7.2, or name a tree" \
            "with -DPAWL_WOLFSSL_DIR=<tree>"
        exit 1
        ;;
    esac
}

# Prints the main archives that apt is configured for, best first: those of
# the system's own release, third parties' and security archives left out.
archives() {
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release 2>/dev/null)
    # The format's words are apt's, not the shell's.
    # shellcheck disable=SC2016
    apt-get indextargets --format '$(REPO_URI)|$(RELEASE)|$(COMPONENT)' \
        2>/dev/null |
        awk -F'|' -v own="$codename" '
            $3 == "main" && ($2 == own || $2 == "stable" || $2 == "testing" ||
                $2 == "unstable" || $2 == "sid") && !seen[$1]++ { print $1 }'
}

keyring() {
    for file in /usr/share/keyrings/debian-archive-keyring.gpg \
        /usr/share/keyrings/debian-archive-keyring.pgp; do
        if [ -r "$file" ]; then
            printf 'Signed-By: %s\n' "$file"
            return
        fi
    done
}

# apt with its state, cache and sources inside of $work, so that it needs no
# root and leaves /etc and /var alone. The machine's proxy settings still hold.
own_apt() {
    timeout --foreground 240 apt-get -qq -o Dir::Etc::SourceList=/dev/null \
        -o Dir::Etc::SourceParts="$work/etc" \
        -o Dir::Etc::Preferences=/dev/null \
        -o Dir::Etc::PreferencesParts=/dev/null \
        -o Dir::State="$work/state" -o Dir::State::status="$work/status" \
        -o Dir::Cache="$work/cache" -o APT::Sandbox::User= \
        -o Acquire::Languages=none -o Acquire::Retries=2 \
        -o Acquire::Check-Valid-Until=false "$@" >>"$work/log" 2>&1
}

# Downloads the package's files for $version from one suite of one archive
# into $work/got. The exact revision first, then whatever the suite holds:
# only the pinned hash decides whether it is taken.
download() {
    archive=$1 suite=$2
    rm -rf "${work:?}/etc" "$work/state" "$work/got"
    mkdir -p "$work/etc" "$work/state/lists/partial" \
        "$work/cache/archives/partial" "$work/got" || return 1
    : >"$work/status"
    {
        printf 'Types: deb-src\nURIs: %s\nSuites: %s\nComponents: main\n' \
            "$archive" "$suite"
        keyring
    } >"$work/etc/source.sources"
    own_apt update || return 1
    only=''
    [ "$patched" = yes ] || only=--tar-only
    for package in "wolfssl=$revision" wolfssl; do
        # $only is empty or one word.
        # shellcheck disable=SC2086
        (cd "$work/got" && own_apt --download-only --only-source $only \
            source "$package") && hash_is_known && return 0
    done
    return 1
}

hash_is_known() {
    printf '%s  %s\n' "$sha256" \
        "$work/got/wolfssl_$version.orig.tar.gz" |
        sha256sum --check --status 2>/dev/null
}

# Unpacks what was downloaded to $work/tree, cut down to what a build reads.
unpack() {
    rm -rf "$work/all" "$work/tree"
    mkdir "$work/all" "$work/tree" || return 1
    if [ "$patched" = yes ]; then
        # The patches were authenticated by apt; their sum is in the .dsc.
        rmdir "$work/all"
        dpkg-source --no-check -x "$work"/got/*.dsc "$work/all" \
            >>"$work/log" 2>&1 || return 1
    else
        tar -xzf "$work/got/wolfssl_$version.orig.tar.gz" -C "$work/all" \
            --strip-components=1 || return 1
    fi
    for part in src wolfcrypt wolfssl COPYING LICENSING; do
        [ ! -e "$work/all/$part" ] || mv "$work/all/$part" "$work/tree/" ||
            return 1
    done
    [ -f "$work/tree/wolfssl/version.h" ] || return 1
    {
        printf 'version: %s\nsha256 of the tarball: %s\n' "$version" "$sha256"
        printf 'suite: %s\npackage: %s\n' "$suite" "$package"
    } >"$work/tree/PAWL-ORIGIN"
}

fetch() {
    if [ "$patched" = yes ] && ! command -v dpkg-source >/dev/null; then
        say "wolfSSL $version needs dpkg-source: install dpkg-dev"
        return 1
    fi
    for archive in $(archives); do
        for suite in $suites; do
            say "fetching wolfSSL $version from the source archive ($suite)"
            download "$archive" "$suite" && unpack && return 0
        done
    done
    return 1
}

[ $# -ge 2 ] || {
    say 'usage: get-wolfssl.sh CACHE VERSION...'
    exit 1
}
cache=$1
shift
for version in "$@"; do
    describe "$version"
done
# Only the first is served from the cache without a try at fetching it: a
# fallback must not shadow what was asked for.
if [ -d "$cache/wolfssl-$1" ]; then
    printf '%s\n' "$cache/wolfssl-$1"
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    say "no apt-get here: unpack wolfSSL >= 5.7.2 and configure with" \
        "-DPAWL_WOLFSSL_DIR=<tree>"
    exit 3
fi
if ! mkdir -p "$cache" || ! cache=$(cd "$cache" && pwd -P); then
    say "cannot write to $cache: set XDG_CACHE_HOME to a folder of yours"
    exit 3
fi
# One fetches, the others wait; without flock both fetch and the first wins.
if command -v flock >/dev/null; then
    exec 9>"$cache/.get-wolfssl.lock"
    flock -w 600 9 || say 'another fetch takes very long; going on without it'
fi
work=$(mktemp -d "$cache/.get-wolfssl-XXXXXX") || exit 3
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

for version in "$@"; do
    final=$cache/wolfssl-$version
    describe "$version"
    if [ ! -d "$final" ] && fetch; then
        # Fails when another process was faster: its tree is as good.
        mv -T "$work/tree" "$final" 2>/dev/null
    fi
    if [ -d "$final" ]; then
        printf '%s\n' "$final"
        exit 0
    fi
    say "wolfSSL $version is not to be had from this machine's archive"
    sed 's/^/get-wolfssl:   apt: /' "$work/log" 2>/dev/null | tail -n 3 >&2
done
say "no wolfSSL: unpack wolfSSL >= 5.7.2 and configure with" \
    "-DPAWL_WOLFSSL_DIR=<tree>"
exit 3
