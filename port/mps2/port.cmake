# SPDX-License-Identifier: Apache-2.0
#
# How images for the MPS2 boards are linked, and what runs them.
#
# A board is chosen by the core that the toolchain file names. Memory as QEMU
# has it (hw/arm/mps2.c, mps2-tz.c): 4 MiB of code at the reset vector, 4 MiB
# of RAM, 16 MiB of PSRAM, which is the flash (board.h, flash.c).
if(NOT DEFINED PAWL_CORTEX)
    message(FATAL_ERROR "The port mps2 wants a preset cortex-m3, cortex-m4 or "
        "cortex-m33, or a toolchain file that sets PAWL_CORTEX")
endif()
if(PAWL_CORTEX STREQUAL "m33")
    set(MPS2_MACHINE mps2-an505)
    set(MPS2_CODE 0x10000000)
    set(MPS2_RAM 0x38000000)
    set(MPS2_FLASH 0x80000000)
else()
    set(MPS2_MACHINE mps2-an385)
    if(PAWL_CORTEX STREQUAL "m4")
        set(MPS2_MACHINE mps2-an386)
    endif()
    set(MPS2_CODE 0x00000000)
    set(MPS2_RAM 0x20000000)
    set(MPS2_FLASH 0x21000000)
endif()
set(MPS2_RAM_SIZE 4M)
set(MPS2_SLOT_SIZE 512K)
set(MPS2_DIR "${CMAKE_CURRENT_LIST_DIR}")

# Enums are short and unsigned here: what other compilers need to be checked is
# always so.
target_compile_options(pawl_options INTERFACE -Wno-type-limits)

# Sets <out> to the link options of an image at <place>: reset (at the reset
# vector: boot loaders, tests), slot_a or slot_b (in flash, run in place). The
# stack has <stack> bytes.
function(mps2_link_options out place stack)
    if(place STREQUAL "slot_a")
        math(EXPR origin "${MPS2_FLASH} + 0x100000" OUTPUT_FORMAT HEXADECIMAL)
        set(size ${MPS2_SLOT_SIZE})
    elseif(place STREQUAL "slot_b")
        math(EXPR origin "${MPS2_FLASH} + 0x200000" OUTPUT_FORMAT HEXADECIMAL)
        set(size ${MPS2_SLOT_SIZE})
    else()
        set(origin ${MPS2_CODE})
        set(size 4M)
    endif()
    set(${out}
        "-Wl,--defsym=code_origin=${origin},--defsym=code_size=${size}"
        "-Wl,--defsym=ram_origin=${MPS2_RAM}"
        "-Wl,--defsym=ram_size=${MPS2_RAM_SIZE}"
        "-Wl,--defsym=stack_size=${stack}"
        "-Wl,-T,${MPS2_DIR}/mps2.ld" "-Wl,--gc-sections" "-Wl,-u,reset"
        "-Wl,--no-warn-rwx-segments"
        PARENT_SCOPE)
endfunction()

# mps2_image(<target> <place> <stack>): links a program as such an image, and
# fails if it has a heap. Beside a slot's comes <target>.bin, which is what an
# update carries.
function(mps2_image target place stack)
    mps2_link_options(options ${place} ${stack})
    target_link_options(${target} PRIVATE ${options})
    set_property(TARGET ${target} APPEND PROPERTY
        LINK_DEPENDS "${MPS2_DIR}/mps2.ld")
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND sh "${PAWL_ROOT}/test/target/no_heap.sh" ${CMAKE_NM}
                $<TARGET_FILE:${target}> VERBATIM)
    if(NOT place STREQUAL "reset")
        add_custom_command(TARGET ${target} POST_BUILD
            COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${target}>
                    ${target}.bin
            BYPRODUCTS ${target}.bin VERBATIM)
    endif()
endfunction()

# What starts a program on the target, for ctest too.
set(CMAKE_CROSSCOMPILING_EMULATOR sh "${MPS2_DIR}/qemu.sh" ${MPS2_MACHINE})
