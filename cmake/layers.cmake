# SPDX-License-Identifier: Apache-2.0
#
# The layers of src/, lowest row first: a file includes only what stands in a
# lower row, or in its own folder. CMake derives from these rows what a test
# is linked with; test/lint/layers.py reads the same rows and checks every
# #include line.
#
# `record` is src/update/record*.c, the update's record, which the update
# engine and the boot loader share.
set(PAWL_LAYERS
    "base"
    "cbor crypto"
    "journal cose"
    "trust"
    "identity manifest"
    "record"
    "session update boot"
    "mqtt coap http"
    "enroll"
    "agent")

# What a boot loader links.
set(PAWL_BOOT_MODULES base cbor crypto cose journal trust manifest record boot)

# Sets <out> to the modules of PAWL_LAYERS.
function(pawl_all_modules out)
    string(REPLACE " " ";" modules "${PAWL_LAYERS}")
    set(${out} ${modules} PARENT_SCOPE)
endfunction()

# Sets <out> to module and all that stands in the rows below it. A folder that
# is no module (a port's tests) stands above all.
function(pawl_closure out module)
    set(closure)
    foreach(row IN LISTS PAWL_LAYERS)
        string(REPLACE " " ";" row "${row}")
        if(module IN_LIST row)
            list(APPEND closure ${module})
            break()
        endif()
        list(APPEND closure ${row})
    endforeach()
    set(${out} ${closure} PARENT_SCOPE)
endfunction()
