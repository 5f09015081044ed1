#include "runner/config/plugin.h"

#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "runner/registry/abi.h"
#include "runner/registry/registry.h"

namespace assay::config {

namespace {

// The stamp inside the library's bytes; empty where there is none.
std::string stamp_of(const std::string& bytes) {
  const std::size_t at = bytes.find(ASSAY_ABI_PREFIX);
  if (at == std::string::npos) return {};
  return bytes.substr(at, bytes.find('\0', at) - at);
}

}  // namespace

std::string load_plugin(const std::string& path, const std::string& folder) {
  static std::set<std::string> loaded;
  std::filesystem::path file(path);
  if (file.is_relative()) file = std::filesystem::path(folder) / file;
  std::error_code code;
  const std::string canonical = std::filesystem::weakly_canonical(file, code).string();
  if (loaded.count(canonical)) return {};
  // To open a pipe would wait for a writer.
  if (!std::filesystem::is_regular_file(canonical, code))
    return "plugin " + toml_string(path) + " cannot be read (looked at " + canonical + ")";
  std::ifstream in(canonical, std::ios::binary);
  if (!in) return "plugin " + toml_string(path) + " cannot be read (looked at " + canonical + ")";
  const std::string bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::string stamp = stamp_of(bytes);
  if (stamp.empty())
    return "plugin " + toml_string(path) + " is no Assay plugin: it lacks ASSAY_PLUGIN()";
  if (stamp != ASSAY_ABI_STAMP)
    return "plugin " + toml_string(path) + " was built for another ABI (" + stamp + "; this is " +
           ASSAY_ABI_STAMP + "); build it against this Assay";
  Registry::global().take_duplicates();
  if (!dlopen(canonical.c_str(), RTLD_NOW | RTLD_GLOBAL)) {
    const char* why = dlerror();  // NOLINT(concurrency-mt-unsafe): studies are read by one thread
    return "plugin " + toml_string(path) + " does not load: " + (why ? why : "unknown reason");
  }
  const std::vector<std::string> twice = Registry::global().take_duplicates();
  if (!twice.empty()) return "plugin " + toml_string(path) + ": " + twice.front();
  loaded.insert(canonical);
  return {};
}

}  // namespace assay::config
