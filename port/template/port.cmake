# SPDX-License-Identifier: Apache-2.0
#
# The programs of a board: a loader, which links pawl::boot alone; an
# application that leaves everything to the agent, or one that updates are
# pushed into; and one that checks the port. PAWL_PORT_TODO: linker scripts,
# and what else a board wants.
foreach(program IN ITEMS loader application pushed check)
    set(name ${PAWL_PORT_NAME}_${program})
    add_executable(${name}
        "${CMAKE_CURRENT_LIST_DIR}/firmware/${program}.c")
    target_link_libraries(${name} PRIVATE pawl_options
        pawl_port_${PAWL_PORT_NAME})
    target_link_options(${name} PRIVATE -Wl,--gc-sections
        -Wl,-Map=${name}.map)
endforeach()
target_link_libraries(${PAWL_PORT_NAME}_loader PRIVATE pawl::boot)
target_link_libraries(${PAWL_PORT_NAME}_application PRIVATE pawl::pawl)
target_link_libraries(${PAWL_PORT_NAME}_pushed PRIVATE pawl::pawl)
target_link_libraries(${PAWL_PORT_NAME}_check PRIVATE pawl::check pawl::pawl)
