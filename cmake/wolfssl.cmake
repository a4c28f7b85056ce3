# SPDX-License-Identifier: Apache-2.0
#
# wolfSSL: which one, from where, built how.
#
#   PAWL_WOLFSSL      5.9.2 (falls back to 5.7.2 when it is not to be had),
#                     5.7.2, or system (the distribution's package by
#                     pkg-config; for tests only)
#   PAWL_WOLFSSL_DIR  a tree of wolfSSL >= 5.7.2 to be used instead; the
#                     environment variable of the same name counts too
#   PAWL_WOLFSSL_SETTINGS_DIR  the folder of user_settings.h; that of the port
#                     by default
#
# Gives two targets: pawl_wolfssl_headers, to compile with, and pawl::wolfssl,
# to link with. The archive is kept in a cache outside of the build folder, so
# that the next build folder needs not compile it again.

set(PAWL_WOLFSSL "5.9.2" CACHE STRING "wolfSSL: 5.9.2, 5.7.2 or system")
set_property(CACHE PAWL_WOLFSSL PROPERTY STRINGS 5.9.2 5.7.2 system)
set(PAWL_WOLFSSL_DIR "$ENV{PAWL_WOLFSSL_DIR}" CACHE PATH
    "A source tree of wolfSSL >= 5.7.2 (empty: fetched through apt)")
set(PAWL_WOLFSSL_SETTINGS_DIR "" CACHE PATH
    "The folder of wolfSSL's user_settings.h (empty: the port's)")
option(PAWL_WITH_HYBRID "Hybrid key exchange, X25519MLKEM768 (wolfSSL >= 5.9.1)"
    ON)
option(PAWL_WITH_RSA "RSA in the certificate chains of servers" OFF)

# Not to be compiled on their own: included by other files, or of products
# that a source tree does not hold.
set(PAWL_WOLFSSL_LEFT_OUT
    "/(evp[^/]*|misc|ext_[^/]*|falcon|sphincs|async|fips[^/]*|selftest|\
wolfcrypt_first|wolfcrypt_last|pkcs12)\\.c$")

# Sets <out> to the folder of what outlives build folders.
function(pawl_cache_dir out)
    if(NOT "$ENV{XDG_CACHE_HOME}" STREQUAL "")
        set(${out} "$ENV{XDG_CACHE_HOME}/pawl" PARENT_SCOPE)
    elseif(NOT "$ENV{HOME}" STREQUAL "")
        set(${out} "$ENV{HOME}/.cache/pawl" PARENT_SCOPE)
    else()
        set(${out} "${CMAKE_CURRENT_BINARY_DIR}/cache" PARENT_SCOPE)
    endif()
endfunction()

# Sets <out> to a tree of wolfSSL's sources, fetched if need be.
function(pawl_wolfssl_tree out)
    if(NOT PAWL_WOLFSSL_DIR STREQUAL "")
        if(NOT EXISTS "${PAWL_WOLFSSL_DIR}/wolfssl/version.h")
            message(FATAL_ERROR "PAWL_WOLFSSL_DIR=${PAWL_WOLFSSL_DIR} is no "
                "tree of wolfSSL: wolfssl/version.h is missing in it")
        endif()
        get_filename_component(tree "${PAWL_WOLFSSL_DIR}" ABSOLUTE)
        set(${out} "${tree}" PARENT_SCOPE)
        return()
    endif()
    if(PAWL_WOLFSSL STREQUAL "5.9.2")
        set(versions 5.9.2 5.7.2)
    elseif(PAWL_WOLFSSL STREQUAL "5.7.2")
        set(versions 5.7.2)
    else()
        message(FATAL_ERROR "PAWL_WOLFSSL=${PAWL_WOLFSSL} is not known: "
            "use 5.9.2, 5.7.2 or system, or set PAWL_WOLFSSL_DIR")
    endif()
    pawl_cache_dir(cache)
    execute_process(
        COMMAND sh "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/get-wolfssl.sh"
                "${cache}" ${versions}
        OUTPUT_VARIABLE tree OUTPUT_STRIP_TRAILING_WHITESPACE
        RESULT_VARIABLE failed)
    if(failed)
        message(FATAL_ERROR "No wolfSSL: fetching its sources failed (see "
            "above). Unpack wolfSSL >= 5.7.2 and configure with "
            "-DPAWL_WOLFSSL_DIR=<tree>")
    endif()
    set(${out} "${tree}" PARENT_SCOPE)
