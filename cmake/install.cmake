# A binary, the headers, and a CMake package, so that components build out of tree.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set_target_properties(assay PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}")
install(TARGETS assay assay_library EXPORT assay-targets
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY runner components DESTINATION include/assay FILES_MATCHING PATTERN "*.h"
  PATTERN "hdf5.h" EXCLUDE)
# The contract suites, which a plugin's tests run on its own components.
install(DIRECTORY tests/contracts DESTINATION include/assay/tests)
install(FILES tests/components/support.h DESTINATION include/assay/tests/components)
install(DIRECTORY datasets DESTINATION share/assay)
install(DIRECTORY configs DESTINATION share/assay)
# The build folder is a package too, for components that are written beside a source tree.
export(EXPORT assay-targets NAMESPACE assay:: FILE ${CMAKE_BINARY_DIR}/assay-targets.cmake)
install(EXPORT assay-targets NAMESPACE assay:: DESTINATION lib/cmake/assay)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/assay-config-version.cmake
  COMPATIBILITY ExactVersion)
configure_package_config_file(cmake/assay-config.cmake.in
  ${CMAKE_BINARY_DIR}/assay-config.cmake INSTALL_DESTINATION lib/cmake/assay)
install(FILES ${CMAKE_BINARY_DIR}/assay-config.cmake ${CMAKE_BINARY_DIR}/assay-config-version.cmake
  DESTINATION lib/cmake/assay)
