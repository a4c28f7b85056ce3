# SPDX-License-Identifier: Apache-2.0
set(PAWL_CORTEX m4)
include("${CMAKE_CURRENT_LIST_DIR}/toolchain-cortex-m.cmake")
