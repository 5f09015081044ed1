#pragma once

#include <unistd.h>

#include <filesystem>

namespace assay::store {

// A file descriptor, closed at its end; negative where opening failed.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

// Throws StoreError: "cannot <what> <file>: <errno in words>", and what the user can do about it
// where that is known.
[[noreturn]] void fail(const char* what, const std::filesystem::path& file);

}  // namespace assay::store
