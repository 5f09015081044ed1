// One client's share of the training split in federated learning: for client i, shares of the
// classes q_i ~ Dirichlet(alpha * p), p the classes' shares in the whole. Client by client, each of
// its n / clients examples is of a class drawn by q_i among those that have examples left, and then
// leaves the whole: all clients together hold every example once. Validation and test stay whole.
#include <cmath>
#include <limits>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

// log of a Gamma(shape, 1) number (Marsaglia and Tsang 2000); the logarithm, since small shapes
// give numbers below what a double holds.
double log_gamma_number(double shape, Stream& stream) {
  if (shape < 1.0)
    return log_gamma_number(shape + 1.0, stream) + std::log(1.0 - stream.uniform()) / shape;
  const double d = shape - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
  for (;;) {
    const double x = stream.normal(), root = 1.0 + c * x;
    if (root <= 0.0) continue;
    const double v = root * root * root;
    if (std::log(1.0 - stream.uniform()) < 0.5 * x * x + d - d * v + d * std::log(v))
      return std::log(d * v);
  }
}

std::vector<double> dirichlet(std::span<const double> concentrations, Stream stream) {
  std::vector<double> out;
  for (const double a : concentrations)
    out.push_back(a > 0 ? log_gamma_number(a, stream) : -std::numeric_limits<double>::infinity());
  const double top = *std::max_element(out.begin(), out.end());
  double total = 0.0;
  for (double& g : out) total += g = std::exp(g - top);
  for (double& g : out) g /= total;
  return out;
}

struct ClientSkew final : Dataset {
  static constexpr Info kInfo{"client-skew", 1, "A client's share, skewed by class.",
                              "Hsu et al. 2019, arXiv:1909.06335, section 3.1"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\", clients = 4";
  Slot<Dataset> dataset;
  int clients = 10;
  int client = 0;
  double alpha = 0.5;
  int draw = 0;

  static void params(Params<ClientSkew>& p) {
    p.add("dataset", &ClientSkew::dataset).required().doc("Whose training split is shared out.");
    p.add("clients", &ClientSkew::clients).range(1, 1e5).unit("clients").doc("Of equal size.");
    p.add("client", &ClientSkew::client).range(0, 99999).doc("Which of them, from 0.");
    p.add("alpha", &ClientSkew::alpha)
        .range(1e-6, 1e6)
        .doc("Small: a client has few classes; large: all clients are alike.");
    p.add("draw", &ClientSkew::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    if (client < clients) return {};
    return "client = " + std::to_string(client) + " is not one of the " + std::to_string(clients) +
           " clients, which count from 0";
  }

  // A class by its share among those with examples left; where what is left has no share at all, by
  // how much is left.
  static std::size_t draw_class(std::span<const double> shares,
                                std::span<const std::vector<int>> left, Stream& stream) {
    std::vector<double> weights;
    double total = 0.0;
    for (std::size_t c = 0; c < left.size(); ++c)
      total += weights.emplace_back(left[c].empty() ? 0.0 : shares[c]);
    if (total <= 0.0) {
      total = 0.0;
      for (std::size_t c = 0; c < left.size(); ++c)
        total += weights[c] = static_cast<double>(left[c].size());
    }
    double at = stream.uniform() * total;
    std::size_t last = 0;
    for (std::size_t c = 0; c < left.size(); ++c) {
      if (weights[c] <= 0.0) continue;
      last = c;
      at -= weights[c];
      if (at < 0.0) break;
    }
    return last;
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_one_label(*out, kInfo.name);
    const int total = out->train.count;
    if (clients > total)
      throw std::runtime_error("client-skew: " + std::to_string(clients) +
                               " clients are more than the " + std::to_string(total) +
                               " training examples");
    const Stream stream(0, static_cast<std::uint64_t>(draw), "client-skew", "draw");
    auto left = rows_by_class(out->train, out->format.classes);
    std::vector<double> prior;
    for (std::size_t c = 0; c < left.size(); ++c) {
      prior.push_back(alpha * static_cast<double>(left[c].size()) / total);
      stream.fork("order", c).shuffle(left[c]);
    }
    std::vector<int> mine;
    nn::Tensor shares({clients, out->format.classes});
    for (int i = 0; i < clients; ++i) {
      const auto index = static_cast<std::uint64_t>(i);
      const auto q = dirichlet(prior, stream.fork("shares", index));
      for (std::size_t c = 0; c < q.size(); ++c)
        shares.set(std::int64_t{i} * out->format.classes + static_cast<int>(c), q[c]);
      Stream picks = stream.fork("picks", index);
      for (int n = total / clients + (i < total % clients ? 1 : 0); n > 0; --n) {
        auto& members = left[draw_class(q, left, picks)];
        if (i == client) mine.push_back(members.back());
        members.pop_back();
      }
    }
    std::sort(mine.begin(), mine.end());
    keep_rows(*out, Split::kTrain, mine);
    out->truth["client-class-shares"] = shares;
    return out;
  }
};
ASSAY_REGISTER(Dataset, ClientSkew);

}  // namespace
}  // namespace assay::datasets
