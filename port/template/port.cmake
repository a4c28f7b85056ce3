# SPDX-License-Identifier: Apache-2.0
#
# The two programs of a device: a loader, which links pawl::boot alone, and an
# application. PAWL_PORT_TODO: linker scripts, and what else a board wants.
add_executable(${PAWL_PORT_NAME}_loader
    "${CMAKE_CURRENT_LIST_DIR}/firmware/loader.c")
target_link_libraries(${PAWL_PORT_NAME}_loader PRIVATE pawl_options
    pawl_port_${PAWL_PORT_NAME} pawl::boot)
add_executable(${PAWL_PORT_NAME}_application
    "${CMAKE_CURRENT_LIST_DIR}/firmware/application.c")
target_link_libraries(${PAWL_PORT_NAME}_application PRIVATE pawl_options
    pawl_port_${PAWL_PORT_NAME} pawl::pawl)
foreach(program IN ITEMS ${PAWL_PORT_NAME}_loader ${PAWL_PORT_NAME}_application)
    target_link_options(${program} PRIVATE -Wl,--gc-sections)
endforeach()
