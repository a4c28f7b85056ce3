# SPDX-License-Identifier: Apache-2.0
#
# arm-none-eabi-gcc for the Cortex-M that PAWL_CORTEX names: m3, m4 or m33. The
# files toolchain-cortex-m3.cmake and so on set it. Without floating point: no
# code of ours has any, and a reset leaves the unit off.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR "cortex-${PAWL_CORTEX}")
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_C_FLAGS_INIT
    "-mcpu=cortex-${PAWL_CORTEX} -mthumb -mfloat-abi=soft")
set(CMAKE_C_FLAGS_MINSIZEREL_INIT "-Os -g")
set(CMAKE_C_FLAGS_MINSIZEREL "-Os -g" CACHE STRING "No NDEBUG: nothing asserts")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostartfiles --specs=nano.specs")
set(CMAKE_EXECUTABLE_SUFFIX_C ".elf")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES PAWL_CORTEX)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
