#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# doc/SIZES.md and its picture are what is measured, by the compiler that they
# name.
exec sh "$PAWL_ROOT/bench/sizes.sh" --check
