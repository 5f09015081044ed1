// ALPS (Meng et al. 2024): layer by layer, with the inputs that the layers pruned before it give,
// min ||W X - W' X||² over W' with k weights. H = X Xᵀ + damping. Everything happens in the
// coordinates b_j = w_j sqrt(H_jj), in which H has a diagonal of ones (appendix B.1): what the
// first projection keeps there is Wanda's choice over the whole layer.
//   ADMM (eq. 4):  B = (W H - V + rho D) (H + rho)⁻¹,  D = P_k(B + V / rho),  V += rho (B - D)
//   rho (section 3.2): every third iteration it grows by 1.3, 1.2 or 1.1 as the support has changed
//     by at least k / 10, k / 200 or one weight since the last time, and no change ends it. Before
//     it has grown it shrinks to a fifth where next to nothing changes, as in the authors' code,
//     which also ends after 30 iterations where less than 0.0003 k changes.
//   PCG (algorithm 2): conjugate gradients for B H = W H on the support of D, from B on it.
// The support is that of D; the code takes that of B, which is the same where ADMM has converged.
// In the layer weights compete as one, or n of each m consecutive inputs stay. Biases stay, and
// weights that an earlier mask removed never come back.
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"
#include "components/pruners/second_order.h"

namespace assay::pruners {
namespace {

using Numbers = std::vector<double>;  // rows x columns of a weight

// (H + rho)⁻¹.
Square inverse_with(const Square& hessian, double rho) {
  Square shifted = hessian;
  for (int i = 0; i < shifted.size; ++i) shifted.at(i, i) += rho;
  const Square U = inverse_factor(shifted);
  const auto n = static_cast<std::size_t>(U.size);
  Square out(U.size);  // Uᵀ U
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t a = i; a < n; ++a) {
      const double factor = U.numbers[i * n + a];
      for (std::size_t b = i; b < n; ++b) out.numbers[a * n + b] += factor * U.numbers[i * n + b];
    }
  return out;
}

// One row times a symmetric matrix.
void times(std::span<const double> row, const Square& matrix, std::span<double> out) {
  std::fill(out.begin(), out.end(), 0.0);
  const std::size_t n = row.size();
  for (std::size_t j = 0; j < n; ++j) {
    const double factor = row[j];
    if (factor == 0.0) continue;
    for (std::size_t k = 0; k < n; ++k) out[k] += factor * matrix.numbers[j * n + k];
  }
}

double product(std::span<const double> a, std::span<const double> b) {
  double out = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) out += a[i] * b[i];
  return out;
}

// One layer in the coordinates where its Hessian has a diagonal of ones.
class Layer {
 public:
  // Of its weights `count` go, those gone among them, or all but n of each m where m > 0.
  Layer(const nn::Parameter& parameter, Square hessian, std::int64_t count, int n, int m)
      : parameter_(parameter),
        hessian_(std::move(hessian)),
        columns_(static_cast<std::size_t>(hessian_.size)),
        rows_(static_cast<std::size_t>(parameter.value.shape().rows())),
        count_(count),
        n_(n),
        m_(m),
        kept_(rows_ * columns_, 1) {
    for (std::size_t j = 0; j < columns_; ++j)
      scale_.push_back(std::sqrt(hessian_.numbers[j * columns_ + j]));
    for (std::size_t i = 0; i < columns_; ++i)
      for (std::size_t j = 0; j < columns_; ++j)
        hessian_.numbers[i * columns_ + j] /= scale_[i] * scale_[j];
    for (std::size_t i = 0; i < kept_.size(); ++i)
      weights_.push_back(parameter.value.get(static_cast<std::int64_t>(i)) * scale_[i % columns_]);
    target_.resize(weights_.size());
    for (std::size_t r = 0; r < rows_; ++r) times(row(weights_, r), hessian_, row(target_, r));
  }

