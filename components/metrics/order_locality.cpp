// How far the order in which masks were filled is that of reading (Gong et al. 2025, DiffuCoder,
// section 4.1, AR-ness at k). Local: of the fills that k others came before, the share that ends k
// steps to the next mask in a row, given tokens passed over; at k = 1, one step.
// Global: the share of all fills that were among the first k masks then left. Both are 1 from left
// to right. What was filled at once is taken from left to right, which counts for locality: of a
// whole block filled at once nothing is known. Over the fills of all samples.
#include <algorithm>
#include <iterator>
#include <numeric>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct OrderLocality final : Metric {
  static constexpr Info kInfo{"order-locality", 1,
                              "How far masks were filled from left to right (AR-ness).",
                              "Gong et al. 2025, arXiv:2506.20639, section 4.1"};
  int k = 1;

  static void params(Params<OrderLocality>& p) {
    p.add("k", &OrderLocality::k).range(1, 1024).unit("positions").doc("Range that is looked at.");
  }
  std::string_view needs() const override { return "samples"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    if (s.filled.empty())
      throw std::runtime_error("order-locality needs samples whose masks were filled in an order");
    Counts counts;
    for (int i = 0; i < s.count; ++i)
      count(std::span(s.filled).subspan(static_cast<std::size_t>(i * s.width),
                                        static_cast<std::size_t>(s.width)),
            counts);
    const auto share = [](double part, double of) { return of > 0 ? part / of : 0.0; };
    const std::string at = "-" + std::to_string(k);
    sink("order-locality" + at, share(counts.runs, counts.later));
    sink("order-locality-global" + at, share(counts.first, counts.fills));
  }

 private:
  struct Counts {
    double fills = 0.0, first = 0.0;  // among the first k masks
    double later = 0.0, runs = 0.0;   // that k fills came before; that end k steps in a row
  };

  void count(std::span<const std::int32_t> filled, Counts& counts) const {
    std::vector<std::int32_t> when;  // of the masks of the beginning, from left to right
    std::copy_if(filled.begin(), filled.end(), std::back_inserter(when),
                 [](std::int32_t step) { return step > 0; });
    std::vector<int> masks(when.size());  // those left
    std::iota(masks.begin(), masks.end(), 0);
    std::vector<int> order = masks;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return when[static_cast<std::size_t>(a)] < when[static_cast<std::size_t>(b)];
    });
    int run = 0;
    for (std::size_t n = 0; n < order.size(); ++n) {
      run = n > 0 && order[n] == order[n - 1] + 1 ? run + 1 : 0;
      const auto place = std::lower_bound(masks.begin(), masks.end(), order[n]);
      counts.fills += 1.0;
      counts.first += place - masks.begin() < k ? 1.0 : 0.0;
      masks.erase(place);
      if (n < static_cast<std::size_t>(k)) continue;
      counts.later += 1.0;
      counts.runs += run >= k ? 1.0 : 0.0;
    }
  }
};
ASSAY_REGISTER(Metric, OrderLocality);

}  // namespace
}  // namespace assay::metrics
