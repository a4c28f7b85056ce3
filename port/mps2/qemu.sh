#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: qemu.sh MACHINE ELF [ARGUMENT...]
#
# Runs a program on mps2-an385, mps2-an386 or mps2-an505 until it ends, and
# with its exit code. Its console is standard error. Arguments are NAME=VALUE
# (port/mps2/mps2.h) for the program; these are for QEMU:
#
#   flash=FILE  what is behind PSRAM, 16 MiB
#   modem=PATH  the socket that is behind UART 1 (test/target/bridge.py)
set -u
machine=$1 elf=$2
shift 2
words="arg=$(basename "$elf" .elf)"
flash='' modem='-serial null'
for argument in "$@"; do
    case $argument in
    flash=*) flash=${argument#flash=} ;;
    modem=*) modem=${argument#modem=} ;;
    *) words="$words,arg=$argument" ;;
    esac
done
set --
if [ -n "$flash" ]; then
    set -- "$@" -object \
        "memory-backend-file,id=flash,size=16M,mem-path=$flash,share=on"
    machine="$machine,memory-backend=flash"
fi
case $modem in
-*) set -- "$@" -serial null -serial null ;;
*) set -- "$@" -serial null -chardev "socket,id=modem,path=$modem" \
    -serial chardev:modem ;;
esac
exec qemu-system-arm -M "$machine" -nographic -monitor none \
    -semihosting-config "enable=on,target=native,$words" "$@" -kernel "$elf"
