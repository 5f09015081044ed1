#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "runner/config/parse.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

std::uint8_t Feed::byte() {
  return static_cast<std::uint8_t>(number(1));
}

std::uint64_t Feed::number(std::size_t bytes) {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < bytes && !bytes_.empty(); ++i) {
    out |= std::uint64_t{bytes_.front()} << (8 * i);
    bytes_ = bytes_.subspan(1);
  }
  return out;
}

std::string Feed::text(std::size_t bytes) {
  const Bytes taken = bytes_.first(std::min(bytes, bytes_.size()));
  bytes_ = bytes_.subspan(taken.size());
  return {taken.begin(), taken.end()};
}

MemoryPath::MemoryPath() : file_(memfd_create("assay-fuzz", MFD_CLOEXEC)) {
  expect(file_ >= 0, "a file in memory can be made");
}
MemoryPath::~MemoryPath() {
  close(file_);
}

void MemoryPath::write(std::string_view bytes) const {
  expect(ftruncate(file_, 0) == 0, "a file in memory can be emptied");
  expect(pwrite(file_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()),
         "a file in memory can be written");
}

std::string MemoryPath::path() const {
  return "/proc/self/fd/" + std::to_string(file_);
}

std::shared_ptr<const Dataset> build(const std::string& text) {
  const Value value = config::parse_value(text);
  Diagnostics out;
  Registry::global().validate(Dataset::kKind, value, "it", {}, out);
  expect(out.ok(), "the options of a target are right");
  return Registry::global().build<Dataset>(value);
}

namespace {

bool all_finite(const nn::Tensor& values) {
  for (std::int64_t i = 0; i < values.count(); ++i)
    if (!std::isfinite(values.get(i))) return false;
  return true;
}

void check_split(const Examples& split, const DataFormat& format) {
  const auto count = static_cast<std::int64_t>(split.count);
  expect(split.features.count() == (format.tokens ? 0 : count * format.width),
         "features are whole");
  expect(
      static_cast<std::int64_t>(split.tokens.size()) == (format.tokens ? count * format.width : 0),
      "tokens are whole");
  expect(static_cast<std::int64_t>(split.labels.size()) ==
             (format.classes > 0 ? count * format.positions : 0),
         "labels are whole");
  expect(split.targets.count() == count * format.targets, "targets are whole");
  for (const auto label : split.labels)
    expect(label >= -1 && label < format.classes, "labels are classes");
  expect(all_finite(split.features) && all_finite(split.targets), "numbers are finite");
}

}  // namespace

void make_and_check(const Dataset& dataset) {
  std::shared_ptr<const Data> data;
  try {
    data = dataset.make();
  } catch (const std::runtime_error& error) {
    expect(error.what()[0] != '\0', "a refusal says why");
    return;
  }
  for (const char* name : {"train", "valid", "test"}) check_split(data->split(name), data->format);
  expect(data->train.count > 0, "there is something to train on");
}

}  // namespace assay::fuzz
