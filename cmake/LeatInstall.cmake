# `cmake --install` gives a tree that may be moved: bin/leat finds lib/leat/libduckdb.so beside
# itself. `cpack` makes a Debian package of the same tree.
if(NOT TARGET leat)
  return()
endif()

# Installing and packing take what was built; they do not build the tests first.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(LEAT_PRIVATE_LIBDIR lib/leat)  # no multiarch folder: nobody else links against it
set_target_properties(leat PROPERTIES
  RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}"
  INSTALL_RPATH "$ORIGIN/../${LEAT_PRIVATE_LIBDIR}")

install(TARGETS leat RUNTIME DESTINATION bin)
install(FILES "${LEAT_DUCKDB_DIR}/libduckdb.so" DESTINATION ${LEAT_PRIVATE_LIBDIR})
install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples/" DESTINATION share/leat/examples)
install(FILES "${CMAKE_SOURCE_DIR}/packaging/copyright" DESTINATION share/doc/leat)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME leat)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Leat project")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
# dpkg-shlibdeps names the libraries that bin/leat needs; libduckdb.so is our own.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS "${LEAT_DUCKDB_DIR}")
# What it reads at run time without linking to it: time zones, and who to trust in https.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates")
include(CPack)
