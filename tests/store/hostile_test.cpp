// Files that are not what they should be: every bit counts, and nothing inside is believed.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <fstream>

#include "runner/store/files.h"
#include "runner/store/segment.h"
#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

Segment small_segment() {
  Segment out;
  out.cells = {cell(1), cell(2)};
  out.timings = {{"a", "noop", 0.5, 1e6}};
  return out;
}

void put(const fs::path& file, std::span<const std::byte> bytes) {
  std::ofstream(file, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

// What was wrong with the file; empty where it is whole.
std::string damage_of(const fs::path& file) {
  bool vanished = false;
  std::string damage;
  examine_sealed(file, vanished, damage);
  return damage;
}

// All columns of a small segment, but for some; `make` writes others.
std::vector<std::byte> with_other(const std::vector<std::string>& columns,
                                  const std::function<void(MemoryFile&)>& make) {
  const auto among = [&](const std::string& name) {
    return std::find(columns.begin(), columns.end(), name) != columns.end();
  };
  const std::scoped_lock lock(hdf5_mutex());
  const auto whole = encode(small_segment());
  const MemoryFile from(whole);
  MemoryFile to;
  std::vector<std::string> arrays, texts;
  from.list(arrays, texts);
  for (const auto& name : arrays)
    if (!among(name)) to.write(name, from.read(name));
  for (const auto& name : texts)
    if (!among(name)) to.write_text(name, from.read_text(name));
  make(to);
  return to.image();
}

std::string decoding_with(const std::string& column, const std::function<void(MemoryFile&)>& make) {
  try {
    (void)decode(with_other({column}, make));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

template <class T>
std::function<void(MemoryFile&)> column(const std::string& name, std::vector<T> values) {
  return [=](MemoryFile& file) {
    file.write(name, Array::of<T>(values, {static_cast<std::int64_t>(values.size())}));
  };
}

}  // namespace

TEST_CASE("a flipped bit in any byte of a segment is seen") {
  const Scratch folder("flips");
  fs::create_directories(folder);
  auto bytes = sealed(encode(small_segment()));
  const fs::path file = folder / "segment.h5";
  put(file, bytes);
  REQUIRE(damage_of(file).empty());
  std::size_t seen = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto bit = static_cast<std::byte>(1U << (i % 8));
    bytes[i] ^= bit;
    put(file, bytes);
    seen += damage_of(file).empty() ? 0 : 1;
    bytes[i] ^= bit;
  }
  CHECK(seen == bytes.size());
  MESSAGE(bytes.size() << " bytes flipped");
}

TEST_CASE("every bit of the trailer counts, that of the format too") {
  const Scratch folder("trailer");
  fs::create_directories(folder);
  auto bytes = sealed(encode(small_segment()));
  for (std::size_t i = bytes.size() - 32; i < bytes.size(); ++i)
    for (unsigned bit = 0; bit < 8; ++bit) {
      CAPTURE(i);
      bytes[i] ^= static_cast<std::byte>(1U << bit);
      put(folder / "segment.h5", bytes);
      CHECK(error_of([&] { CHECK(!damage_of(folder / "segment.h5").empty()); }) == "");
      bytes[i] ^= static_cast<std::byte>(1U << bit);
    }
}

TEST_CASE("a newer format is refused, and neither set aside nor replaced") {
  const Scratch folder("newer");
  Store store(folder);
  const fs::path segment = folder / "segments/1.h5", artifact = folder / "artifacts";
  put(segment, sealed(encode(small_segment()), 3));
  CHECK(error_of([&] { (void)Store::read_cells(folder); }) ==
        segment.string() +
            " was written by a newer Assay (format 3, this one reads up to 2): use that one");
  const Key key = hash("k");
  put(artifact / (key.hex() + ".h5"), sealed(encode(small_segment()), 4));
  CHECK(error_of([&] {
          (void)store.load_artifact(key);
        }).find("(format 4, this one reads up to 2)") != std::string::npos);
  CHECK(files_in(folder / "segments") == 1);
  CHECK(files_in(folder / "artifacts") == 1);
}

TEST_CASE("what is no file is set aside without waiting for it") {
  const Scratch folder("kinds");
  Store store(folder);
  const Key key = hash("k");
  const fs::path artifact = folder / ("artifacts/" + key.hex() + ".h5");
  const auto refused = [&](const std::string& kind) {
    CHECK(damage_of(artifact) == artifact.string() + " is " + kind);
    CHECK(!store.load_artifact(key));
    CHECK(!fs::exists(fs::symlink_status(artifact)));
  };
  REQUIRE(mkfifo(artifact.c_str(), 0600) == 0);
  refused("a pipe");
  fs::create_directory(artifact);
  refused("a folder");
  fs::create_symlink("/dev/zero", artifact);
  refused("a device");
  fs::create_symlink(folder / "segments", artifact);
  refused("a folder");
  put(artifact, {});
  CHECK(damage_of(artifact).starts_with("it does not end as a file of Assay does"));
  CHECK(!store.load_artifact(key));
  fs::create_symlink(folder / "nowhere", artifact);
  CHECK(error_of([&] { (void)store.load_artifact(key); }) ==
        "cannot read " + artifact.string() + ": it is a link to " + (folder / "nowhere").string() +
            ", which is not there; bring that back, or remove the link, and run the same command "
            "again");
  REQUIRE(mkfifo((folder / "segments/1.h5").c_str(), 0600) == 0);
  CHECK(Store::read_cells(folder).empty());
  CHECK(fs::exists(folder / "segments/1.h5.bad"));
}

TEST_CASE("a file of any size that is none of ours is not read into memory") {
  const Scratch folder("sparse");
  fs::create_directories(folder);
  put(folder / "large.h5", {});
  fs::resize_file(folder / "large.h5", std::uintmax_t{1} << 42);  // 4 TB that take no room
  CHECK(!damage_of(folder / "large.h5").empty());
}

TEST_CASE("columns that do not fit together are an error") {
  CHECK(decoding_with("", [](MemoryFile&) {}) == "");
  const auto misfit = [](const std::string& name) {
    return "the columns of the segment do not fit together at " + name;
  };
  using Offsets = std::vector<std::int64_t>;
  using Indices = std::vector<std::int32_t>;
  for (const Offsets& wrong : {Offsets{0, -1, 3}, Offsets{0, 5, 3}, Offsets{0, 1 << 30, 1 << 30},
                               Offsets{1, 2, 3}, Offsets{}, Offsets{0}})
    CHECK(decoding_with("config_offsets", column("config_offsets", wrong)) == misfit("config"));
  for (const Offsets& wrong :
       {Offsets{0, 2, 5}, Offsets{0, -2, 4}, Offsets{0, 8, 4}, Offsets{0, 4}})
    CHECK(decoding_with("curve_offset", column("curve_offset", wrong)) == misfit("curve_offset"));
  for (const Offsets& wrong : {Offsets{0, 1}, Offsets{-1, 0}, Offsets{0, 1LL << 60}})
    CHECK(decoding_with("curve_first_step", column("curve_first_step", wrong)) ==
          misfit("curve_first_step"));
  for (const int wrong : {-1, 3, 1 << 30}) {
    CHECK(decoding_with("metric_cell", column("metric_cell", Indices{0, 0, 1, wrong})) ==
          misfit("metric_cell"));
    CHECK(decoding_with("curve_cell", column("curve_cell", Indices{0, wrong})) ==
          misfit("curve_cell"));
    CHECK(decoding_with("metric_name", column("metric_name", Indices{0, 0, 1, wrong})) ==
          misfit("metric_name"));
  }
  CHECK(decoding_with("keys", column("keys", Offsets{1, 2, 3})) == misfit("keys"));
  CHECK(decoding_with("status", column("status", std::vector<std::uint8_t>{1, 0})) ==
        misfit("status"));
  CHECK(decoding_with("status", column("status", Offsets{1, 1})) ==
        "array: stored with another type");
  CHECK(decoding_with("seconds", [](MemoryFile&) {}) == "HDF5 could not open seconds");
}

TEST_CASE(
    "steps that curves share are written once; the first format, which repeats them, is read") {
  const Segment two = small_segment();
  {
    const std::scoped_lock lock(hdf5_mutex());
    const auto image = encode(two);
    CHECK(MemoryFile(image).read("curve_step").count() == 2);
  }
  const auto first_format = with_other({"curve_first_step", "curve_step"},
                                       column("curve_step", std::vector<double>{0, 10, 0, 10}));
  CHECK(decode(first_format).cells == two.cells);
  CHECK(decoding_with("curve_first_step", [](MemoryFile&) {}) ==
        "the columns of the segment do not fit together at curve_step");
}

// HDF5 that the library itself must survive: a child decodes what a forger could have sealed.
TEST_CASE("contents changed under a right hash are an error or a value, never a crash") {
  const auto whole = encode(small_segment());
  int status = -1;
  const pid_t child = fork();
  if (child == 0) {
    // A reader that never ends is killed.
    const bool all = std::getenv("ASSAY_ALL_BYTES");
    alarm(all ? 600 : 60);
    const std::size_t stride = all ? 1 : 37;
    for (std::size_t i = 0; i < whole.size(); i += stride)
      for (const unsigned change : {0x01U, 0x80U, 0xffU}) {
        auto image = whole;
        image[i] ^= static_cast<std::byte>(change);
        try {
          (void)decode(image);
        } catch (const std::runtime_error&) {
        }
      }
    _exit(0);
  }
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("types, layouts and links that no segment has are refused") {
  const auto refusal = [](const std::string& name, const std::function<void(hid_t)>& make) {
    return decoding_with(name, [&](MemoryFile& file) { make(file.id()); });
  };
  const auto dataset = [](hid_t file, const char* name, hid_t type, std::vector<hsize_t> dims,
                          hid_t create) {
    const Id space(H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr), H5Sclose,
                   "make a space");
    const Id set(H5Dcreate2(file, name, type, space, H5P_DEFAULT, create, H5P_DEFAULT), H5Dclose,
                 "make a set");
  };
  CHECK(refusal("seconds", [&](hid_t file) {
          dataset(file, "seconds", H5T_NATIVE_LDOUBLE, {2}, H5P_DEFAULT);
        }) == "seconds has a type that no array has");
  CHECK(refusal("seconds", [&](hid_t file) {
          dataset(file, "seconds", H5T_C_S1, {2}, H5P_DEFAULT);
        }) == "seconds has a type that no array has");
  // A size that would need all memory, of which nothing is stored.
  CHECK(refusal("seconds", [&](hid_t file) {
          const Id create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make a list");
          const hsize_t chunk = 1024;
          H5Pset_chunk(create, 1, &chunk);
          dataset(file, "seconds", H5T_NATIVE_DOUBLE, {hsize_t{1} << 60}, create);
        }) == "seconds is laid out as no array of Assay is");
  CHECK(refusal("seconds", [&](hid_t file) {
          dataset(file, "seconds", H5T_NATIVE_DOUBLE, {hsize_t{1} << 40}, H5P_DEFAULT);
        }) == "seconds claims another size than it has");
  CHECK(refusal("seconds", [&](hid_t file) {
          const Id create(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "make a list");
          H5Pset_external(create, "/etc/passwd", 0, 16);
          dataset(file, "seconds", H5T_NATIVE_DOUBLE, {2}, create);
        }) == "seconds is laid out as no array of Assay is");
  CHECK(refusal("seconds", [&](hid_t file) {
          H5Lcreate_external("/tmp/other.h5", "/seconds", file, "seconds", H5P_DEFAULT,
                             H5P_DEFAULT);
        }) == "HDF5 could not open seconds");
  CHECK(refusal("seconds", [&](hid_t file) {
          H5Lcreate_soft("/seconds", file, "seconds", H5P_DEFAULT, H5P_DEFAULT);
        }) == "HDF5 could not open seconds");
}

TEST_CASE("groups that hold each other are listed once") {
  const std::scoped_lock lock(hdf5_mutex());
  MemoryFile file;
  file.write_text("data/a/b", "x");
  H5Lcreate_hard(file.id(), "data", file.id(), "data/a/data", H5P_DEFAULT, H5P_DEFAULT);
  const auto image = file.image();
  CHECK(read_archive(MemoryFile(image)).texts().size() == 1);
}
