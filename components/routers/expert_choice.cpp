// Each expert takes the c = ceil(capacity_factor * n / E) rows of the pass to which it is most
// probable (softmax over experts), so that the load is even by construction while rows have from 0
// to E experts; weights are those probabilities. Equal ones go to the earlier row. The paper's c is
// not rounded; at least one row and at most all are taken here.
// Not causal: whether a position is chosen depends on the other rows of the pass, later positions
// and other examples included, in evaluation as in training.
#include <cmath>
#include <numeric>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

// Marks the `most` rows with the largest values; NaN comes first, as in nn::largest_columns.
void mark_largest(std::span<const double> values, std::span<int> order, std::size_t most,
                  const auto& mark) {
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int row) {
    const double value = values[static_cast<std::size_t>(row)];
    return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
  };
  std::nth_element(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(most) - 1,
                   order.end(),
                   [&](int a, int b) { return key(a) != key(b) ? key(a) > key(b) : a < b; });
  for (const int row : order.first(most)) mark(row);
}

struct ExpertChoice final : Router {
  static constexpr Info kInfo{"expert-choice", 1,
                              "Each expert takes the rows of the pass that it suits best.",
                              "Zhou et al. 2022, arXiv:2202.09368, section 3"};
  float capacity_factor = 2.0F;

  static void params(Params<ExpertChoice>& p) {
    p.add("capacity_factor", &ExpertChoice::capacity_factor)
        .above(0)
        .at_most(kMaxExperts)
        .unit("experts")
        .doc("Experts that a row has on average.")
        .source("Zhou et al. 2022, section 3.2");
  }
  std::string check_experts(int /*experts*/) const override { return {}; }
  double visits(int experts) const override { return std::min<double>(capacity_factor, experts); }
  bool rowwise() const override { return false; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
  }

  // Row by row, its experts in ascending order, then -1 up to the k of the row with most.
  Assignment choose(nn::Tape& tape, const nn::Tensor& p, int n, int experts) const {
    const auto rows = static_cast<std::size_t>(n), all = static_cast<std::size_t>(experts);
    const auto most =
        std::min(rows, static_cast<std::size_t>(std::ceil(double{capacity_factor} * n / experts)));
    const auto taken = tape.scratch<char>(rows * all);
    const auto count = tape.scratch<int>(rows);
    const auto order = tape.scratch<int>(rows);
    const auto column = tape.scratch<double>(rows);
    std::fill(taken.begin(), taken.end(), char{0});
    std::fill(count.begin(), count.end(), 0);
    for (std::size_t e = 0; e < all; ++e) {
      for (std::size_t i = 0; i < rows; ++i)
        column[i] = p.get(static_cast<std::int64_t>(i * all + e));
      mark_largest(column, order, most, [&](int row) {
        taken[static_cast<std::size_t>(row) * all + e] = 1;
        ++count[static_cast<std::size_t>(row)];
      });
    }
    Assignment out;
    out.k = *std::max_element(count.begin(), count.end());
    const auto k = static_cast<std::size_t>(out.k);
    const auto chosen = tape.scratch<int>(rows * k);
    std::fill(chosen.begin(), chosen.end(), -1);
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t e = 0, j = i * k; e < all; ++e)
        if (taken[i * all + e]) chosen[j++] = static_cast<int>(e);
    out.experts = chosen;
    return out;
  }

  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    nn::Tape& tape = pass.tape();
    const nn::Name weight(name, ".weight");
    const nn::Var p =
        nn::softmax(among_present(pass, weight, nn::matmul_transposed(x, pass.parameter(weight))));
    const int n = x.shape()[0];
    Assignment out = choose(tape, tape.value(p), n, experts);
    const auto columns = tape.scratch<int>(out.experts.size());
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i] = std::max(0, out.experts[i]);
    const nn::Var there = tape.constant({n, out.k}, [&](nn::Tensor& mask) {
      for (std::size_t i = 0; i < columns.size(); ++i)
        mask.set(static_cast<std::int64_t>(i), out.experts[i] < 0 ? 0.0 : 1.0);
    });
    out.weights = nn::multiply(nn::gather_columns(p, columns, out.k), there);
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, p);
    return out;
  }
};
ASSAY_REGISTER(Router, ExpertChoice);

}  // namespace
}  // namespace assay::routers
