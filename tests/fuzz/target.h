#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "components/datasets/dataset.h"

// A fuzz target is a function that any bytes may be given: it returns, or the bytes have found a
// mistake. libFuzzer calls it with what it makes up, the tests with the corpus.
namespace assay::fuzz {

using Bytes = std::span<const std::uint8_t>;
using Target = void (*)(Bytes);
bool add_target(const char* name, Target target);

// Ends the program where something that must hold does not.
void expect(bool holds, const char* what);

// The bytes from the front, a part after the other; zeros and nothing where they are at an end.
class Feed {
 public:
  explicit Feed(Bytes bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::uint8_t byte();
  // Little-endian.
  std::uint64_t number(std::size_t bytes);
  std::string text(std::size_t bytes);
  std::string rest() { return text(bytes_.size()); }
  // One of these; letters from 'a' name them, so that inputs of text stay text.
  template <class T, std::size_t N>
  const T& choice(const T (&of)[N]) {
    return of[static_cast<std::uint8_t>(byte() - 'a') % N];
  }

 private:
  Bytes bytes_;
};

// A file in memory that code which opens files by name can read.
class MemoryPath {
 public:
  MemoryPath();
  ~MemoryPath();
  MemoryPath(const MemoryPath&) = delete;
  MemoryPath& operator=(const MemoryPath&) = delete;
  void write(std::string_view bytes) const;
  std::string path() const;

 private:
  int file_;
};

// A data set from the text that a study would hold.
std::shared_ptr<const Dataset> build(const std::string& text);

// Makes the data set, which may be refused with a message; what is made has to keep its format.
void make_and_check(const Dataset& dataset);

}  // namespace assay::fuzz

#ifdef ASSAY_LIBFUZZER
#define ASSAY_FUZZ_TARGET(name, function)                                             \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    function({data, size});                                                           \
    return 0;                                                                         \
  }
#else
#define ASSAY_FUZZ_TARGET(name, function) \
  [[maybe_unused]] static const bool assay_fuzz_##name = ::assay::fuzz::add_target(#name, function);
#endif
