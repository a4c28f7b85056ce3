#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 600
#
# Sessions with real servers of the distribution's packages, and with hostile
# peers made by hand. The whole of both tables is in the full run.
set -u

exec sh "$PAWL_ROOT/test/interop/run.sh" --quick
