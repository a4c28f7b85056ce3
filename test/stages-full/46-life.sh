#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# A device's whole life, once for each of the three key stores.
exec sh "${PAWL_ROOT:?}/test/life/run.sh" --no-color
