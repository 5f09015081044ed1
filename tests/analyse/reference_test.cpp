#include "tests/analyse/reference.h"

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace assay::testing {

namespace {

using Case = std::map<std::string, std::vector<double>>;

struct Kept {
  std::map<std::string, std::string> sources;
  std::map<std::string, Case> cases;
};

const Kept& kept() {
  static const Kept all = [] {
    std::ifstream file(ASSAY_SOURCE_DIR "/tests/analyse/reference.json");
    const auto all_cases = nlohmann::json::parse(file);
    Kept out;
    for (const auto& [name, fields] : all_cases.items())
      for (const auto& [key, value] : fields.items()) {
        if (key == "source")
          out.sources[name] = value.get<std::string>();
        else
          out.cases[name][key] = value.get<std::vector<double>>();
      }
    return out;
  }();
  return all;
}

}  // namespace

const std::vector<double>& reference(const std::string& name, const std::string& key) {
  return kept().cases.at(name).at(key);
}

TEST_CASE("each reference value has a source") {
  CHECK(kept().cases.size() >= 20);
  for (const auto& [name, values] : kept().cases) {
    INFO(name);
    CHECK(!kept().sources.at(name).empty());
    for (const auto& [key, numbers] : values) CHECK(!numbers.empty());
  }
}

}  // namespace assay::testing
