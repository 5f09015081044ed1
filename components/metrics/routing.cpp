#include "components/metrics/routing.h"

#include <limits>

namespace assay::metrics {

std::vector<double> RouterStatistic::summed() const {
  std::vector<double> out;
  for (const nn::Tensor* batch : batches) {
    out.resize(static_cast<std::size_t>(batch->count()));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += batch->get(static_cast<std::int64_t>(i));
  }
  return out;
}

std::vector<double> RouterStatistic::joined() const {
  std::vector<double> out;
  for (const nn::Tensor* batch : batches)
    for (std::int64_t i = 0; i < batch->count(); ++i) out.push_back(batch->get(i));
  return out;
}

std::vector<RouterStatistic> router_statistics(
    const std::vector<nn::Forward::Statistic>& statistics, std::string_view suffix,
    std::string_view metric, std::string_view missing) {
  std::vector<RouterStatistic> out;
  for (const auto& statistic : statistics) {
    if (!statistic.name.ends_with(suffix)) continue;
    const std::string router = statistic.name.substr(0, statistic.name.size() - suffix.size());
    auto at = std::find_if(out.begin(), out.end(),
                           [&](const RouterStatistic& known) { return known.router == router; });
    if (at == out.end()) at = out.insert(out.end(), {router, {}});
    at->batches.push_back(&statistic.value);
  }
  if (out.empty()) throw std::runtime_error(std::string(metric) + ": " + std::string(missing));
  return out;
}

std::vector<Routes> routes(const std::vector<nn::Forward::Statistic>& statistics,
                           std::string_view metric) {
  std::vector<Routes> out;
  for (const RouterStatistic& router : router_statistics(
           statistics, ".routed_to", metric, "the model has no router that sends rows")) {
    Routes& to = out.emplace_back();
    to.router = router.router;
    for (const nn::Tensor* batch : router.batches) {
      const int n = batch->shape()[0], k = batch->shape()[1];
      for (int i = 0; i < n; ++i) {
        std::vector<int>& row = to.rows.emplace_back();
        for (int j = 0; j < k; ++j) row.push_back(static_cast<int>(batch->at(i, j)));
      }
    }
  }
  return out;
}

namespace {

// Minimal cost assignment of rows to columns, both 1 … size, with prices on each side. matched[j]
// is the row of column j, 0 for none.
struct Assigner {
  const std::vector<std::vector<double>>& cost;
  std::vector<double> row_price, column_price;
  std::vector<int> matched, before;

  void add(int row) {
    matched[0] = row;
    std::vector<double> slack(matched.size(), std::numeric_limits<double>::infinity());
    std::vector<bool> reached(matched.size());
    int at = 0;
    do {
      at = extend(at, slack, reached);
    } while (matched[static_cast<std::size_t>(at)] != 0);
    for (; at != 0; at = before[static_cast<std::size_t>(at)])
      matched[static_cast<std::size_t>(at)] =
          matched[static_cast<std::size_t>(before[static_cast<std::size_t>(at)])];
  }

 private:
  // Adds the cheapest column to the tree that reaches column `at`; gives it.
  int extend(int at, std::vector<double>& slack, std::vector<bool>& reached) {
    reached[static_cast<std::size_t>(at)] = true;
    const auto row = static_cast<std::size_t>(matched[static_cast<std::size_t>(at)]);
    std::size_t next = 0;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t j = 1; j < matched.size(); ++j) {
      if (reached[j]) continue;
      const double reduced = cost[row][j] - row_price[row] - column_price[j];
      if (reduced < slack[j]) slack[j] = reduced, before[j] = at;
      if (slack[j] < least) least = slack[j], next = j;
    }
    for (std::size_t j = 0; j < matched.size(); ++j) {
      if (reached[j]) {
        row_price[static_cast<std::size_t>(matched[j])] += least;
        column_price[j] -= least;
      } else {
        slack[j] -= least;
      }
    }
    return static_cast<int>(next);
  }
};

}  // namespace

std::vector<int> best_matching(int n, int m, std::span<const double> value) {
  const auto size = static_cast<std::size_t>(std::max(n, m)) + 1;
  std::vector<std::vector<double>> cost(size, std::vector<double>(size));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < m; ++j)
      cost[static_cast<std::size_t>(i) + 1][static_cast<std::size_t>(j) + 1] =
          -value[static_cast<std::size_t>(i) * static_cast<std::size_t>(m) +
                 static_cast<std::size_t>(j)];
  Assigner assigner{cost, std::vector<double>(size), std::vector<double>(size),
                    std::vector<int>(size), std::vector<int>(size)};
  for (int row = 1; row < static_cast<int>(size); ++row) assigner.add(row);
  std::vector<int> out(static_cast<std::size_t>(n), -1);
  for (std::size_t j = 1; j <= static_cast<std::size_t>(m); ++j)
    if (assigner.matched[j] <= n)
      out[static_cast<std::size_t>(assigner.matched[j]) - 1] = static_cast<int>(j) - 1;
  return out;
}

}  // namespace assay::metrics
