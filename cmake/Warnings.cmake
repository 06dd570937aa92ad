# One interface target carries every flag that is ours to choose, so that no other file names one.
option(MOAI_WERROR "Treat warnings as errors (CI turns it on)" OFF)
set(MOAI_SANITIZE "" CACHE STRING "Value of -fsanitize=, e.g. address,undefined or thread")

add_library(moai_warnings INTERFACE)
target_compile_features(moai_warnings INTERFACE cxx_std_20)
target_compile_options(moai_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(MOAI_WERROR)
    target_compile_options(moai_warnings INTERFACE -Werror)
endif()
if(MOAI_SANITIZE)
    target_compile_options(moai_warnings INTERFACE -fsanitize=${MOAI_SANITIZE} -fno-omit-frame-pointer
                                                   -fno-sanitize-recover=all)
    target_link_options(moai_warnings INTERFACE -fsanitize=${MOAI_SANITIZE})
    target_compile_definitions(moai_warnings INTERFACE _GLIBCXX_ASSERTIONS)
    # GCC's manual: with sanitizers this warning has false positives (std::regex is full of them). Release keeps it.
    target_compile_options(moai_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
# GCC 12 sees overlapping copies in std::string's operator+ where there are none (GCC bug 105651, mended in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    target_compile_options(moai_warnings INTERFACE -Wno-restrict)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