  // Chooses the support, and leaves in B what the weights on it should be.
  void admm(double rho, int iterations) {
    D_ = B_ = weights_;
    V_.assign(weights_.size(), 0.0);
    project(D_);
    if (kept() == 0 || kept() == static_cast<double>(kept_.size())) return;
    const Numbers first = D_;
    std::vector<char> before = kept_;
    bool grown = false;
    Square inverse = inverse_with(hessian_, rho);
    for (int i = 1; i <= iterations; ++i) {
      step(inverse, rho);
      if (i % 3 != 0) continue;
      const double changed = differing(before), size = kept();
      if (changed == 0 && grown) break;
      const double factor = growth(changed, size, grown);
      grown = grown || factor > 1;
      if (!grown && changed > 0) {
        B_ = weights_, D_ = first;
        std::fill(V_.begin(), V_.end(), 0.0);
      }
      before = kept_;
      if (i > 30 && changed < 0.0003 * size) break;
      rho = std::min(rho * factor, 1e6);
      inverse = inverse_with(hessian_, rho);
    }
  }

  // Conjugate gradients on the support, each row on its own.
  void solve(int iterations) {
    for (std::size_t i = 0; i < B_.size(); ++i) B_[i] = kept_[i] ? B_[i] : 0.0;
    for (std::size_t r = 0; r < rows_; ++r) solve_row(r, iterations);
  }

  void write(nn::Parameter& to) const {
    ensure_mask(to);
    for (std::size_t i = 0; i < B_.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      if (kept_[i])
        to.value.set(at, B_[i] / scale_[i % columns_]);
      else
        remove_entry(to, at);
    }
  }

 private:
  std::span<double> row(Numbers& of, std::size_t r) const {
    return std::span(of).subspan(r * columns_, columns_);
  }
  double kept() const {
    return static_cast<double>(std::count(kept_.begin(), kept_.end(), char{1}));
  }
  double differing(const std::vector<char>& before) const {
    double out = 0.0;
    for (std::size_t i = 0; i < before.size(); ++i) out += before[i] != kept_[i] ? 1.0 : 0.0;
    return out;
  }
  static double growth(double changed, double size, bool grown) {
    if (changed > 0.1 * size) return 1.3;
    if (changed > 0.005 * size) return 1.2;
    return grown ? 1.1 : 0.2;
  }

  void step(const Square& inverse, double rho) {
    Numbers right(columns_);
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t j = 0, i = r * columns_; j < columns_; ++j, ++i)
        right[j] = target_[i] - V_[i] + rho * D_[i];
      times(right, inverse, row(B_, r));
    }
    for (std::size_t i = 0; i < B_.size(); ++i) D_[i] = B_[i] + V_[i] / rho;
    project(D_);
    for (std::size_t i = 0; i < B_.size(); ++i) V_[i] += rho * (B_[i] - D_[i]);
  }

  // Zeroes what is not among the largest, and says so in kept_.
  void project(Numbers& values) {
    std::vector<Candidate> pool;
    const std::size_t group = m_ > 0 ? static_cast<std::size_t>(m_) : columns_;
    std::fill(kept_.begin(), kept_.end(), char{1});
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      pool.push_back({score_or_gone(parameter_, at, values[i] * values[i]), 0, at});
      const bool complete = (i % columns_ + 1) % group == 0 || (i + 1) % columns_ == 0;
      if (m_ > 0 && complete) drop(values, pool, static_cast<std::int64_t>(pool.size()) - n_);
    }
    if (m_ == 0) drop(values, pool, count_);
  }
  void drop(Numbers& values, std::vector<Candidate>& pool, std::int64_t count) {
    std::int64_t gone = 0;
    for (const Candidate& each : pool) gone += there(parameter_, each.index) ? 0 : 1;
    const auto last = pool.begin() + std::max({count, gone, std::int64_t{0}});
    std::nth_element(pool.begin(), last, pool.end(), [](const Candidate& a, const Candidate& b) {
      return std::tie(a.score, a.index) < std::tie(b.score, b.index);
    });
    for (auto each = pool.begin(); each != last; ++each) {
      values[static_cast<std::size_t>(each->index)] = 0.0;
      kept_[static_cast<std::size_t>(each->index)] = 0;
    }
    pool.clear();
  }

  void solve_row(std::size_t r, int iterations) {
    const std::span<double> b = row(B_, r);
    const std::span<const char> support = std::span(kept_).subspan(r * columns_, columns_);
    const auto restrict_to_support = [&](std::span<double> x) {
      for (std::size_t j = 0; j < columns_; ++j) x[j] = support[j] ? x[j] : 0.0;
    };
    Numbers residual(columns_), image(columns_);
    times(b, hessian_, image);
    for (std::size_t j = 0; j < columns_; ++j) residual[j] = target_[r * columns_ + j] - image[j];
    restrict_to_support(residual);
    Numbers direction = residual;
    const double enough = 1e-16 * product(row(target_, r), row(target_, r));
    double size = product(residual, residual);
    for (int i = 0; i < iterations && size > enough; ++i) {
      times(direction, hessian_, image);
      restrict_to_support(image);
      const double length = size / product(direction, image);
      for (std::size_t j = 0; j < columns_; ++j) {
        b[j] += length * direction[j];
        residual[j] -= length * image[j];
      }
      const double next = product(residual, residual);
      for (std::size_t j = 0; j < columns_; ++j)
        direction[j] = residual[j] + next / size * direction[j];
      size = next;
    }
  }

  const nn::Parameter& parameter_;
  Square hessian_;
  std::size_t columns_, rows_;
  std::int64_t count_;
  int n_, m_;
  Numbers scale_;             // columns: sqrt(H_jj)
  Numbers weights_, target_;  // W, W H
  Numbers B_, D_, V_;
  std::vector<char> kept_;
};

