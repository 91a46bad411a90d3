# A relocatable tree: bin/leat finds lib/leat/libduckdb.so beside itself.
include(GNUInstallDirs)
if(TARGET leat)
  install(TARGETS leat RUNTIME DESTINATION bin)
  install(FILES "${LEAT_DUCKDB_DIR}/libduckdb.so" DESTINATION lib/leat
          PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  install(DIRECTORY "${CMAKE_SOURCE_DIR}/examples/" DESTINATION share/leat/examples)
endif()
