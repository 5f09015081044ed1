#include "runner/store/midway.h"

#include <fstream>

#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

Archive state(int step) {
  Archive out;
  out.put<std::int32_t>("step", std::span(&step, 1), {1});
  out.put_text("note", "at " + std::to_string(step));
  return out;
}

}  // namespace

TEST_CASE("the last two states of a long stage are kept, and the newest is found") {
  const Scratch folder("midway");
  const Key key = hash("a"), other = hash("b");
  const auto midway = make_midway(folder, key, 60.0);
  CHECK_FALSE(midway->latest());
  for (const int step : {1, 2, 3, 4}) midway->save(state(step));
  CHECK(files_in(folder / "midway") == 2);
  CHECK(make_midway(folder, key, 60.0)->latest() == state(4));
  CHECK_FALSE(make_midway(folder, other, 60.0)->latest());
  make_midway(folder, other, 60.0)->save(state(9));
  std::ofstream(folder / ("midway/.tmp-1-2-3-" + key.hex() + "-4-5.h5")) << "cut off";
  drop_midway(folder, key);
  CHECK_FALSE(midway->latest());
  CHECK(make_midway(folder, other, 60.0)->latest() == state(9));
  drop_midway(folder, other);
  CHECK_FALSE(fs::exists(folder / "midway"));
}

TEST_CASE("a damaged state is set aside and the one before it used") {
  const Scratch folder("midway-damage");
  const auto midway = make_midway(folder, hash("a"), 60.0);
  for (const int step : {1, 2}) midway->save(state(step));
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder / "midway"))
    newest = std::max(newest, entry.path());
  fs::resize_file(newest, fs::file_size(newest) / 2);
  CHECK(midway->latest() == state(1));
  CHECK(fs::exists(newest.string() + ".bad"));
}

TEST_CASE("a state that cannot be saved costs nothing but itself") {
  const Scratch folder("midway-full");
  fs::create_directories(folder);
  std::ofstream(folder / "midway") << "in the way";
  const auto midway = make_midway(folder, hash("a"), 60.0);
  midway->save(state(1));
  CHECK_FALSE(midway->latest());
}
