#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 2400
#
# On bare Cortex-M3, M4 and M33 under QEMU: unit tests, sessions, faults, and
# the A/B life with 200 power cuts.
exec sh "${PAWL_ROOT:?}/test/target/run.sh"
