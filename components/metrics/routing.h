#pragma once

#include "components/metrics/metric.h"

// What metrics of routing share. A model may hold several routers (one in each block): each is
// measured on its own, over all batches of the split, and the number is the mean over routers.
namespace assay::metrics {

// What one router left under "<router><suffix>", batch by batch.
struct RouterStatistic {
  std::string router;
  std::vector<const nn::Tensor*> batches;
  std::vector<double> summed() const;  // entry by entry
  std::vector<double> joined() const;  // one batch after the other
};

// In the order of the model. Throws std::runtime_error, "<metric>: <missing>", where there is none.
std::vector<RouterStatistic> router_statistics(
    const std::vector<nn::Forward::Statistic>& statistics, std::string_view suffix,
    std::string_view metric, std::string_view missing = "the model has no router");

// The experts of each row of one router, the largest weight first; -1 for none.
struct Routes {
  std::string router;
  std::vector<std::vector<int>> rows;
};
std::vector<Routes> routes(const std::vector<nn::Forward::Statistic>& statistics,
                           std::string_view metric);

template <class Items, class Measure>  // (const Item&) -> double
double mean_over_routers(const Items& routers, const Measure& measure) {
  double sum = 0.0;
  for (const auto& router : routers) sum += measure(router);
  return sum / static_cast<double>(routers.size());
}

// A row for each of n, a column for each of m, each used at most once: the pairing of largest total
// value (n x m, row-major), as the column of each row or -1 (Kuhn 1955; shortest augmenting paths
// as by Jonker and Volgenant 1987, O(max(n, m)³)).
std::vector<int> best_matching(int n, int m, std::span<const double> value);

}  // namespace assay::metrics
