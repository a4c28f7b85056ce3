# SPDX-License-Identifier: Apache-2.0
#
# The two programs of a device: a loader, which links pawl::boot alone, and an
# application; and one that checks the port. PAWL_PORT_TODO: linker scripts, and what else a board wants.
add_executable(${PAWL_PORT_NAME}_loader
    "${CMAKE_CURRENT_LIST_DIR}/firmware/loader.c")
target_link_libraries(${PAWL_PORT_NAME}_loader PRIVATE pawl_options
    pawl_port_${PAWL_PORT_NAME} pawl::boot)
add_executable(${PAWL_PORT_NAME}_application
    "${CMAKE_CURRENT_LIST_DIR}/firmware/application.c")
target_link_libraries(${PAWL_PORT_NAME}_application PRIVATE pawl_options
    pawl_port_${PAWL_PORT_NAME} pawl::pawl)
add_executable(${PAWL_PORT_NAME}_check
    "${CMAKE_CURRENT_LIST_DIR}/firmware/check.c")
target_link_libraries(${PAWL_PORT_NAME}_check PRIVATE pawl_options
    pawl_port_${PAWL_PORT_NAME} pawl::check pawl::pawl)
foreach(program IN ITEMS loader application check)
    target_link_options(${PAWL_PORT_NAME}_${program}
        PRIVATE -Wl,--gc-sections)
endforeach()
