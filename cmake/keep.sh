#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: keep.sh FILE KEPT
#
# Keeps a copy of FILE as KEPT, in a cache folder. The copy appears at once or
# not at all, so that several builds may keep the same file at a time. A cache
# that cannot be written to costs time, not the build.
kept_in=$(dirname "$2")
mkdir -p "$kept_in" 2>/dev/null &&
    new=$(mktemp "$kept_in/.new-XXXXXX" 2>/dev/null) || exit 0
if cp "$1" "$new" && chmod 644 "$new"; then
    mv -f "$new" "$2" || rm -f "$new"
else
    rm -f "$new"
fi
exit 0
