#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "runner/registry/archive.h"

namespace assay {

// Named arrays in the safetensors format: eight bytes of header length, a JSON header, the numbers
// (https://github.com/huggingface/safetensors). Half-precision numbers (F16, BF16) are read as
// float.
using NamedArrays = std::map<std::string, Array, std::less<>>;

// Throws std::runtime_error saying what is wrong with the bytes of a file; `what` names it.
NamedArrays parse_safetensors(std::string_view bytes, const std::string& what);
// Whole or not at all: written beside the file and renamed. Throws std::runtime_error.
void write_safetensors(const std::filesystem::path& file, const NamedArrays& arrays);
std::string format_safetensors(const NamedArrays& arrays);

}  // namespace assay