endfunction()

# Sets <out> to the version that a tree says it is; refuses one too old.
function(pawl_wolfssl_version out tree)
    file(STRINGS "${tree}/wolfssl/version.h" line
         REGEX "define +LIBWOLFSSL_VERSION_STRING")
    string(REGEX REPLACE ".*\"([0-9.]+).*" "\\1" version "${line}")
    if(version VERSION_LESS 5.7.2)
        message(FATAL_ERROR "wolfSSL ${version} in ${tree} is too old: "
            "pawl needs 5.7.2 or later")
    endif()
    set(${out} "${version}" PARENT_SCOPE)
endfunction()

# Sets <out> to a name for one way of building wolfSSL: everything that the
# archive's bytes depend on goes into it.
function(pawl_wolfssl_key out tree version settings definitions options)
    file(SHA256 "${settings}/user_settings.h" settings_hash)
    file(SHA256 "${PAWL_ROOT}/include/pawl/port/wolfssl.h" port_hash)
    file(SHA256 "${tree}/wolfssl/version.h" version_hash)
    string(TOUPPER "${CMAKE_BUILD_TYPE}" type)
    file(REAL_PATH "${CMAKE_C_COMPILER}" compiler) # cc and gcc may be one
    if(PAWL_WOLFSSL_DIR STREQUAL "")
        set(origin fetched)
    else()
        set(origin "${tree}") # somebody's own tree may hold anything
    endif()
    string(SHA256 key
        "1|${origin}|${version}|${version_hash}|${settings_hash}|${port_hash}|\
${compiler}|${CMAKE_C_COMPILER_ID}|${CMAKE_C_COMPILER_VERSION}|\
${CMAKE_SYSTEM_PROCESSOR}|${CMAKE_C_FLAGS}|${CMAKE_C_FLAGS_${type}}|\
${CMAKE_POSITION_INDEPENDENT_CODE}|${CMAKE_INTERPROCEDURAL_OPTIMIZATION}|\
${definitions}|${options}")
    string(SUBSTRING "${key}" 0 16 key)
    set(${out} "${version}-${CMAKE_C_COMPILER_ID}-${key}" PARENT_SCOPE)
endfunction()

# pawl_wolfssl_library(<name> TREE <dir> SETTINGS <dir> [DEFINITIONS <def>...])
#
# Gives <name>, an imported library of wolfSSL built with these settings:
# taken from the cache when it is there, else compiled by this build and put
# there. Sets <name>_INCLUDE_DIRS in the caller's scope.
function(pawl_wolfssl_library name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "TREE;SETTINGS" "DEFINITIONS")
    set(definitions WOLFSSL_USER_SETTINGS ${arg_DEFINITIONS})
    set(options -w -ffunction-sections -fdata-sections
                "-fmacro-prefix-map=${arg_TREE}=wolfssl")
    if(PAWL_SANITIZE)
        # Without UBSan: what trips in wolfSSL is not pawl's to mend.
        list(APPEND options -fsanitize=address -fno-omit-frame-pointer)
    endif()
    # The key is made while configuring, so a change must configure anew.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        "${arg_SETTINGS}/user_settings.h"
        "${PAWL_ROOT}/include/pawl/port/wolfssl.h"
        "${arg_TREE}/wolfssl/version.h")
    pawl_wolfssl_version(version "${arg_TREE}")
    pawl_wolfssl_key(key "${arg_TREE}" "${version}" "${arg_SETTINGS}"
                     "${definitions}" "${options}")
    pawl_cache_dir(cache)
    string(REPLACE "::" "_" plain "${name}")
    set(kept "${cache}/lib/${key}/libpawl_wolfssl.a")
    set(includes "${arg_SETTINGS}" "${PAWL_ROOT}/include" "${arg_TREE}")
    set(${name}_INCLUDE_DIRS "${includes}" PARENT_SCOPE)

    add_library(${name} STATIC IMPORTED GLOBAL)
    if(EXISTS "${kept}" AND NOT TARGET ${plain}_build)
        set_target_properties(${name} PROPERTIES IMPORTED_LOCATION "${kept}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
            "${kept}") # gone from the cache: compile it again
        message(STATUS "wolfSSL ${version}: ${kept}")
        return()
    endif()

    file(GLOB sources "${arg_TREE}/src/*.c" "${arg_TREE}/wolfcrypt/src/*.c")
    list(FILTER sources EXCLUDE REGEX "${PAWL_WOLFSSL_LEFT_OUT}")
    add_library(${plain}_build STATIC ${sources})
    set_target_properties(${plain}_build PROPERTIES
        C_STANDARD 11 C_EXTENSIONS ON COMPILE_WARNING_AS_ERROR OFF
        OUTPUT_NAME ${plain}
        ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/wolfssl")
    target_compile_definitions(${plain}_build PRIVATE ${definitions})
    target_compile_options(${plain}_build PRIVATE ${options})
    target_include_directories(${plain}_build PRIVATE ${includes})
    add_custom_command(TARGET ${plain}_build POST_BUILD
        COMMAND sh "${PAWL_ROOT}/cmake/keep.sh" "$<TARGET_FILE:${plain}_build>"
                "${kept}"
        VERBATIM)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION
        "${CMAKE_CURRENT_BINARY_DIR}/wolfssl/lib${plain}.a")
    add_dependencies(${name} ${plain}_build)
    message(STATUS "wolfSSL ${version}: to be compiled from ${arg_TREE}")
