#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# All rows of both tables, those that try each byte included; and the profile:
# each of its points has a row or a test that shows it.
set -u

sh "$PAWL_ROOT/test/interop/run.sh" --profile || exit 1
exec sh "$PAWL_ROOT/test/interop/run.sh"
