// Feeds every file of a folder to a target:  assay_fuzz_corpus TARGET FOLDER
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>

#include "tests/fuzz/target.h"

namespace assay::fuzz {

namespace {

std::map<std::string, Target>& targets() {
  static std::map<std::string, Target> all;
  return all;
}

int feed(const std::string& name, const std::filesystem::path& folder) {
  const auto found = targets().find(name);
  if (found == targets().end()) {
    std::cerr << "there is no fuzz target " << name << "\n";
    return 2;
  }
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    std::cout << entry.path().filename().string() << std::endl;  // the last one is the culprit
    found->second({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
    ++files;
  }
  return files > 0 ? 0 : 1;
}

}  // namespace

bool add_target(const char* name, Target target) {
  return targets().emplace(name, target).second;
}

}  // namespace assay::fuzz

int main(int count, char** arguments) {
  if (count == 3) return assay::fuzz::feed(arguments[1], arguments[2]);
  std::cerr << "usage: assay_fuzz_corpus TARGET FOLDER\n";
  return 2;
}
