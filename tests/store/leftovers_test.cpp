#include "runner/store/leftovers.h"

#include <sys/wait.h>

#include <fstream>

#include "runner/store/midway.h"
#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

// The tag of a process of this machine that is over.
std::string dead_tag() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  const std::string& own = process_tag();
  return own.substr(0, own.rfind('-') + 1) + std::to_string(child);
}

void make(const fs::path& file) {
  std::ofstream(file) << "half";
}

void age(const fs::path& file) {
  fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(25));
}

}  // namespace

TEST_CASE("temporaries of processes that are over go, those of others stay for a day") {
  const Scratch folder("leftovers");
  const Store store(folder);
  const std::string dead = dead_tag();
  for (const char* part : {"", "segments/", "artifacts/"})
    for (const std::string& tag : {dead, process_tag(), std::string("0123456789ab-1")})
      make(folder / (part + (".tmp-" + tag + "-1-1-f")));
  make(folder / "segments/.tmp-1-1.h5");  // of a version that named no machine
  age(folder / "segments/.tmp-0123456789ab-1-1-1-f");
  clear_leftovers(folder);
  for (const std::string part : {"", "segments/", "artifacts/"}) {
    CAPTURE(part);
    CHECK_FALSE(fs::exists(folder / (part + ".tmp-" + dead + "-1-1-f")));
    CHECK(fs::exists(folder / (part + ".tmp-" + process_tag() + "-1-1-f")));
    CHECK(fs::exists(folder / (part + ".tmp-0123456789ab-1-1-1-f")) == (part != "segments/"));
  }
  CHECK(fs::exists(folder / "segments/.tmp-1-1.h5"));
}

TEST_CASE("scratch folders of processes that are over go with what is in them") {
  const Scratch folder("scratches");
  const std::string dead = "scratch-" + dead_tag(), foreign = "scratch-0123456789ab-1";
  for (const std::string& name : {dead, foreign, "scratch-" + process_tag()})
    fs::create_directories(folder / (name + "/artifacts"));
  clear_leftovers(folder);
  CHECK_FALSE(fs::exists(folder / dead));
  CHECK(fs::exists(folder / foreign));
  age(folder / foreign);
  clear_leftovers(folder);
  CHECK_FALSE(fs::exists(folder / foreign));
  CHECK(fs::exists(folder / ("scratch-" + process_tag())));
}

TEST_CASE("states of a stage whose result is kept go, those of others stay") {
  const Scratch folder("states");
  Store store(folder);
  const Key kept = hash("a"), other = hash("b");
  const Archive state;
  for (const Key& key : {kept, other}) make_midway(folder, key, 60.0)->save(state);
  store.save_artifact(kept, {});
  clear_leftovers(folder);
  CHECK_FALSE(make_midway(folder, kept, 60.0)->latest());
  CHECK(make_midway(folder, other, 60.0)->latest());
}

TEST_CASE("states do not pile up over runs that are killed") {
  const Scratch folder("pile");
  const Archive state;
  for (int run = 0; run < 5; ++run) make_midway(folder, hash("a"), 60.0)->save(state);
  CHECK(files_in(folder / "midway") == 2);
}

TEST_CASE("news are the cells that others committed since") {
  const Scratch folder("news");
  Store store(folder);
  store.add(cell(1));
  store.commit();
  Watch watch(folder);
  store.add(cell(2));
  store.commit();
  CHECK(watch.news().empty());  // its own
  const fs::path file = *fs::directory_iterator(folder / "segments");
  fs::copy_file(file, folder / "segments/1-0123456789ab-1-0.h5");
  CHECK(watch.news().size() == 1);
  CHECK(watch.news().empty());
}
