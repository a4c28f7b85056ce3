#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# usage: expect_three.sh PROGRAM     passes if three tests of it fail
"$@"
code=$?
[ $code -eq 3 ] && exit 0
echo "expected the exit code 3, got $code"
exit 1
