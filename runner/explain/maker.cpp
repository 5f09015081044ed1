// Which program on which machine: equal bits are promised for one build and one processor.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <thread>

#include "runner/explain/origin.h"

namespace assay::explain {

namespace {

// Of the file that holds this code: the program, or the library of it.
std::string hash_of_build() {
  Dl_info info{};
  std::ifstream in;
  if (dladdr(reinterpret_cast<const void*>(&hash_of_build), &info) != 0 && info.dli_fname)
    in.open(info.dli_fname, std::ios::binary);
  if (!in.is_open()) in.open("/proc/self/exe", std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return hash(bytes).hex().substr(0, 16);
}

std::string processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
  return "unknown";
}

std::string compiler() {
#ifdef __clang__
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

Origin::Maker this_maker(int jobs) {
  if (jobs <= 0) jobs = static_cast<int>(std::thread::hardware_concurrency());
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return {ASSAY_VERSION, hash_of_build(), compiler(), processor(), host.data(), jobs};
}

std::string text(const Origin::Maker& maker) {
  return "assay " + maker.assay + " (build " + maker.build.substr(0, 8) + ", " + maker.compiler +
         ") on " + maker.processor + " (" + maker.host + ")";
}

}  // namespace assay::explain