endfunction()

# The distribution's package: compiled with options that a device should not
# have (architecture.md, session.md), so it serves to test compatibility.
function(pawl_wolfssl_system)
    find_package(PkgConfig REQUIRED)
    pkg_check_modules(PAWL_SYSTEM_WOLFSSL REQUIRED IMPORTED_TARGET wolfssl)
    message(STATUS "wolfSSL ${PAWL_SYSTEM_WOLFSSL_VERSION} of the system: "
        "FOR TESTS ONLY, never for a device")
    add_library(pawl::wolfssl INTERFACE IMPORTED GLOBAL)
    target_link_libraries(pawl::wolfssl INTERFACE PkgConfig::PAWL_SYSTEM_WOLFSSL)
    # Its options stand in front of every header of its own; it warns of some.
    target_compile_definitions(pawl_wolfssl_headers INTERFACE
        PAWL_WOLFSSL_SYSTEM WC_NO_HARDEN)
    target_compile_options(pawl_wolfssl_headers INTERFACE
        "SHELL:-include wolfssl/options.h")
    target_link_libraries(pawl_wolfssl_headers INTERFACE
        PkgConfig::PAWL_SYSTEM_WOLFSSL)
    set_target_properties(PkgConfig::PAWL_SYSTEM_WOLFSSL PROPERTIES
        IMPORTED_GLOBAL TRUE)
endfunction()

add_library(pawl_wolfssl_headers INTERFACE)
if(PAWL_WOLFSSL STREQUAL "system")
    pawl_wolfssl_system()
else()
    if(PAWL_WOLFSSL_SETTINGS_DIR STREQUAL "")
        set(PAWL_SETTINGS "${PAWL_PORT_DIR}")
        if(NOT EXISTS "${PAWL_SETTINGS}/user_settings.h")
            set(PAWL_SETTINGS "${PAWL_ROOT}/port/posix")
        endif()
    else()
        set(PAWL_SETTINGS "${PAWL_WOLFSSL_SETTINGS_DIR}")
    endif()
    set(PAWL_WOLFSSL_DEFINITIONS)
    if(PAWL_WITH_HYBRID)
        list(APPEND PAWL_WOLFSSL_DEFINITIONS PAWL_WITH_HYBRID)
    endif()
    if(PAWL_WITH_RSA)
        list(APPEND PAWL_WOLFSSL_DEFINITIONS PAWL_WITH_RSA)
    endif()
    pawl_wolfssl_tree(PAWL_WOLFSSL_TREE)
    pawl_wolfssl_library(pawl::wolfssl TREE "${PAWL_WOLFSSL_TREE}"
        SETTINGS "${PAWL_SETTINGS}" DEFINITIONS ${PAWL_WOLFSSL_DEFINITIONS})
    target_include_directories(pawl_wolfssl_headers SYSTEM INTERFACE
        "${PAWL_SETTINGS}" "${PAWL_WOLFSSL_TREE}")
    target_compile_definitions(pawl_wolfssl_headers INTERFACE
        WOLFSSL_USER_SETTINGS ${PAWL_WOLFSSL_DEFINITIONS})
endif()
add_library(pawl_wolfssl ALIAS pawl::wolfssl)
