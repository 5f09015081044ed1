// Every reader, on every truncation and every flipped bit of a small valid file: data that keep the
// contract, or std::runtime_error. Nothing else may come out, no crash and no huge allocation.
#include <zlib.h>

#include "runner/registry/safetensors.h"
#include "tests/components/datasets/files.h"
#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::string little(std::uint32_t value, int size) {
  std::string out;
  for (int i = 0; i < size; ++i, value >>= 8) out += static_cast<char>(value & 255);
  return out;
}

std::string npy(const std::string& type, const std::string& shape, const std::string& data) {
  const std::string header =
      "{'descr': '" + type + "', 'fortran_order': True, 'shape': " + shape + ", }\n";
  return std::string("\x93NUMPY\x01\0", 8) + little(static_cast<std::uint32_t>(header.size()), 2) +
         header + data;
}

std::string deflated(const std::string& bytes) {
  z_stream stream = {};
  REQUIRE(deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(bytes.size() + 100, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A zip archive, the first file stored and the others deflated.
std::string zip(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string out, directory;
  for (const auto& [name, bytes] : files) {
    const bool stored = out.empty();
    const std::string packed = stored ? bytes : deflated(bytes);
    const auto sum = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
    const std::string common = little(0, 2) + little(stored ? 0 : 8, 2) + little(0, 4) +
                               little(sum, 4) +
                               little(static_cast<std::uint32_t>(packed.size()), 4) +
                               little(static_cast<std::uint32_t>(bytes.size()), 4) +
                               little(static_cast<std::uint32_t>(name.size()), 2) + little(0, 2);
    directory += "PK\1\2" + little(20, 2) + little(20, 2) + common + little(0, 10) +
                 little(static_cast<std::uint32_t>(out.size()), 4) + name;
    out += "PK\3\4" + little(20, 2) + common + name + packed;
  }
  const auto count = static_cast<std::uint32_t>(files.size());
  return out + directory + "PK\5\6" + little(0, 4) + little(count, 2) + little(count, 2) +
         little(static_cast<std::uint32_t>(directory.size()), 4) +
         little(static_cast<std::uint32_t>(out.size()), 4) + little(0, 2);
}

template <class T>
std::string raw(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

const std::vector<float> kNumbers = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
const std::vector<std::int32_t> kLabels = {0, 1, 0, 1, 0, 1};

// Neither bad_alloc nor length_error: those would be of sizes that nobody looked at.
int reads(const Dataset& dataset) {
  try {
    const auto data = dataset.make();
    for (const char* name : {"train", "valid", "test"})
      split_contract(data->split(name), data->format);
    return 1;
  } catch (const std::runtime_error& e) {
    CHECK(std::string(e.what()).size() > 10);
    return 0;
  }
}

void survives(const Dataset& dataset, const ScratchFile& file, const std::string& whole) {
  file.write(whole);
  CHECK(reads(dataset) == 1);
  int read = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    file.write(whole.substr(0, size));
    read += reads(dataset);
  }
  CHECK(read < static_cast<int>(whole.size()));
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string changed = whole;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    file.write(changed);
    reads(dataset);
  }
}

void survives(const std::string& use, const std::string& whole, const std::string& options = {}) {
  CAPTURE(use);
  const ScratchFile file("hostile." + use);
  survives(*reader(use, file.path(), "test = 0.3, valid = 0.0" + options), file, whole);
}

}  // namespace

TEST_CASE("text formats survive every truncation and every flipped bit") {
  survives("csv", "x,z,y\n1,2,a\n-3e0,\"r\"\"\",b\n5,r,a\n7,q,b\n9,,a\n2,q,b\n",
           ", label = \"y\", categorical = [\"z\"], missing = \"mean\"");
  survives("arff",
           "@attribute x real\n@attribute 'z' {q,r}\n@attribute y {a,b}\n@data\n1,q,a\n2,'r',b\n"
           "3,?,a\n4,q,b\n5,q,a\n",
           ", missing = \"mean\"");
  survives("text",
           "abab\xC3\xA9"
           "cabcabcabcabc\xE2\x82\xAC",
           ", context = 2, stride = 1, unknown = \"symbol\"");
}

TEST_CASE("binary formats survive every truncation and every flipped bit") {
  survives("safetensors", format_safetensors({{"features", Array::of<float>(kNumbers, {6, 2})},
                                              {"labels", Array::of<std::int32_t>(kLabels, {6})}}));
  survives("npz", zip({{"features.npy", npy("<f4", "(6, 2)", raw(kNumbers))},
                       {"labels.npy", npy("<i4", "(6,)", raw(kLabels))}}));
  survives("npz", npy("<f4", "(6, 2)", raw(kNumbers)), ", features = \"array\", labels = \"\"");
}

TEST_CASE("idx survives every truncation and every flipped bit, in both of its files") {
  const std::string images = std::string("\0\0\x0D\2\0\0\0\6\0\0\0\2", 12) + raw(kNumbers);
  const std::string labels = std::string("\0\0\x08\1\0\0\0\6\0\1\0\1\0\1", 14);
  const ScratchFile image_file("images.idx", images), label_file("labels.idx", labels);
  const auto dataset =
      build<Dataset>("{ use = \"idx\", images = \"" + image_file.path() + "\", labels = \"" +
                     label_file.path() + "\", test = 0.3, valid = 0.0 }");
  survives(*dataset, image_file, images);
  image_file.write(images);
  survives(*dataset, label_file, labels);
}

TEST_CASE("a bomb is not unpacked: sizes are believed only as far as the file goes") {
  const std::string zeros(50'000'000, '\0');
  std::string bomb = zip({{"small.npy", "x"}, {"features.npy", zeros}});
  const std::string size = little(50'000'000, 4);
  const ScratchFile file("bomb.npz");
  for (const std::string& claimed : {little(1, 4), little(0xFFFFFFFE, 4)}) {
    std::string lying = bomb;
    for (std::size_t at = lying.find(size); at != std::string::npos; at = lying.find(size))
      lying.replace(at, 4, claimed);
    file.write(lying);
    CHECK(reads(*reader("npz", file.path())) == 0);
  }
}
