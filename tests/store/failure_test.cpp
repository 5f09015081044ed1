// What goes wrong on a disk: damage, errors of the system, folders that vanish.
#include <fstream>
#include <thread>

#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

void flip(const fs::path& file, std::uintmax_t at) {
  std::fstream io(file, std::ios::in | std::ios::out | std::ios::binary);
  io.seekg(static_cast<std::streamoff>(at));
  const int was = io.get();
  io.seekp(static_cast<std::streamoff>(at));
  io.put(static_cast<char>(was ^ 1));
}

}  // namespace

TEST_CASE("one flipped bit anywhere, or a byte less, sets a segment aside") {
  const Scratch folder("damage");
  Store store(folder);
  store.add(cell(1));
  store.commit();
  const fs::path file = *fs::directory_iterator(folder / "segments");
  const auto size = fs::file_size(file);
  const std::vector<std::uintmax_t> places = {0,         size / 2,  size - 33,
                                              size - 32, size - 20, size - 1};
  fs::copy_file(file, folder / "good");
  for (const auto at : places) {
    CAPTURE(at);
    flip(file, at);
    CHECK(Store::read_cells(folder).empty());
    CHECK(!fs::exists(file));
    fs::copy_file(folder / "good", file);
    CHECK(Store::read_cells(folder).size() == 1);
  }
  for (const auto kept : {size - 1, size - 32, std::uintmax_t{31}, std::uintmax_t{0}}) {
    CAPTURE(kept);
    fs::resize_file(file, kept);
    CHECK(Store::read_cells(folder).empty());
    CHECK(!fs::exists(file));
    fs::copy_file(folder / "good", file);
  }
  // Set aside is not deleted: every damaged one is still there.
  CHECK(files_in(folder / "segments") == static_cast<std::ptrdiff_t>(places.size() + 4 + 1));
}

TEST_CASE("what the system cannot read is an error, not damage and not absence") {
  const Scratch folder("unreadable");
  Store store(folder);
  const Key key = hash("k");
  const fs::path artifact = folder / ("artifacts/" + key.hex() + ".h5");
  fs::remove(folder / "artifacts");
  std::ofstream(folder / "artifacts") << "a file";
  CHECK(error_of([&] { (void)store.load_artifact(key); }) ==
        "cannot read " + artifact.string() + ": Not a directory");
  fs::remove(folder / "segments");
  std::ofstream(folder / "segments") << "a file";
  for (const auto read : {+[](const fs::path& f) { (void)Store::read_cells(f); },
                          +[](const fs::path& f) { (void)Store::read_states(f); }})
    CHECK(error_of([&] { read(folder); }) ==
          "cannot read " + (folder / "segments").string() + ": Not a directory");
}

TEST_CASE("a folder without a segment has no cells; other things in it are passed over") {
  const Scratch folder("foreign");
  CHECK(Store::read_cells(folder).empty());
  const Store store(folder);
  fs::create_directories(folder / "segments/folder.h5");
  std::ofstream(folder / "segments/notes.txt") << "mine";
  std::ofstream(folder / "segments/.tmp-1-1.h5") << "half of a segm";
  CHECK(Store::read_cells(folder).empty());
  CHECK(files_in(folder / "segments") == 3);
}

TEST_CASE("cells that could not be saved are kept and saved once that is possible") {
  const Scratch folder("full");
  Store::Options options;
  options.commit_seconds = 0.01;
  options.commit_cells = 2;
  Store store(folder, options);
  fs::rename(folder / "segments", folder / "gone");
  for (std::uint64_t i = 0; i < 5; ++i) store.add(cell(i));
  const std::string why = error_of([&] { store.commit(); });
  CHECK(why.find("5 cells could not be saved: cannot create " + (folder / "segments").string()) ==
        0);
  CHECK(store.trouble().find("No such file or directory") != std::string::npos);
  fs::rename(folder / "gone", folder / "segments");
  store.commit();
  CHECK(store.trouble() == "");
  CHECK(Store::read_cells(folder).size() == 5);
}

TEST_CASE("a commit does not wait for cells that are handed over after it") {
  const Scratch folder("steady");
  Store store(folder);
  std::atomic<bool> enough{false};
  constexpr std::uint64_t kLimit = 20000;
  std::uint64_t added = 0;
  store.add(cell(0));
  std::thread other([&] {
    while (!enough && ++added < kLimit) {
      store.add(cell(added));
      std::this_thread::sleep_for(std::chrono::microseconds(100));
    }
  });
  for (int i = 0; i < 3; ++i) store.commit();
  enough = true;
  other.join();
  CHECK(added < kLimit);
}

TEST_CASE("a store below a file cannot be made and says so") {
  const Scratch folder("file");
  std::ofstream(static_cast<const fs::path&>(folder)) << "a file";
  CHECK(error_of([&] { const Store store(folder / "study"); }) ==
        "cannot make " + (folder / "study/segments").string() + ": Not a directory");
}
