#include "runner/registry/random.h"

#include <Random123/philox.h>

#include <cmath>

#include "runner/registry/key.h"

namespace assay {

Stream::Stream(std::uint64_t seed, std::uint64_t replicate, std::string_view stage,
               std::string_view purpose)
    : Stream(KeyBuilder().add(seed).add(replicate).add(stage).add(purpose).key().low) {}

Stream Stream::fork(std::string_view purpose, std::uint64_t index) const {
  return Stream(KeyBuilder().add(key_).add(purpose).add(index).key().low);
}

void Stream::refill() {
  r123::Philox4x32 philox;
  const r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(counter_), static_cast<std::uint32_t>(counter_ >> 32), 0, 0}};
  const r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(key_), static_cast<std::uint32_t>(key_ >> 32)}};
  const auto out = philox(counter, key);
  for (std::size_t i = 0; i < 4; ++i) buffer_[i] = out[i];
  ++counter_;
  used_ = 0;
}

std::uint32_t Stream::bits() {
  if (used_ == 4) refill();
  return buffer_[used_++];
}

double Stream::uniform() {
  const std::uint64_t high = bits() >> 5;
  const std::uint64_t low = bits() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

double Stream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
  const double angle = 6.283185307179586 * uniform();
  spare_normal_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::uint64_t Stream::below(std::uint64_t bound) {
  // Numbers under 2^64 mod bound would favour small results; they are drawn again.
  const std::uint64_t reject = (0 - bound) % bound;
  while (true) {
    const std::uint64_t high = bits();
    const std::uint64_t draw = (high << 32) | bits();
    if (draw >= reject) return draw % bound;
  }
}

double Stream::gumbel() {
  double u = uniform();
  while (u == 0.0) u = uniform();
  return -std::log(-std::log(u));
}

}  // namespace assay
