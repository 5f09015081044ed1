#include "runner/registry/safetensors.h"

#include <bit>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace assay {

namespace fs = std::filesystem;
using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie");

namespace {

constexpr std::size_t kLength = 8;
constexpr std::uint64_t kLargestHeader = 100'000'000;

// Sign, exponent and fraction of a half-precision number as those of a float.
float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000U) << 16, exponent = (half >> 10) & 0x1FU,
                      fraction = half & 0x3FFU;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24F;  // subnormal or zero
    return sign ? -value : value;
  }
  const std::uint32_t wide = exponent == 31 ? 255U : exponent + 112U;
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

template <class Convert>
Array widened(std::string_view bytes, std::vector<std::int64_t> shape, const Convert& convert) {
  std::vector<float> out(bytes.size() / 2);
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, bytes.data() + 2 * i, sizeof half);
    out[i] = convert(half);
  }
  return Array::of<float>(out, std::move(shape));
}

struct Kind {
  const char* name;
  Array::Type type;
};
constexpr Kind kKinds[] = {{"F32", Array::Type::kFloat32},
                           {"F64", Array::Type::kFloat64},
                           {"I32", Array::Type::kInt32},
                           {"I64", Array::Type::kInt64},
                           {"U8", Array::Type::kUint8}};

[[noreturn]] void bad(const std::string& what, const std::string& why) {
  throw std::runtime_error(what + " is no safetensors file: " + why);
}

// The library would convert fractions and signs.
template <class T>
std::vector<T> sizes_in(const std::string& what, const std::string& name, const json& list) {
  const bool good = list.is_array() && std::all_of(list.begin(), list.end(), [](const json& size) {
                      return size.is_number_unsigned() &&
                             size.get<std::uint64_t>() <= std::numeric_limits<std::int64_t>::max();
                    });
  if (!good) bad(what, "the sizes of \"" + name + "\" are no list of whole numbers from 0");
  return list.get<std::vector<T>>();
}

Array array_of(const std::string& what, const std::string& name, const json& entry,
               std::string_view data) {
  const auto type = entry.at("dtype").get<std::string>();
  const auto shape = sizes_in<std::int64_t>(what, name, entry.at("shape"));
  const auto offsets = sizes_in<std::uint64_t>(what, name, entry.at("data_offsets"));
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size())
    bad(what, "the data of \"" + name + "\" lie outside it");
  const std::string_view bytes = data.substr(offsets[0], offsets[1] - offsets[0]);
  // No more numbers than bytes, however the sizes are multiplied.
  std::uint64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size > 0 && count > data.size() / static_cast<std::uint64_t>(size))
      bad(what, "the shape of \"" + name + "\" does not fit its data");
    count *= static_cast<std::uint64_t>(size);
  }
  const bool half = type == "F16", brain = type == "BF16";
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& k) { return type == k.name; });
  if (!half && !brain && kind == std::end(kKinds))
    bad(what, "\"" + name + "\" holds " + type + "; known: F32, F64, F16, BF16, I32, I64, U8");
  const std::size_t size = half || brain ? 2 : Array::size_of(kind->type);
  if (count * size != bytes.size())
    bad(what, "the shape of \"" + name + "\" does not fit its data");
  if (half) return widened(bytes, shape, from_half);
  if (brain)
    return widened(bytes, shape, [](std::uint16_t top) {
      return std::bit_cast<float>(static_cast<std::uint32_t>(top) << 16);
    });
  Array out{kind->type, shape, {}};
  const auto* const first = reinterpret_cast<const std::byte*>(bytes.data());
  out.data.assign(first, first + bytes.size());
  return out;
}

}  // namespace

NamedArrays parse_safetensors(std::string_view bytes, const std::string& what) {
  if (bytes.size() < kLength) bad(what, "it has " + std::to_string(bytes.size()) + " bytes");
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLength);
  if (length > kLargestHeader || length > bytes.size() - kLength)
    bad(what, "its header is longer than the file");
  const std::string_view header = bytes.substr(kLength, length),
                         data = bytes.substr(kLength + length);
  NamedArrays out;
  try {
    const json entries = json::parse(header);
    for (const auto& [name, entry] : entries.items())
      if (name != "__metadata__") out[name] = array_of(what, name, entry, data);
  } catch (const json::exception& error) {
    bad(what, std::string("its header: ") + error.what());
  }
  return out;
}

std::string format_safetensors(const NamedArrays& arrays) {
  json header = json::object();
  std::uint64_t at = 0;
  for (const auto& [name, array] : arrays) {
    const Array::Type type = array.type;
    const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                          [type](const Kind& k) { return type == k.type; });
    header[name] = {{"dtype", kind->name},
                    {"shape", array.shape},
                    {"data_offsets", {at, at + array.data.size()}}};
    at += array.data.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the numbers are aligned
  const std::uint64_t length = text.size();
  std::string out(kLength, '\0');
  std::memcpy(out.data(), &length, kLength);
  out += text;
  for (const auto& [name, array] : arrays)
    out.append(reinterpret_cast<const char*>(array.data.data()), array.data.size());
  return out;
}

void write_safetensors(const fs::path& file, const NamedArrays& arrays) {
  const fs::path part = file.string() + ".part";
  {
    std::ofstream out(part, std::ios::binary);
    const std::string bytes = format_safetensors(arrays);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!out.flush()) throw std::runtime_error("cannot write " + part.string());
  }
  fs::rename(part, file);
}

}  // namespace assay
