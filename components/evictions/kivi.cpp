// A cache whose older keys and values are stored in few bits (KIVI, Liu et al. 2024, section 3
// and algorithm 1), beside an eviction that says which entries make place. Numbers of a group share
// a minimum and a step of half precision, x -> low + s round((x - low) / s), s = (high - low) /
// (2^b - 1): b + 32 / group bits a number. Keys have outliers in few channels, so that a group of
// them is one channel at `group` positions; one of values is `group` channels of one position. The
// newest stay as they are: of what is grouped by channels what came since the last multiple of
// `residual` positions, which are then rounded at once; by tokens the last `residual` positions. An
// entry is rounded once. Departures: groups lie within one head (as the paper's do where `group`
// divides its width), and only of what is still kept; numbers are as stored, the arithmetic is not
// of integers.
#include <algorithm>
#include <cmath>
#include <limits>

#include "components/evictions/eviction.h"
#include "components/quantizers/small_floats.h"
#include "runner/registry/registry.h"

namespace assay::evictions {
namespace {

double half(double x) {
  return quantizers::decode(quantizers::encode(x, quantizers::kHalf), quantizers::kHalf);
}

// Each of the numbers to the nearest of 2^bits levels from the lowest to the highest; `each` calls
// a function for all of them.
template <class Each>
void round_group(const Each& each, int bits) {
  float low = std::numeric_limits<float>::infinity(), high = -low;
  each([&](float x) {
    low = std::min(low, x);
    high = std::max(high, x);
  });
  if (low > high) return;
  const double most = (1 << bits) - 1, begin = half(low), step = half((high - begin) / most);
  each([&](float& x) {
    const double level = step > 0 ? std::nearbyint((x - begin) / step) : 0.0;
    x = static_cast<float>(begin + step * std::clamp(level, 0.0, most));
  });
}

struct Kivi final : Eviction {
  enum class Along { kNone, kChannel, kToken };
  using Part = std::span<float> (KeptEntries::*)(int row) const;
  static constexpr Info kInfo{"kivi", 1, "Stores older keys and values in few bits.",
                              "Liu et al. 2024, arXiv:2402.02750, section 3"};
  static constexpr std::string_view kExample =
      "group = 2, residual = 4, eviction = \"sink-window\"";
  Along keys = Along::kChannel, values = Along::kToken;
  int key_bits = 2, value_bits = 2;
  int group = 32;
  int residual = 128;
  Slot<Eviction> eviction{"full"};

  static void params(Params<Kivi>& p) {
    const std::initializer_list<std::string_view> along = {"none", "channel", "token"};
    p.add("keys", &Kivi::keys, along).doc("What keys of a group share; none: keys stay exact.");
    p.add("values", &Kivi::values, along).doc("The same of values.");
    p.add("key_bits", &Kivi::key_bits).range(1, 8).unit("bits").doc("For each number of a key.");
    p.add("value_bits", &Kivi::value_bits).range(1, 8).unit("bits").doc("The same of values.");
    p.add("group", &Kivi::group)
        .range(1, 65536)
        .unit("numbers")
        .doc("That share a minimum and a step.")
        .source("Liu et al. 2024, section 4.1");
    p.add("residual", &Kivi::residual)
        .range(1, 1e6)
        .unit("positions")
        .doc("Newest that stay exact.")
        .source("Liu et al. 2024, section 4.1");
    p.add("eviction", &Kivi::eviction).doc("Which entries of a full cache make place.");
  }
  std::string check() const override {
    const bool channels = keys == Along::kChannel || values == Along::kChannel;
    if (!channels || residual % group == 0) return "";
    return "residual = " + std::to_string(residual) +
           " is no multiple of group = " + std::to_string(group) + ", as channels need";
  }
  std::string check_capacity(int capacity) const override {
    return eviction->check_capacity(capacity);
  }
  bool by_place() const override { return eviction->by_place(); }
  int numbers() const override { return eviction->numbers(); }
  bool rewrites() const override { return true; }
  void arrive(const KeptEntries& kept, int row, const Arrival& entry) const override {
    eviction->arrive(kept, row, entry);
    store(kept, keys, key_bits, &KeptEntries::stored_key);
    store(kept, values, value_bits, &KeptEntries::stored_value);
  }
  bool reads_attention() const override { return eviction->reads_attention(); }
  void attended(const KeptEntries& kept, std::span<const float> probabilities) const override {
    eviction->attended(kept, probabilities);
  }
  int drop(const KeptEntries& kept, const Arrival& entry, Stream& stream) const override {
    return eviction->drop(kept, entry, stream);
  }

 private:
  void store(const KeptEntries& kept, Along along, int bits, Part part) const {
    if (along == Along::kToken) token(kept, kept.now - residual, bits, part);
    const int end = kept.now + 1;
    if (along != Along::kChannel || end % residual != 0) return;
    for (int first = end - residual; first < end; first += group)
      channels(kept, first, first + group, bits, part);
  }

  void token(const KeptEntries& kept, int position, int bits, Part part) const {
    const auto at = std::find(kept.positions.begin(), kept.positions.end(), position);
    if (at == kept.positions.end()) return;
    const std::span<float> all = (kept.*part)(static_cast<int>(at - kept.positions.begin()));
    const auto size = static_cast<std::size_t>(group);
    for (std::size_t first = 0; first < all.size(); first += size)
      round_group(
          [numbers = all.subspan(first, std::min(size, all.size() - first))](auto&& see) {
            for (float& x : numbers) see(x);
          },
          bits);
  }

  static void channels(const KeptEntries& kept, int first, int last, int bits, Part part) {
    for (std::size_t channel = 0; channel < kept.width; ++channel)
      round_group(
          [&](auto&& see) {
            for (int row = 0; row < kept.count(); ++row)
              if (kept.position(row) >= first && kept.position(row) < last)
                see((kept.*part)(row)[channel]);
          },
          bits);
  }
};
ASSAY_REGISTER(Eviction, Kivi);

}  // namespace
}  // namespace assay::evictions
