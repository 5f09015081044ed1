#include <fstream>
#include <iterator>
#include <thread>

#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("a commit does not replace unless asked to, and leaves no temporary file") {
  const Scratch folder("commit");
  fs::create_directories(folder);
  CHECK(commit_file(folder / "f", bytes_of("one"), false));
  CHECK(!commit_file(folder / "f", bytes_of("two"), false));
  CHECK(content(folder / "f") == "one");
  CHECK(commit_file(folder / "f", bytes_of("two"), true));
  CHECK(content(folder / "f") == "two");
  CHECK(files_in(folder) == 1);
}

// In a container every run may have the same process number, so what a killed run left behind has
// the very names that the next run would choose.
TEST_CASE("a bare file name is of the folder that the process is in") {
  const Scratch folder("bare");
  fs::create_directories(folder);
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  const std::string error = error_of([] { replace_file("page.html", bytes_of("one")); });
  fs::current_path(before);
  CHECK(error == "");
  CHECK(files_in(folder) == 1);
}

TEST_CASE("what a killed run left behind is neither in the way nor touched") {
  const Scratch folder("leftover");
  fs::create_directories(folder);
  const std::string prefix = ".tmp-" + std::to_string(getpid()) + "-";
  for (int i = 0; i < 500; ++i)
    std::ofstream(folder / (prefix + std::to_string(i) + "-f")) << "of another";
  REQUIRE(error_of([&] { CHECK(commit_file(folder / "f", bytes_of("mine"), false)); }) == "");
  CHECK(content(folder / "f") == "mine");
  CHECK(files_in(folder) == 501);
}

TEST_CASE("of many that commit one name at once, exactly one does") {
  const Scratch folder("race");
  fs::create_directories(folder);
  std::atomic<int> first{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        if (commit_file(folder / ("f" + std::to_string(i)), bytes_of(std::to_string(t)), false))
          ++first;
    });
  for (auto& thread : threads) thread.join();
  CHECK(first == 20);
  CHECK(files_in(folder) == 20);
}

TEST_CASE("a commit that fails names the file and the reason") {
  const Scratch folder("nowhere");
  const std::string missing = error_of([&] { commit_file(folder / "f", bytes_of("x"), false); });
  CHECK(missing.find("cannot create " + (folder / ".tmp-").string()) == 0);
  CHECK(missing.find(": No such file or directory") != std::string::npos);
  fs::create_directories(folder / "taken/inside");
  const std::string taken = error_of([&] { commit_file(folder / "taken", bytes_of("x"), true); });
  CHECK(taken == "cannot rename to " + (folder / "taken").string() + ": Is a directory");
  CHECK(files_in(folder) == 1);  // the temporary one is gone
}
