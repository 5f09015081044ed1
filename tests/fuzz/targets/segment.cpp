// A segment, in two ways that a letter chooses. 'f': the file, some of its bytes changed, cut or
// prolonged; libhdf5 must never see it unless it is the same as before. 'c': a right outer hash
// around other contents: some columns are replaced by ones of any type, shape and numbers, or left
// out.
#include "runner/store/segment.h"

#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "runner/store/files.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

using namespace store;
namespace fs = std::filesystem;

Segment example() {
  Segment out;
  for (std::uint64_t i = 0; i < 3; ++i) {
    CellRecord& cell = out.cells.emplace_back();
    cell.key = hash("cell " + std::to_string(i));
    cell.replicate = i;
    cell.config = "\"a.x\" = " + std::to_string(i);
    cell.metrics = {{"a.value", 0.5 * static_cast<double>(i)}, {"a.other", 1e-300}};
    cell.curves = {{"a.loss", {0, 10}, {1.5, 2.5}}};
  }
  out.timings = {{"a", "noop", 0.25, 10.0}, {"b", "train", 1.0, 20.0}};
  return out;
}

struct Column {
  Array array;
  bool text = false;
  bool operator==(const Column&) const = default;
};
using Columns = std::map<std::string, Column>;

Columns columns_of(const std::vector<std::byte>& image) {
  const std::scoped_lock lock(hdf5_mutex());
  const MemoryFile file(image);
  std::vector<std::string> arrays, texts;
  file.list(arrays, texts);
  Columns out;
  for (const auto& name : arrays) out[name] = {file.read(name), false};
  for (const auto& name : texts) out[name] = {file.read(name), true};
  return out;
}

// Numbers that are small and often wrong, or any.
template <class T>
Array numbers(Feed& feed, std::vector<std::int64_t> shape) {
  std::size_t count = 1;
  for (const auto extent : shape) count *= static_cast<std::size_t>(extent);
  std::vector<T> out(count);
  const bool wide = feed.byte() % 2 == 1;
  for (T& value : out) {
    if (wide)
      value = std::bit_cast<T>(
          static_cast<
              std::conditional_t<sizeof(T) == 8, std::uint64_t,
                                 std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint8_t>>>(
              feed.number(sizeof(T))));
    else
      value = static_cast<T>(static_cast<std::int8_t>(feed.byte()));
  }
  return Array::of<T>(out, std::move(shape));
}

Array any_array(Feed& feed) {
  std::vector<std::int64_t> shape(feed.byte() % 8 == 0 ? 2 : 1);
  for (auto& extent : shape) extent = feed.byte() % 9;
  switch (feed.byte() % 5) {
    case 0:
      return numbers<std::int64_t>(feed, shape);
    case 1:
      return numbers<std::int32_t>(feed, shape);
    case 2:
      return numbers<double>(feed, shape);
    case 3:
      return numbers<float>(feed, shape);
    default:
      return numbers<std::uint8_t>(feed, shape);
  }
}

std::vector<std::byte> image_of(const Columns& columns) {
  const std::scoped_lock lock(hdf5_mutex());
  MemoryFile file;
  for (const auto& [name, column] : columns) {
    const auto* text = reinterpret_cast<const char*>(column.array.data.data());
    if (column.text)
      file.write_text(name, {text, column.array.data.size()});
    else
      file.write(name, column.array);
  }
  return file.image();
}

// Decoding gives something that encodes to itself, or a message.
template <class Decode>
void decode_or_say(const Decode& decode_it) {
  try {
    decode_it();
  } catch (const std::runtime_error& error) {
    expect(error.what()[0] != '\0', "a refusal says why");
  }
}

void hostile_contents(Feed& feed) {
  static const Columns kRight = columns_of(encode(example()));
  Columns columns = kRight;
  while (!feed.empty()) {
    auto at = columns.begin();
    std::advance(at, feed.byte() % columns.size());
    const auto what = feed.byte();
    if (what % 16 == 0)
      columns.erase(at);
    else
      at->second = {any_array(feed), what % 16 == 1};
    if (columns.empty()) break;
  }
  const auto image = image_of(columns);
  decode_or_say([&] {
    const Segment out = decode(image);
    const auto again = encode(out);
    expect(columns_of(again) == columns_of(encode(decode(again))),
           "what is read encodes to itself");
  });
  decode_or_say([&] { (void)decode_states(image); });
  decode_or_say([&] { (void)decode_timings(image); });
}

// A folder of this process, gone with it.
struct Folder {
  fs::path path = fs::path("/dev/shm") / ("assay-fuzz-" + std::to_string(getpid()));
  Folder() { fs::create_directories(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
};

void damaged_file(Feed& feed) {
  static const Folder folder;
  static const std::vector<std::byte> kRight = sealed(encode(example()));
  std::vector<std::byte> bytes = kRight;
  while (!feed.empty()) {
    const auto what = feed.byte() % 4;
    const std::size_t at = feed.number(2);
    if (what == 0)
      bytes.resize(at % (bytes.size() + 1));
    else if (what == 1)
      bytes.push_back(static_cast<std::byte>(at));
    else if (!bytes.empty())
      bytes[(what == 2 ? at : bytes.size() - 1 - at % std::min<std::size_t>(bytes.size(), 64)) %
            bytes.size()] = static_cast<std::byte>(feed.byte());
  }
  const fs::path file = folder.path / "s.h5";
  std::ofstream(file, std::ios::binary | std::ios::trunc)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  bool vanished = false;
  const auto image = read_sealed(file, vanished);
  expect(!vanished, "the file is there");
  expect(image.has_value() == (bytes == kRight), "what was changed is not read");
  if (image) expect(decode(*image).cells == example().cells, "what was not changed is read");
  fs::remove(folder.path / "s.h5.bad");
}

void read(Bytes bytes) {
  spdlog::set_level(spdlog::level::off);
  Feed feed(bytes);
  if (feed.byte() % 2 == 'f' % 2)
    damaged_file(feed);
  else
    hostile_contents(feed);
}

}  // namespace
ASSAY_FUZZ_TARGET(segment, read)
}  // namespace assay::fuzz
