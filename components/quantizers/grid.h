#pragma once

#include <span>
#include <vector>

#include "components/nn/parameters.h"
#include "runner/registry/params.h"

namespace assay::quantizers {

// Scales, offsets and entries of codebooks count so many bits each.
inline constexpr double kScaleBits = 16.0;

// Evenly spaced levels (q - zero) * step that a group of weights shares.
struct Scale {
  double step = 0.0;
  double zero = 0.0;
};

enum class Granularity { kTensor, kRow, kGroup };
inline constexpr std::string_view kGranularityNames[] = {"tensor", "row", "group"};

// Numbers from `first` on that share a scale, in a weight of this many columns: the whole of it, a
// row, or what is left of a group of a row.
std::size_t run_length(Granularity granularity, int group, std::size_t first, std::size_t columns,
                       std::size_t all);
// How many scales a weight has.
double run_count(Granularity granularity, int group, const nn::Shape& shape);

// Uniform levels, declared by Grid::params(p) of a component that derives from it:
//   symmetric:  q = clamp(round(w / s), -m, m), m = 2^(b-1) - 1, s = max|w| / m; b = 1: ±mean|w|
//   asymmetric: q = round((w - min) / s) in 0 … 2^b - 1, s = (max - min) / (2^b - 1)
// The asymmetric range always contains 0, so that pruned weights stay exactly 0. Nagel et al. 2021,
// section 2; the 1-bit case as in Rastegari et al. 2016.
struct Grid {
  enum class Clip { kNone, kMse };
  int bits = 8;
  Granularity granularity = Granularity::kRow;
  int group = 32;
  bool symmetric = true;
  Clip clip = Clip::kNone;

  // `clip_since`: the version of the component that added `clip`; 0 where it had it from the start.
  template <class T>
  static void params(Params<T>& p, int clip_since = 0) {
    p.add("bits", &T::bits).range(1, 8).unit("bits").doc("For each weight.");
    p.add("granularity", &T::granularity, kGranularityNames).doc("What shares a scale.");
    p.add("group", &T::group)
        .range(1, 65536)
        .unit("weights")
        .doc("Of a row that share a scale, with granularity group.");
    p.add("symmetric", &T::symmetric)
        .doc("Levels symmetric about 0; else from minimum to maximum.");
    p.add("clip", &T::clip, {"none", "mse"})
        .doc("Whether ranges shrink, weights beyond being clipped, to that of least squared error.")
        .source("Choukroun et al. 2019, arXiv:1902.06822, section 3")
        .since(clip_since);
  }

  // The scale of these weights, pruned ones left out by the caller.
  Scale fit(std::span<const double> w) const;
  double round(double w, const Scale& scale) const;
  // The level below w, which may lie outside of the range, and the ends of the range.
  double floor(double w, const Scale& scale) const;
  double lowest(const Scale& scale) const;
  double highest(const Scale& scale) const;
  // Bits for each weight of this shape, scales and offsets included.
  double stored_bits(const nn::Shape& shape) const;
  // The scale of each number of a weight, fitted to what is there.
  std::vector<Scale> fit_all(const nn::Parameter& p, std::span<const double> w) const;
  // All of a weight to its nearest levels.
  void round_all(const nn::Parameter& p, std::span<double> w) const;
  // Where levels lie does not depend on how far a range reaches.
  bool signs_only() const { return symmetric && bits == 1; }

 private:
  Scale range(double low, double high) const;
};

// The numbers of a weight, and back; masked entries become 0.
std::vector<double> numbers_of(const nn::Parameter& p);
void set_numbers(nn::Parameter& p, std::span<const double> w);

}  // namespace assay::quantizers
