# moai_library(<folder> LINK <targets...>): the static library moai_<folder> of every source in src/<folder>.
# Includes are written from src/ ("pg/connection.hpp"), so the first lines of a file show the layers it leans on.
function(moai_library folder)
    cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/src/${folder}/*.cpp")
    add_library(moai_${folder} STATIC ${sources})
    target_include_directories(moai_${folder} PUBLIC "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(moai_${folder} PUBLIC ${ARG_LINK} PRIVATE moai_warnings)
endfunction()

# moai_test(<name> LABEL <unit|integration|hazard> SOURCES <files...> LINK <targets...>): one test program.
function(moai_test name)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINK" ${ARGN})
    add_executable(${name} ${ARG_SOURCES})
    target_include_directories(${name} PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/tests/cpp")
    target_link_libraries(${name} PRIVATE ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main moai_warnings)
    # What is tested keeps its optimisation; the tests' own code compiles twice as fast without.
    target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O0>)
    add_test(NAME ${name} COMMAND ${name})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 120)
    endif()
    set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
