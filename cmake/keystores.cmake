# SPDX-License-Identifier: Apache-2.0
#
# The key stores for Linux: pawl::pkcs11 and pawl::tpm2, each built where its
# packages are. PAWL_PKCS11 and PAWL_TPM2: AUTO, ON (it is an error if they are
# missing) or OFF.
set(PAWL_PKCS11 AUTO CACHE STRING "Key store in a PKCS #11 token: AUTO, ON, OFF")
set(PAWL_TPM2 AUTO CACHE STRING "Key store in a TPM 2.0: AUTO, ON, OFF")
if(NOT (PAWL_PKCS11 STREQUAL "OFF" AND PAWL_TPM2 STREQUAL "OFF"))
    find_package(PkgConfig QUIET)
endif()

# Sets <out> to whether a key store is to be built.
function(pawl_keystore_wanted out option found package)
    set(${out} FALSE PARENT_SCOPE)
    if(NOT ${option})
        return()
    endif()
    if(found)
        set(${out} TRUE PARENT_SCOPE)
    elseif(${option} STREQUAL "AUTO")
        message(STATUS "${option}: not built, since ${package} is missing")
    else()
        message(FATAL_ERROR "${option} is ON, but ${package} is missing: "
            "install it (Debian's name), or set ${option} to OFF")
    endif()
endfunction()

# A key store's library: pawl_<name>, pawl::<name>.
function(pawl_keystore name)
    file(GLOB sources CONFIGURE_DEPENDS "${PAWL_ROOT}/port/${name}/*.c")
    add_library(pawl_${name} STATIC ${sources})
    set_target_properties(pawl_${name} PROPERTIES EXPORT_NAME ${name})
    target_include_directories(pawl_${name} PUBLIC
        "$<BUILD_INTERFACE:${PAWL_ROOT}/include>"
        "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
    target_link_libraries(pawl_${name} PRIVATE
        "$<BUILD_INTERFACE:pawl_options>")
    add_library(pawl::${name} ALIAS pawl_${name})
endfunction()

# Of p11-kit only the header is used: modules are opened at run time.
if(PkgConfig_FOUND AND PAWL_PKCS11)
    pkg_check_modules(PAWL_P11KIT QUIET p11-kit-1)
endif()
pawl_keystore_wanted(wanted PAWL_PKCS11 "${PAWL_P11KIT_FOUND}" libp11-kit-dev)
if(wanted)
    pawl_keystore(pkcs11)
    target_include_directories(pawl_pkcs11 SYSTEM PRIVATE
        ${PAWL_P11KIT_INCLUDE_DIRS})
    target_link_libraries(pawl_pkcs11 INTERFACE ${CMAKE_DL_LIBS})
endif()

if(PkgConfig_FOUND AND PAWL_TPM2)
    pkg_check_modules(PAWL_TSS2 QUIET tss2-esys>=3.0 tss2-tctildr)
endif()
pawl_keystore_wanted(wanted PAWL_TPM2 "${PAWL_TSS2_FOUND}" libtss2-dev)
if(wanted)
    pawl_keystore(tpm2)
    target_include_directories(pawl_tpm2 SYSTEM PRIVATE
        ${PAWL_TSS2_INCLUDE_DIRS})
    # A program that opens no TPM does not depend on the libraries either.
    target_link_libraries(pawl_tpm2 INTERFACE -Wl,--push-state,--as-needed
        "$<BUILD_INTERFACE:${PAWL_TSS2_LINK_LIBRARIES}>"
        "$<INSTALL_INTERFACE:tss2-esys>" "$<INSTALL_INTERFACE:tss2-tctildr>"
        -Wl,--pop-state)
endif()
