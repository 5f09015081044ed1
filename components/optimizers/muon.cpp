// Muon: of each weight matrix the momentum is replaced by a nearly orthogonal matrix, m = mu m + (1
// - mu) g, u = mu m + (1 - mu) g (Nesterov) or m, w -= lr sqrt(max(1, rows / columns)) O(u) + lr
// lambda w. O is the Newton-Schulz iteration of degree five, X = u / |u| (Frobenius), then
// `iterations` times X = a X + (b A + c A²) X with A = X Xᵀ, which brings every singular value that
// is not tiny near 1, to about 0.7 … 1.2, and keeps the singular vectors. Constants and the factor
// sqrt(max(1, rows / columns)) are those of Jordan et al. 2024 and of their code, which runs the
// iteration in bfloat16; here it has the type of the weights. All that is no weight matrix, and by
// Jordan et al.'s advice the output layer, steps by the inner rule with a learning rate of its own.
// Convolutions are the matrices filters x patch.
#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/name_patterns.h"
#include "components/optimizers/schedule.h"
#include "components/optimizers/wrapper.h"

namespace assay::optimizers {
namespace {

struct Muon final : Schedule {
  static constexpr Info kInfo{"muon", 1, "Orthogonalised momentum for weight matrices (Muon).",
                              "Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/"};
  Muon() { lr = 0.02F; }
  float momentum = 0.95F;
  bool nesterov = true;
  int iterations = 5;
  float weight_decay = 0.0F;
  std::vector<std::string> except = {"output.*"};
  Slot<Optimizer> optimizer{"adamw"};

  static void params(Params<Muon>& p) {
    schedule_params(p);
    p.add("momentum", &Muon::momentum)
        .neutral(0.0)
        .at_least(0)
        .below(1)
        .doc("mu.")
        .source("Jordan et al. 2024");
    p.add("nesterov", &Muon::nesterov).doc("Looks ahead by one momentum step.");
    p.add("iterations", &Muon::iterations)
        .range(1, 100)
        .doc("Of Newton and Schulz.")
        .source("Jordan et al. 2024");
    p.add("weight_decay", &Muon::weight_decay)
        .neutral(0.0)
        .at_least(0)
        .doc("Of the matrices, decoupled.");
    p.add("except", &Muon::except)
        .doc("Names of matrices that the inner rule takes; * stands for any characters.")
        .source("Jordan et al. 2024");
    p.add("optimizer", &Muon::optimizer).doc("The rule of all parameters that are not its own.");
  }
  std::string check() const override { return inner_rule_error(*optimizer); }
  bool takes(const nn::Parameter& p) const {
    if (p.role != nn::Role::kWeight || p.value.shape().rank() != 2) return false;
    return std::none_of(except.begin(), except.end(),
                        [&](const std::string& pattern) { return nn::matches(p.name, pattern); });
  }
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

// Room for the iteration on the largest of several matrices, its longer side in columns.
template <class T>
struct Room {
  std::vector<T, nn::AlignedAllocator<T>> x, next, gram, mix;

