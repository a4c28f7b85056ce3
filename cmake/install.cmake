# SPDX-License-Identifier: Apache-2.0
#
# cmake --install: headers, libraries, wolfSSL's archive with the headers and
# the settings that it was built with (they must agree with pawl's), and how
# to find them by find_package(pawl) and by pkg-config.
include(CMakePackageConfigHelpers)

set(PAWL_CMAKE_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/pawl")
set(PAWL_WOLFSSL_INCLUDE "${CMAKE_INSTALL_INCLUDEDIR}/pawl-wolfssl")

install(DIRECTORY "${PAWL_ROOT}/include/pawl"
    DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" FILES_MATCHING PATTERN "*.h")
set(PAWL_INSTALLED pawl pawl_boot pawl_port_check)
foreach(store pawl_pkcs11 pawl_tpm2)
    if(TARGET ${store})
        list(APPEND PAWL_INSTALLED ${store})
    endif()
endforeach()
install(TARGETS ${PAWL_INSTALLED} EXPORT pawlTargets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(EXPORT pawlTargets NAMESPACE pawl:: DESTINATION "${PAWL_CMAKE_DIR}")

if(PAWL_WOLFSSL STREQUAL "system")
    set(PAWL_PC_REQUIRES "wolfssl")
    set(PAWL_PC_WOLFSSL "")
    set(PAWL_PC_DEFINITIONS "")
else()
    install(FILES "$<TARGET_PROPERTY:pawl::wolfssl,IMPORTED_LOCATION>"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}" RENAME libpawl_wolfssl.a)
    install(DIRECTORY "${PAWL_WOLFSSL_TREE}/wolfssl"
        DESTINATION "${PAWL_WOLFSSL_INCLUDE}" FILES_MATCHING PATTERN "*.h")
    install(FILES "${PAWL_SETTINGS}/user_settings.h"
        DESTINATION "${PAWL_WOLFSSL_INCLUDE}")
    foreach(licence COPYING LICENSING PAWL-ORIGIN)
        if(EXISTS "${PAWL_WOLFSSL_TREE}/${licence}")
            install(FILES "${PAWL_WOLFSSL_TREE}/${licence}"
                DESTINATION "${PAWL_WOLFSSL_INCLUDE}")
        endif()
    endforeach()
    set(PAWL_PC_REQUIRES "")
    set(PAWL_PC_WOLFSSL "-lpawl_wolfssl")
    set(PAWL_PC_DEFINITIONS "-DWOLFSSL_USER_SETTINGS")
    foreach(definition IN LISTS PAWL_WOLFSSL_DEFINITIONS)
        string(APPEND PAWL_PC_DEFINITIONS " -D${definition}")
    endforeach()
endif()

configure_package_config_file("${PAWL_ROOT}/cmake/pawlConfig.cmake.in"
    pawlConfig.cmake INSTALL_DESTINATION "${PAWL_CMAKE_DIR}"
    PATH_VARS CMAKE_INSTALL_LIBDIR PAWL_WOLFSSL_INCLUDE)
write_basic_package_version_file(pawlConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/pawlConfig.cmake"
              "${CMAKE_CURRENT_BINARY_DIR}/pawlConfigVersion.cmake"
    DESTINATION "${PAWL_CMAKE_DIR}")

# The prefix is found from the .pc file's own place, so that the tree can be
# moved, and cmake --install --prefix holds.
file(RELATIVE_PATH PAWL_PC_PREFIX
    "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
foreach(library pawl pawl_boot)
    string(REPLACE "_" "-" name ${library})
    set(PAWL_PC_NAME ${name})
    set(PAWL_PC_LIBRARY ${library})
    configure_file("${PAWL_ROOT}/cmake/pawl.pc.in" ${name}.pc @ONLY)
    install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
        DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()

# pawl_store_pc(<name> <library> <what it is> <requires> <libs>)
function(pawl_store_pc name library description requires libs)
    if(TARGET ${library})
        set(PAWL_PC_NAME ${name})
        set(PAWL_PC_LIBRARY ${library})
        set(PAWL_PC_DESCRIPTION "${description}")
        set(PAWL_PC_REQUIRES "${requires}")
        set(PAWL_PC_LIBS "${libs}")
        configure_file("${PAWL_ROOT}/cmake/store.pc.in" ${name}.pc @ONLY)
        install(FILES "${CMAKE_CURRENT_BINARY_DIR}/${name}.pc"
            DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
    endif()
endfunction()
pawl_store_pc(pawl-check pawl_port_check "Checks a port against its headers"
    "pawl" "")
pawl_store_pc(pawl-pkcs11 pawl_pkcs11 "A key store in a PKCS #11 token" ""
    "-ldl")
pawl_store_pc(pawl-tpm2 pawl_tpm2 "A key store in a TPM 2.0"
    "tss2-esys tss2-tctildr" "")
