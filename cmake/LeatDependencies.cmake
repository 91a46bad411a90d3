# Everything that is not ours. Reasons and licences: docs/dependencies.md.
set(BOOST_ROOT /usr)
find_package(Boost 1.81 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(simdjson 3 REQUIRED)
find_package(yaml-cpp 0.7 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(SQLite3 3.40 REQUIRED)
find_package(CURL 7.88 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(OpenSSL 3 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LZ4 REQUIRED IMPORTED_TARGET liblz4)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(Snappy REQUIRED)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc>=5.2)
if(LEAT_TESTS)
  find_package(GTest 1.12 REQUIRED)
endif()

# DuckDB: fetched by scripts/fetch-duckdb, checked there by hash.
set(LEAT_DUCKDB_DIR "${CMAKE_SOURCE_DIR}/.deps/duckdb-1.5.6" CACHE PATH "duckdb.h and libduckdb.so")
if(NOT EXISTS "${LEAT_DUCKDB_DIR}/libduckdb.so")
  message(FATAL_ERROR "DuckDB is not in ${LEAT_DUCKDB_DIR}: run scripts/fetch-duckdb first (./run and ./test do)")
endif()
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION "${LEAT_DUCKDB_DIR}/libduckdb.so"
  IMPORTED_NO_SONAME OFF
  INTERFACE_INCLUDE_DIRECTORIES "${LEAT_DUCKDB_DIR}")