struct Alps final : Pruner, LayerChoice {
  static constexpr Info kInfo{"alps", 1,
                              "Chooses and repairs the weights of a layer together, by ADMM.",
                              "Meng et al. 2024, arXiv:2406.07831, section 3"};
  double sparsity = 0.5;
  double damping = 0.01;
  double rho = 0.1;
  int iterations = 300;
  int solve = 10;
  int n = 2;
  int m = 0;

  static void params(Params<Alps>& p) {
    p.add("sparsity", &Alps::sparsity).range(0, 1).doc("Fraction of each layer that goes.");
    p.add("damping", &Alps::damping)
        .above(0)
        .doc("Added to the diagonal of the Hessian, times its mean.")
        .source("Meng et al. 2024, their code");
    p.add("rho", &Alps::rho)
        .range(1e-6, 1e6)
        .doc("Penalty of the first iterations, of a Hessian with a diagonal of ones.")
        .source("Meng et al. 2024, appendix B.1");
    p.add("iterations", &Alps::iterations)
        .range(0, 100000)
        .unit("iterations")
        .doc("Of ADMM, at most.")
        .source("Meng et al. 2024, their code");
    p.add("solve", &Alps::solve)
        .range(0, 100000)
        .unit("iterations")
        .doc("Of conjugate gradients on the support, at most.")
        .source("Meng et al. 2024, appendix B.1");
    p.add("n", &Alps::n)
        .range(0, 1024)
        .unit("weights")
        .doc("Kept of each m consecutive inputs of an output.")
        .source("Meng et al. 2024, section 4 (2:4)");
    p.add("m", &Alps::m)
        .range(0, 1024)
        .unit("weights")
        .doc("In a group of which n stay, whatever the sparsity; 0: no groups.");
    LayerChoice::params(p);
  }
  std::string check() const override {
    return m > 0 && n > m ? "n: no more than m = " + std::to_string(m) + " can be kept" : "";
  }
  bool updates_kept() const override { return true; }

  void prune(TrainedModel& model, const Examples& calibration, Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      Square hessian = input_gram(model, calibration, layer_of(*p), p->value.shape().back());
      damp(hessian, damping);
      Layer layer(*p, std::move(hessian), share(sparsity, p->value.count()), n, m);
      layer.admm(rho, iterations);
      layer.solve(solve);
      layer.write(*p);
    }
  }
};
ASSAY_REGISTER(Pruner, Alps);

}  // namespace
}  // namespace assay::pruners
