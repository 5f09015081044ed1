#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "runner/store/hdf5.h"

// Columns of a segment: arrays and texts of any number, and the checks that they fit together.
namespace assay::store {

template <class T>
void put(MemoryFile& file, const char* name, const std::vector<T>& values) {
  file.write(name,
             Array::of<T>(std::span<const T>(values), {static_cast<std::int64_t>(values.size())}));
}

template <class T>
std::vector<T> get(const MemoryFile& file, const char* name) {
  const Array array = file.read(name);
  const auto values = array.as<T>();
  return {values.begin(), values.end()};
}

// Texts as one blob; offsets[i] … offsets[i + 1] is text i.
struct Texts {
  std::string blob;
  std::vector<std::int64_t> offsets{0};
  void add(const std::string& text) {
    blob += text;
    offsets.push_back(static_cast<std::int64_t>(blob.size()));
  }
  std::string at(std::size_t i) const { return blob.substr(begin(i), begin(i + 1) - begin(i)); }

 private:
  std::size_t begin(std::size_t i) const { return static_cast<std::size_t>(offsets[i]); }
};

inline void require(bool fits, const std::string& name) {
  if (!fits) throw StoreError("the columns of the segment do not fit together at " + name);
}

// Offsets of `count` parts of something that is `size` long: from 0, in order, up to its end.
inline void require_offsets(const std::vector<std::int64_t>& offsets, std::size_t count,
                            std::size_t size, const std::string& name) {
  require(offsets.size() == count + 1 && offsets.front() == 0 &&
              offsets.back() == static_cast<std::int64_t>(size) &&
              std::is_sorted(offsets.begin(), offsets.end()),
          name);
}

// Each an index of one of `count` things.
inline void require_indices(const std::vector<std::int32_t>& indices, std::size_t count,
                            const std::string& name) {
  for (const std::int32_t i : indices) require(i >= 0 && static_cast<std::size_t>(i) < count, name);
}

inline void put(MemoryFile& file, const std::string& name, const Texts& texts) {
  file.write_text(name, texts.blob);
  put(file, (name + "_offsets").c_str(), texts.offsets);
}

template <class T>
std::vector<T> get(const MemoryFile& file, const char* name, std::size_t count) {
  auto out = get<T>(file, name);
  require(out.size() == count, name);
  return out;
}

// Any number of texts.
inline Texts get_texts(const MemoryFile& file, const std::string& name) {
  Texts out;
  out.blob = file.read_text(name);
  out.offsets = get<std::int64_t>(file, (name + "_offsets").c_str());
  require(!out.offsets.empty(), name);
  require_offsets(out.offsets, out.offsets.size() - 1, out.blob.size(), name);
  return out;
}

inline Texts get_texts(const MemoryFile& file, const std::string& name, std::size_t count) {
  Texts out = get_texts(file, name);
  require(out.offsets.size() == count + 1, name);
  return out;
}

}  // namespace assay::store
