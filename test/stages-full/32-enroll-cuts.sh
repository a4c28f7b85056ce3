#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# timeout: 900
#
# Enrolment as in the default run, and the connection cut after each byte that
# the server sends.
PAWL_EST_EVERY_BYTE=yes exec sh "${PAWL_ROOT:?}/test/stages/31-enroll.sh"
