// new: writes an out-of-tree component with its test, a study and a build, ready to run.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "runner/cli/command.h"
#include "runner/cli/scaffold.h"
#include "runner/registry/registry.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;
using Words = std::map<std::string, std::string>;

constexpr const char* kUsage = "new KIND NAME [--out DIR]";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}

void must_be_name(const std::string& name, const std::string& kind) {
  bool good = !name.empty() && is_lower(name[0]) && name.back() != '-';
  for (std::size_t i = 0; good && i < name.size(); ++i) {
    const bool dash = name[i] == '-' && name[i - 1] != '-';
    good = is_lower(name[i]) || (name[i] >= '0' && name[i] <= '9') || dash;
  }
  if (!good)
    throw UsageError("\"" + name +
                     "\" is no name for a component; allowed: lower-case words of letters and "
                     "digits, joined by -, as in my-" +
                     kind);
  if (Registry::global().find(kind, name))
    throw UsageError("there is a " + kind + " \"" + name + "\" already (assay describe " + kind +
                     "." + name + "); choose another name");
}

// my-router -> MyRouter; a name without its kind gets it, so that no class hides one of Assay's.
std::string class_name(const std::string& name, const std::string& kind) {
  std::string out;
  bool upper = true;
  const std::string tail = "-" + kind;
  for (const char c : name.ends_with(tail) ? name : name + tail) {
    if (c != '-') out += upper ? static_cast<char>(std::toupper(c)) : c;
    upper = c == '-';
  }
  return out;
}

std::string filled_in(std::string text, const Words& words) {
  for (const auto& [word, by] : words) {
    const std::string mark = "@" + word + "@";
    for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at))
      text.replace(at, mark.size(), by), at += by.size();
  }
  return text;
}

// Where the CMake package of the running binary is: its build folder, or the prefix that it was
// installed under.
std::string package_root(const fs::path& binary) {
  const fs::path folder = binary.parent_path();
  if (fs::exists(folder / "assay-config.cmake")) return folder.string();
  return folder.parent_path().string();
}

std::string file_for(const ScaffoldFile& file, const std::string& stem) {
  const std::string name = file.name;
  if (name == "component.cpp") return stem + ".cpp";
  return name == "test.cpp" ? stem + "_test.cpp" : name;
}

void write(const fs::path& path, const std::string& text) {
  std::ofstream out(path);
  out << text << std::flush;
  if (!out) throw UsageError("cannot write " + path.string());
}

}  // namespace

int new_command(const Arguments& arguments) {
  po::options_description options("options");
  options.add_options()("out", po::value<std::string>(), "folder to write; NAME if not given");
  po::variables_map vm;
  if (!parse(arguments, kUsage, options, {"kind", "name"}, vm)) return 0;
  if (!vm.count("kind") || !vm.count("name"))
    throw UsageError(std::string("new needs a kind and a name\nusage: assay ") + kUsage);
  const std::string kind = vm["kind"].as<std::vector<std::string>>().front();
  const std::string name = vm["name"].as<std::vector<std::string>>().front();
  must_be_kind(kind);
  must_be_name(name, kind);
  const fs::path folder = vm.count("out") ? vm["out"].as<std::string>() : name;
  if (fs::exists(folder) && !(fs::is_directory(folder) && fs::is_empty(folder)))
    throw UsageError(folder.string() + " exists already; nothing was written");

  std::string stem = name;
  std::replace(stem.begin(), stem.end(), '-', '_');
  const fs::path binary = fs::read_symlink("/proc/self/exe");
  const Words words = {{"KIND", kind},
                       {"NAME", name},
                       {"FILE", stem},
                       {"CLASS", class_name(name, kind)},
                       {"VERSION", ASSAY_VERSION},
                       {"PREFIX", package_root(binary)},
                       {"ASSAY", binary.string()}};
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw UsageError("cannot create " + folder.string() + ": " + failed.message());
  for (const ScaffoldFile& file : scaffold_files())
    if (*file.kind == '\0' || file.kind == kind)
      write(folder / file_for(file, stem), filled_in(file.text, words));
  std::cout << "Wrote " << folder.string() << ": " << stem
            << ".cpp, its test, study.toml and a build.\n\n"
            << "  cd " << folder.string() << "\n"
            << "  cmake -S . -B build && cmake --build build\n"
            << "  ctest --test-dir build --output-on-failure\n"
            << "  " << binary.string() << " run study.toml\n";
  return 0;
}

}  // namespace assay::cli
