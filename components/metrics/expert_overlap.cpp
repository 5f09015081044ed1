// How much the experts of a layer do the same work, told by the rows that they compute (A_e: those
// of expert e, over the split). Means over the routers of the model.
//   expert-overlap          mean over pairs of experts of |A_e and A_f| / |A_e or A_f| (Jaccard
//                           1912; without the division by both it is the co-activation of
//                           Muennighoff et al. 2024). With one expert for each row it is 0, and
//                           with an even load it follows from k and E nearly alone.
//   expert-overlap-closest  mean over experts of the largest such number that it has with another:
//                           1 where experts come in pairs that always work together
//   expert-overlap-inputs   of the variance of what experts see, the share that lies within experts
//                           rather than between their means (Fisher 1925; 1 minus the squared
//                           correlation ratio): near 1 where all see the same kind of rows, as with
//                           random routing, 0 where each sees but one. It also speaks of one expert
//                           for each row.
// Where a router mixes rows into slots, every expert works on every row: the first two are 1, and
// the inputs are those slots. Experts without rows do not count; a layer with fewer than two that
// have some overlaps in nothing.
#include "components/metrics/routing.h"

namespace assay::metrics {
namespace {

using RowsOf = std::vector<std::vector<int>>;  // of each expert, ascending

RowsOf rows_of(const Routes& routes) {
  RowsOf out;
  for (std::size_t i = 0; i < routes.rows.size(); ++i)
    for (const int e : routes.rows[i]) {
      if (e < 0) continue;
      out.resize(std::max(out.size(), static_cast<std::size_t>(e) + 1));
      out[static_cast<std::size_t>(e)].push_back(static_cast<int>(i));
    }
  std::erase_if(out, [](const std::vector<int>& rows) { return rows.empty(); });
  return out;
}

double jaccard(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<int> both;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  const auto common = static_cast<double>(both.size());
  return common / (static_cast<double>(a.size() + b.size()) - common);
}

struct Overlap {
  double mean = 0.0, closest = 0.0;
};

Overlap overlap_of(const RowsOf& experts) {
  Overlap out;
  if (experts.size() < 2) return out;
  for (std::size_t e = 0; e < experts.size(); ++e) {
    double closest = 0.0;
    for (std::size_t f = 0; f < experts.size(); ++f) {
      if (f == e) continue;
      const double both = jaccard(experts[e], experts[f]);
      out.mean += both / static_cast<double>(experts.size() - 1);
      closest = std::max(closest, both);
    }
    out.closest += closest;
  }
  out.mean /= static_cast<double>(experts.size());
  out.closest /= static_cast<double>(experts.size());
  return out;
}

// Sums over the rows that an expert saw, feature by feature.
struct Seen {
  double rows = 0.0;
  std::vector<double> sum, squares;

  void add(const nn::Tensor& x) {
    const auto width = static_cast<std::size_t>(x.shape().back());
    sum.resize(width);
    squares.resize(width);
    for (std::int64_t i = 0; i < x.count(); ++i) {
      const std::size_t j = static_cast<std::size_t>(i) % width;
      sum[j] += x.get(i);
      squares[j] += x.get(i) * x.get(i);
    }
    rows += static_cast<double>(x.count()) / static_cast<double>(width);
  }
  void add(const Seen& other) {
    sum.resize(other.sum.size());
    squares.resize(other.sum.size());
    for (std::size_t j = 0; j < sum.size(); ++j) {
      sum[j] += other.sum[j];
      squares[j] += other.squares[j];
    }
    rows += other.rows;
  }
  // Sum over rows and features of the squared distance from the mean.
  double scatter() const {
    double out = 0.0;
    for (std::size_t j = 0; j < sum.size(); ++j) out += squares[j] - sum[j] * sum[j] / rows;
    return out;
  }
};

// By layer of experts, "block1.experts", and within it by expert.
using Inputs = std::map<std::string, std::map<std::string, Seen>, std::less<>>;

Inputs inputs_of(const TrainedModel& model, const Examples& examples) {
  static constexpr std::string_view kInput = ".up.in", kExperts = "experts.";
  Inputs out;
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    const std::size_t at = site.find(kExperts);
    if (at != std::string_view::npos && site.ends_with(kInput))
      out[std::string(site.substr(0, at + kExperts.size() - 1))][std::string(site)].add(
          x.tape->value(x));
    return x;
  };
  (void)model.outputs(examples, std::span(&hook, 1));
  return out;
}

double within_share(const std::map<std::string, Seen>& experts) {
  Seen all;
  double within = 0.0;
  for (const auto& [name, seen] : experts) {
    within += seen.scatter();
    all.add(seen);
  }
  const double total = all.scatter();
  return experts.size() > 1 && total > 0 ? std::clamp(within / total, 0.0, 1.0) : 0.0;
}

// None where no router of the model sends rows.
std::vector<Routes> sent_rows(const std::vector<nn::Forward::Statistic>& statistics) {
  const bool any = std::any_of(statistics.begin(), statistics.end(), [](const auto& statistic) {
    return statistic.name.ends_with(".routed_to");
  });
  return any ? routes(statistics, "expert-overlap") : std::vector<Routes>{};
}

struct ExpertOverlap final : Metric {
  static constexpr Info kInfo{"expert-overlap", 1,
                              "Jaccard index of the rows that two experts compute, mean over "
                              "pairs; of each with its closest; and the share of the variance of "
                              "their inputs that lies within experts.",
                              "Muennighoff et al. 2024, arXiv:2409.02060, section 5.2 "
                              "(co-activation); Jaccard 1912"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto routers = router_statistics(e.statistics(), ".load", kInfo.name);
    const std::vector<Routes> sent = sent_rows(e.statistics());
    const Inputs inputs = inputs_of(*e.model, e.examples());
    double mean = 0.0, closest = 0.0, within = 0.0;
    for (const RouterStatistic& router : routers) {
      const auto rows = std::find_if(sent.begin(), sent.end(), [&](const Routes& routes) {
        return routes.router == router.router;
      });
      const Overlap overlap = rows == sent.end() ? Overlap{1.0, 1.0} : overlap_of(rows_of(*rows));
      mean += overlap.mean;
      closest += overlap.closest;
      // "block1.router" sends to "block1.experts".
      const auto seen = inputs.find(router.router.substr(0, router.router.size() - 6) + "experts");
      within += seen == inputs.end() ? 0.0 : within_share(seen->second);
    }
    const auto count = static_cast<double>(routers.size());
    sink("expert-overlap", mean / count);
    sink("expert-overlap-closest", closest / count);
    sink("expert-overlap-inputs", within / count);
  }
};
ASSAY_REGISTER(Metric, ExpertOverlap);

}  // namespace
}  // namespace assay::metrics
