#include "runner/registry/safetensors.h"

#include <cmath>
#include <limits>

#include "tests/properties.h"

using namespace assay;

namespace {

std::string file_of(const std::string& header, const std::string& data) {
  std::string out(8, '\0');
  for (std::size_t i = 0; i < 8; ++i)
    out[i] = static_cast<char>(static_cast<std::uint64_t>(header.size()) >> (8 * i));
  return out + header + data;
}

std::string message(const std::string& bytes) {
  try {
    (void)parse_safetensors(bytes, "it");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a file written by the format's description is read") {
  const std::string floats("\0\0\x80\x3f\0\0\x20\xc0", 8);  // 1, -2.5
  const std::string half("\0\x3c\0\xc1\x01\0\0\x7c", 8);    // 1, -2.5, 2^-24, infinity
  const std::string brain("\x80\x3f\x20\xc0", 4);           // 1, -2.5
  const auto read = parse_safetensors(
      file_of("{\"__metadata__\":{\"format\":\"pt\"},"
              "\"a\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]},"
              "\"h\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[8,16]},"
              "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[16,20]},"
              "\"none\":{\"dtype\":\"F64\",\"shape\":[0,3],\"data_offsets\":[20,20]}}  ",
              floats + half + brain),
      "it");
  CHECK(read.size() == 4);
  CHECK(read.at("a").shape == std::vector<std::int64_t>{2, 1});
  CHECK(read.at("a").as<float>()[1] == -2.5F);
  const auto halves = read.at("h").as<float>();
  CHECK(halves[0] == 1.0F);
  CHECK(halves[1] == -2.5F);
  CHECK(halves[2] == 0x1p-24F);
  CHECK(halves[3] == std::numeric_limits<float>::infinity());
  CHECK(read.at("b").as<float>()[1] == -2.5F);
  CHECK(read.at("none").count() == 0);
}

TEST_CASE("arrays come back bit for bit") {
  testing::holds("safetensors", [] {
    NamedArrays arrays;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      const auto n = *rc::gen::inRange(0, 6);
      const auto values = *rc::gen::container<std::vector<double>>(static_cast<std::size_t>(n),
                                                                   rc::gen::arbitrary<double>());
      arrays[testing::any_text()] = Array::of<double>(values, {n});
    }
    arrays["\xc3\xa9"] = Array::of<std::int32_t>(std::vector<std::int32_t>{1, -2}, {1, 2});
    const std::string bytes = format_safetensors(arrays);
    RC_ASSERT(bytes.size() % 8 == 0 || !arrays.empty());
    RC_ASSERT(parse_safetensors(bytes, "it") == arrays);
  });
}

TEST_CASE("what is no safetensors file is refused with the reason") {
  CHECK(message("") == "it is no safetensors file: it has 0 bytes");
  CHECK(message(std::string(8, '\xff')).find("longer than the file") != std::string::npos);
  CHECK(message(file_of("nonsense", "")).find("its header: ") != std::string::npos);
  const auto entry = [](const std::string& type, const std::string& shape, const std::string& at) {
    return "{\"a\":{\"dtype\":\"" + type + "\",\"shape\":" + shape + ",\"data_offsets\":" + at +
           "}}";
  };
  CHECK(message(file_of(entry("F32", "[2]", "[0,9]"), "12345678")).find("lie outside") !=
        std::string::npos);
  CHECK(message(file_of(entry("F32", "[3]", "[0,8]"), "12345678")).find("does not fit") !=
        std::string::npos);
  CHECK(message(file_of(entry("F32", "[4294967296, 4294967296]", "[0,8]"), "12345678"))
            .find("does not fit") != std::string::npos);
  CHECK(message(file_of(entry("Q4", "[2]", "[0,8]"), "12345678")).find("holds Q4; known") !=
        std::string::npos);
  for (const char* sizes : {"[1e300]", "[2.5]", "[-1]", "[18446744073709551615]", "2", "[[2]]"})
    CHECK(message(file_of(entry("F32", sizes, "[0,8]"), "12345678")) ==
          "it is no safetensors file: the sizes of \"a\" are no list of whole numbers from 0");
  CHECK(message(file_of(entry("F32", "[2]", "[-0.5,8]"), "12345678")).find("no list of whole") !=
        std::string::npos);
  CHECK(message(file_of("[1]", "")).find("its header") != std::string::npos);
  // Cut off anywhere, it is refused or complete, never a crash.
  const std::string whole =
      format_safetensors({{"a", Array::of<double>(std::vector<double>{1, 2}, {2})}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(message(whole.substr(0, size)).empty());
}
