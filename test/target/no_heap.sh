#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: no_heap.sh NM IMAGE...
#
# Fails if an image holds an allocator of the C library's.
set -u
nm=$1
shift
for image in "$@"; do
    names=$("$nm" "$image") || exit 1
    found=$(printf '%s\n' "$names" | sed -n \
        's/.* \(_*\(malloc\|calloc\|realloc\|free\|sbrk\|malloc_r\|free_r\|sbrk_r\)\)$/\1/p')
    if [ -n "$found" ]; then
        echo "$image has a heap:" $found
        exit 1
    fi
done
echo "no heap in $# images"
