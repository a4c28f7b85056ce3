#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Does the quickstart see it when one of its ten checks is missing?
# timeout: 1500
exec sh "${PAWL_ROOT:?}/test/quickstart_mutants.sh"
