#include "components/datasets/file.h"

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace assay {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kLargest = std::size_t{4} << 30;  // bytes, read or decompressed

fs::path find_file(const std::string& file) {
  fs::path path(file);
  if (!fs::exists(path) && !path.has_parent_path())
    if (fs::path shipped = fs::path(datasets_folder()) / path; fs::exists(shipped)) return shipped;
  return path;
}

}  // namespace

std::string read_user_file(const std::string& file, const std::string& expected) {
  const fs::path path = find_file(file);
  std::error_code code;
  // Neither a folder nor a device, which would never end.
  if (!fs::is_regular_file(path, code)) throw std::runtime_error("cannot read data file " + file);
  if (fs::file_size(path, code) > kLargest) throw std::runtime_error(file + " is larger than 4 GB");
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read data file " + file);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (!expected.empty())
    if (const std::string found = sha256(bytes); found != expected)
      throw std::runtime_error(file + " has the SHA-256 " + found);
  if (path.extension() != ".gz") return bytes;
  return inflate_bytes(bytes, 16 + MAX_WBITS, kLargest, file);
}

std::string inflate_bytes(std::string_view bytes, int window, std::size_t most,
                          const std::string& what) {
  z_stream stream = {};
  if (inflateInit2(&stream, window) != Z_OK) throw std::runtime_error("zlib does not start");
  std::string out;
  char buffer[65536];
  int code = Z_OK;
  while (code == Z_OK && out.size() <= most) {
    if (stream.avail_in == 0) {  // zlib counts in 32 bits
      const std::size_t piece = std::min(bytes.size(), std::size_t{1} << 30);
      stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
      stream.avail_in = static_cast<uInt>(piece);
      bytes.remove_prefix(piece);
    }
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(buffer, sizeof buffer - stream.avail_out);
  }
  inflateEnd(&stream);
  if (out.size() > most) throw std::runtime_error(what + " is larger than it may be");
  if (code != Z_STREAM_END) throw std::runtime_error(what + " is not whole compressed data");
  return out;
}

void throw_at(const std::string& what, int line, int column, const std::string& message) {
  throw std::runtime_error(what + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " +
                           message);
}

}  // namespace assay
