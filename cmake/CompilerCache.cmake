# ccache, where it is installed, so that the README's plain cmake line and the scripts share one build.
find_program(MOAI_CCACHE ccache)
if(MOAI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${MOAI_CCACHE}")
endif()
