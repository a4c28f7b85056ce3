#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The example in README.md compiles as it stands there, without a warning,
# against a board.h that declares what it uses of a board.
# timeout: 60
set -eu

root=${PAWL_ROOT:-$(cd "$(dirname "$0")/../.." && pwd -P)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sed -n '/^```c$/,/^```$/p' "$root/README.md" | sed '/^```/d' >"$work/main.c"
cat >"$work/board.h" <<'END'
#include <pawl/port/port.h>
#include <pawl/wait.h>
extern const struct pawl_port board_port;
bool sensors_answer(void);
void board_log(const char *name, const char *text);
void board_init(void);
_Noreturn void board_halt(void);
void board_sleep_until(const struct pawl_wait *wait);
END
lines=$(wc -l <"$work/main.c")
if [ "$lines" -lt 30 ] || [ "$lines" -gt 60 ]; then
    echo "README.md: the example has $lines lines; 40 or so are wanted" >&2
    exit 1
fi
for compiler in gcc clang; do
    command -v $compiler >/dev/null || continue
    $compiler -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror \
        -I"$root/include" -I"$work" -fsyntax-only "$work/main.c"
    echo "README.md's example: $lines lines, compiles with $compiler"
done
