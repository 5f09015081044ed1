#pragma once

#include <hdf5.h>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "runner/registry/archive.h"
#include "runner/store/store.h"

namespace assay::store {

// libhdf5 is entered by one thread at a time.
std::recursive_mutex& hdf5_mutex();

// An HDF5 identifier, closed by its own function. A negative one throws StoreError.
class Id {
 public:
  Id(hid_t id, herr_t (*close)(hid_t), const char* what);
  ~Id() { close_(id_); }
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  operator hid_t() const { return id_; }  // NOLINT: it is one

 private:
  hid_t id_;
  herr_t (*close_)(hid_t);
};

// Throws StoreError where an HDF5 call failed.
void check(herr_t result, const std::string& what);

// An HDF5 file that lives in memory. Hold hdf5_mutex() while one exists.
class MemoryFile {
 public:
  MemoryFile();                                           // new and empty
  explicit MemoryFile(std::span<const std::byte> image);  // for reading
  hid_t id() const { return file_; }
  std::vector<std::byte> image();

  void write(const std::string& path, const Array& array);  // groups are made
  void write_text(const std::string& path, const std::string& text);
  // Throw StoreError where the dataset is missing or is none that `write` could have made: whatever
  // the file claims, no more is allocated than it holds.
  Array read(const std::string& path) const;
  std::string read_text(const std::string& path) const;
  bool has(const std::string& path) const;
  // Paths of all datasets; those of texts (1-D uint8 with attribute "text") apart.
  void list(std::vector<std::string>& arrays, std::vector<std::string>& texts) const;

 private:
  Id file_;
  std::size_t size_ = 0;  // of the image that is read
};

// An archive under the group "data". Both hold no lock of their own.
void write_archive(MemoryFile& file, const Archive& archive);
Archive read_archive(const MemoryFile& file);

}  // namespace assay::store
