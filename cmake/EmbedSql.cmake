# The target moai_embedded_sql: db/ as constants inside the binary, in the order of db/install.sql. Any change below db/ makes it anew;
# a file that no manifest names, or a manifest line without its file, fails the build (see EmbedSqlScript.cmake).
file(GLOB_RECURSE moai_sql_files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/db/*.sql")
set(moai_embedded_sql_cpp "${CMAKE_BINARY_DIR}/generated/embedded_sql.cpp")
add_custom_command(
    OUTPUT "${moai_embedded_sql_cpp}"
    COMMAND "${CMAKE_COMMAND}" -DMODE=embed "-DDB_DIR=${CMAKE_SOURCE_DIR}/db" "-DOUTPUT=${moai_embedded_sql_cpp}"
            -P "${CMAKE_SOURCE_DIR}/cmake/EmbedSqlScript.cmake"
    DEPENDS ${moai_sql_files} "${CMAKE_SOURCE_DIR}/cmake/EmbedSqlScript.cmake"
    COMMENT "Embedding db/ into ${moai_embedded_sql_cpp}"
    VERBATIM)
add_library(moai_embedded_sql STATIC "${moai_embedded_sql_cpp}")
target_include_directories(moai_embedded_sql PUBLIC "${CMAKE_SOURCE_DIR}/src")
target_link_libraries(moai_embedded_sql PRIVATE moai_warnings)