  void fit(int rows, int columns) {
    const auto short_side = static_cast<std::size_t>(std::min(rows, columns));
    const std::size_t all = short_side * static_cast<std::size_t>(std::max(rows, columns));
    if (x.size() < all) x.resize(all), next.resize(all);
    if (gram.size() < short_side * short_side) {
      gram.resize(short_side * short_side);
      mix.resize(short_side * short_side);
    }
  }
};

constexpr double kA = 3.4445, kB = -4.7750, kC = 2.0315;  // Jordan et al. 2024

// One iteration on x (n x d, n at most d), which may end up in the other array.
template <class T>
void iterate(Room<T>& room, int n, int d) {
  using In = nn::View<const T>;
  nn::product<T>(In{room.x.data(), d}, In{room.x.data(), d, true}, {room.gram.data(), n}, n, d, n,
                 T(1), false);
  const In gram{room.gram.data(), n};
  nn::product<T>(gram, gram, {room.mix.data(), n}, n, n, n, static_cast<T>(kC), false);
  const std::size_t squares = static_cast<std::size_t>(n) * static_cast<std::size_t>(n);
  for (std::size_t i = 0; i < squares; ++i) room.mix[i] += static_cast<T>(kB) * room.gram[i];
  nn::product<T>(In{room.mix.data(), n}, In{room.x.data(), d}, {room.next.data(), d}, n, n, d, T(1),
                 false);
  const std::size_t all = static_cast<std::size_t>(n) * static_cast<std::size_t>(d);
  for (std::size_t i = 0; i < all; ++i) room.next[i] += static_cast<T>(kA) * room.x[i];
  std::swap(room.x, room.next);
}

// u (rows x columns) by the iteration.
template <class T>
void orthogonalise(std::span<T> u, int rows, int columns, int iterations, Room<T>& room) {
  room.fit(rows, columns);
  double squares = 0.0;
  for (const T entry : u) squares += static_cast<double>(entry) * static_cast<double>(entry);
  const T unit = static_cast<T>(1.0 / (std::sqrt(squares) + 1e-7));
  const bool tall = rows > columns;
  const int n = std::min(rows, columns), d = std::max(rows, columns);
  // The place in x of u's entry (i, j).
  const auto place = [&](int i, int j) {
    return static_cast<std::size_t>(tall ? std::int64_t{j} * d + i : std::int64_t{i} * d + j);
  };
  std::size_t at = 0;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) room.x[place(i, j)] = u[at++] * unit;
  for (int k = 0; k < iterations; ++k) iterate(room, n, d);
  at = 0;
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) u[at++] = room.x[place(i, j)];
}

class MuonState final : public OptimizerState {
 public:
  MuonState(const Muon& rule, const nn::Parameters& parameters, int total)
      : rule_(rule),
        total_(total),
        inner_(rule.optimizer->begin(parameters, total)),
        others_(parameters) {
    for (const nn::Parameter& p : parameters) {
      const bool own = rule.takes(p);
      momentum_.push_back(own ? nn::Tensor(p.value.shape(), p.value.dtype()) : nn::Tensor());
      way_.push_back(momentum_.back());
    }
  }

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    const double rate = rule_.rate(step_++, total_);
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = gradients.of(p, at);
      const bool own = !momentum_[at].empty();
      others_.look_at(at, own ? nullptr : gradient);
      if (!own || !gradient) continue;
      nn::dispatch(p.value.dtype(), [&](auto t) {
        using T = decltype(t);
        update<T>(p, gradient->data<T>(), momentum_[at].data<T>(), way_[at].data<T>(), rate);
      });
    }
    inner_->step(parameters, others_.all());
  }
  void forget(std::size_t parameter, std::int64_t first, std::int64_t count) override {
    inner_->forget(parameter, first, count);
    for (std::int64_t i = first; !momentum_[parameter].empty() && i < first + count; ++i)
      momentum_[parameter].set(i, 0.0);
  }
  void finish(nn::Parameters& parameters) override { inner_->finish(parameters); }
  void save(Archive& out, const std::string& prefix) const override {
    inner_->save(out, prefix + "/inner");
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < momentum_.size(); ++i)
      if (!momentum_[i].empty())
        out.put(prefix + "/momentum/" + std::to_string(i), momentum_[i].to_array());
  }
  void load(const Archive& in, const std::string& prefix) override {
    inner_->load(in, prefix + "/inner");
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < momentum_.size(); ++i)
      if (!momentum_[i].empty())
        momentum_[i] = nn::Tensor::from_array(in.array(prefix + "/momentum/" + std::to_string(i)));
  }

 private:
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> m, std::span<T> way,
              double rate) {
    const T mu = rule_.momentum;
    for (std::size_t i = 0; i < g.size(); ++i) {
      m[i] = mu * m[i] + (T(1) - mu) * g[i];
      way[i] = rule_.nesterov ? mu * m[i] + (T(1) - mu) * g[i] : m[i];
    }
    const int rows = p.value.shape()[0], columns = p.value.shape()[1];
    orthogonalise<T>(way, rows, columns, rule_.iterations, room<T>());
    const double scale = std::sqrt(std::max(1.0, static_cast<double>(rows) / columns));
    const T size = static_cast<T>(rate * scale), decay = static_cast<T>(rate * rule_.weight_decay);
    const auto x = p.value.data<T>();
    for (std::size_t i = 0; i < x.size(); ++i) x[i] -= size * way[i] + decay * x[i];
    for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.data<T>()[i];
  }
  template <class T>
  Room<T>& room() {
    if constexpr (std::is_same_v<T, float>)
      return floats_;
    else
      return doubles_;
  }

  const Muon& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::unique_ptr<OptimizerState> inner_;
  OwnGradients others_;                     // those of the inner rule
  std::vector<nn::Tensor> momentum_, way_;  // empty where the inner rule steps
  Room<float> floats_;
  Room<double> doubles_;
};

std::unique_ptr<OptimizerState> Muon::begin(const nn::Parameters& parameters,
                                            int total_steps) const {
  return std::make_unique<MuonState>(*this, parameters, total_steps);
}
ASSAY_REGISTER(Optimizer, Muon);

}  // namespace
}  // namespace assay::optimizers
