// Reading a results folder to say what is in it.
#include "runner/store/inspect.h"

#include <algorithm>
#include <functional>
#include <iterator>

#include "runner/store/files.h"
#include "runner/store/leftovers.h"
#include "runner/store/segment.h"

namespace assay::store {

namespace fs = std::filesystem;

namespace {

using State = Inspected::State;
using Decode = std::function<void(std::span<const std::byte> image)>;

// Files of one folder that end so, in order; temporaries and other things are not among them.
std::vector<fs::path> files_of(const fs::path& folder, const char* ending) {
  std::vector<fs::path> out;
  std::error_code code;
  for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
    if (it->path().extension() == ending && it->path().filename().string()[0] != '.')
      out.push_back(it->path());
  if (code && code != std::errc::no_such_file_or_directory)
    throw StoreError("cannot read " + folder.string() + ": " + code.message());
  std::sort(out.begin(), out.end());
  return out;
}

// What is wrong inside of a file whose hash is right.
class Misfit : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

Inspected inspect(const fs::path& file, const char* kind, const Decode& decode) {
  Inspected out{file, kind, State::kWhole, "", bytes_of(file)};
  try {
    bool vanished = false;
    const auto image = examine_sealed(file, vanished, out.why);
    if (!image && !vanished) out.state = State::kDamaged;
    if (image) decode(*image);
  } catch (const NewerFormat& error) {
    out.state = State::kNewer, out.why = error.what();
  } catch (const Misfit& error) {
    out.state = State::kDamaged, out.why = error.what();
  } catch (const StoreError& error) {
    out.state = State::kUnreadable, out.why = error.what();
  }
  return out;
}

// `use`, whose errors are those of the contents.
template <class Use>
Decode contents(const Use& use) {
  return [use](std::span<const std::byte> image) {
    try {
      use(image);
    } catch (const std::runtime_error& error) {
      throw Misfit(error.what());
    }
  };
}

void add_all(const fs::path& folder, const char* kind, const Decode& decode,
             std::vector<Inspected>& out) {
  for (const fs::path& file : files_of(folder, ".h5")) out.push_back(inspect(file, kind, decode));
}

// An origin's name is the hash of its text.
Inspected inspect_origin(const fs::path& file) {
  Inspected out{file, "origin", State::kDamaged, "its hash is wrong", bytes_of(file)};
  try {
    const auto bytes = read_file(file);
    if (!bytes) return out;
    const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    if (hash(text).hex() == file.stem()) out.state = State::kWhole, out.why.clear();
  } catch (const NotAFile& error) {
    out.why = error.what();
  } catch (const StoreError& error) {
    out.state = State::kUnreadable, out.why = error.what();
  }
  return out;
}

}  // namespace

std::uintmax_t bytes_of(const fs::path& file) {
  std::error_code code;
  if (!fs::is_directory(fs::symlink_status(file, code))) {
    const auto size = fs::is_regular_file(file, code) ? fs::file_size(file, code) : 0;
    return code ? 0 : size;
  }
  std::uintmax_t out = 0;
  for (fs::recursive_directory_iterator it(file, code), end; !code && it != end; it.increment(code))
    if (std::error_code gone; it->is_regular_file(gone)) out += it->file_size(gone);
  return out;
}

std::vector<Inspected> inspect_segments(const fs::path& folder,
                                        std::vector<Store::CellState>& states) {
  std::vector<Inspected> out;
  add_all(folder / "segments", "segment", contents([&states](std::span<const std::byte> image) {
            for (const CellRecord& cell : decode(image).cells)
              states.push_back({cell.key, cell.status});
          }),
          out);
  return out;
}

// A file that vanished was packed into a newer one, so the folder is listed until nothing is new.
std::vector<CellRecord> look_at_cells(const fs::path& folder, std::set<fs::path>& seen) {
  constexpr int kAttempts = 20;  // the next look finds what is then still missing
  std::vector<CellRecord> out;
  bool again = true;
  for (int attempt = 0; again && attempt < kAttempts; ++attempt) {
    again = false;
    for (const fs::path& file : files_of(folder / "segments", ".h5")) {
      if (!seen.insert(file).second) continue;
      again = true;
      (void)inspect(file, "segment", contents([&out](std::span<const std::byte> image) {
                      auto cells = decode(image).cells;
                      std::move(cells.begin(), cells.end(), std::back_inserter(out));
                    }));
    }
  }
  return out;
}

std::vector<Inspected> rubbish(const fs::path& folder) {
  std::vector<Inspected> out;
  for (const fs::path& file : dead_leftovers(folder))
    out.push_back({file, "leftover", State::kLeftover, "its run is over", bytes_of(file)});
  for (const char* part : {"", "segments", "artifacts", "midway", "origins"}) {
    std::error_code code;
    for (fs::directory_iterator it(folder / part, code), end; !code && it != end;
         it.increment(code))
      if (it->path().extension() == ".bad")
        out.push_back(
            {it->path(), "set aside", State::kSetAside, "it was damaged", bytes_of(it->path())});
  }
  return out;
}

std::vector<Inspected> inspect_rest(const fs::path& folder) {
  std::vector<Inspected> out;
  add_all(folder / "artifacts", "artifact",
          contents([](std::span<const std::byte> image) { (void)decode_artifact(image); }), out);
  add_all(folder / "midway", "midway state", contents([](std::span<const std::byte> image) {
            const std::scoped_lock lock(hdf5_mutex());
            (void)read_archive(MemoryFile(image));
          }),
          out);
  for (const fs::path& file : files_of(folder / "origins", ".toml"))
    out.push_back(inspect_origin(file));
  const auto others = rubbish(folder);
  out.insert(out.end(), others.begin(), others.end());
  return out;
}

}  // namespace assay::store
