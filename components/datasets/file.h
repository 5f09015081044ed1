#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "components/datasets/tabular.h"

namespace assay {

// Data that a package of the system brings and that are not on this machine; the message holds the
// command that installs them.
struct NotInstalled final : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Bytes of a user's file, from the working directory; a name without a folder that is not there is
// looked for among the shipped data. Where `expected` is not empty, the SHA-256 of the file as it
// lies must be it. Decompressed where the name ends in .gz. Throws std::runtime_error naming the
// file.
std::string read_user_file(const std::string& file, const std::string& expected);

// What zlib gives of compressed bytes that end where they say; `window` as inflateInit2 takes it.
// Throws std::runtime_error where they are damaged or give more than `most` bytes.
std::string inflate_bytes(std::string_view bytes, int window, std::size_t most,
                          const std::string& what);

// `a` things of `b` bytes fit into `bytes`, without overflow.
inline bool fits_into(std::uint64_t a, std::uint64_t b, std::uint64_t bytes) {
  return b == 0 || a <= bytes / b;
}

// "file:line:column: message".
[[noreturn]] void throw_at(const std::string& what, int line, int column,
                           const std::string& message);

// A data set in one file of the user, split as the study says.
struct FileDataset : Dataset, SplitRule {
  std::string file;
  std::string sha256;

  std::string check() const override { return check_fractions(valid, test); }

 protected:
  std::string bytes() const { return read_user_file(file, sha256); }
};

inline constexpr std::string_view kSha256Doc =
    "Of the file, as sha256sum prints it; without it the file is known by its path alone, and "
    "results are reused though it changed.";

template <class T>
void add_file(Params<T>& p) {
  p.add("file", &T::file)
      .required()
      .doc("The file, from the working directory; a bare name also among the shipped data.");
  p.add("sha256", &T::sha256).doc(kSha256Doc);
}

// Declares how a file's examples are split and normalised.
template <class T>
void add_rule(Params<T>& p) {
  p.add("split", &T::split).at_least(0).doc("Which of the seeded splits, stratified by class.");
  p.add("valid", &T::valid).range(0, 0.5).doc("Fraction for validation.");
  p.add("test", &T::test).range(0.01, 0.5).doc("Fraction for testing.");
  p.add("shuffle", &T::shuffle)
      .doc("Whether parts are drawn; else train, valid and test follow each other in the file.");
  p.add("normalise", &T::normalise, std::span(kNormaliseNames))
      .doc("By the training part: each feature, all features together, or not at all.");
}

}  // namespace assay
