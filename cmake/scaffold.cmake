# What `assay new` writes lies as files beside the kinds that it is for; they are compiled in.
file(GLOB ASSAY_SCAFFOLD CONFIGURE_DEPENDS
  components/*/scaffold/*.in runner/cli/scaffold/*.in runner/cli/scaffold/.*.in)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ASSAY_SCAFFOLD})
set(files "")
foreach(path ${ASSAY_SCAFFOLD})
  file(READ ${path} text)
  get_filename_component(name ${path} NAME)
  string(REGEX REPLACE "[.]in$" "" name ${name})
  set(kind "")
  if(path MATCHES "components/([a-z]+)s/scaffold")
    set(kind ${CMAKE_MATCH_1})
  endif()
  string(APPEND files "    {\"${kind}\", \"${name}\", R\"assay(${text})assay\"},\n")
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/scaffold.cpp.new "#include \"runner/cli/scaffold.h\"

namespace assay::cli {

std::span<const ScaffoldFile> scaffold_files() {
  static constexpr ScaffoldFile kFiles[] = {
${files}  };
  return kFiles;
}

}  // namespace assay::cli
")
configure_file(${CMAKE_BINARY_DIR}/scaffold.cpp.new ${CMAKE_BINARY_DIR}/scaffold.cpp COPYONLY)
list(APPEND ASSAY_RUNNER ${CMAKE_BINARY_DIR}/scaffold.cpp)
