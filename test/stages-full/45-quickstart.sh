#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The quickstart, as a user starts it: from another folder, without a terminal.
# timeout: 300
cd / && exec sh "${PAWL_ROOT:?}/examples/quickstart.sh" --no-color
