# What moai stands on, all of it from Debian packages. Version floors are Debian 12's.
find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(PostgreSQL 15 REQUIRED)
find_package(prometheus-cpp REQUIRED)  # its package file tells no version

# libpqxx and libpistache ship pkg-config files only.
find_package(PkgConfig REQUIRED)
pkg_check_modules(pqxx REQUIRED IMPORTED_TARGET libpqxx>=6.4)
add_library(PQXX::pqxx ALIAS PkgConfig::pqxx)
pkg_check_modules(pistache REQUIRED IMPORTED_TARGET libpistache)
add_library(Pistache::pistache ALIAS PkgConfig::pistache)
