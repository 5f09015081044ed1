// N:M sparsity while training: of each m consecutive weights of a row the n largest count in the
// pass, w -> M w, and all of them train: the gradient passes straight through the mask, to which
// SR-STE adds lambda (1 - M) w, so that what does not count shrinks and the mask settles (Zhou et
// al. 2021, eq. 8). lambda = 0 is the plain straight-through estimator. Ties go to the lower
// column; the last group of a row keeps up to n. Weights are kept as they train, without the mask.
// The base trains along only where stage finetune says so (train = ["*"]); a number of each layer,
// which calibrating sets to 1, says that the mask is in force.
#include <cmath>

#include "components/adapters/rounding.h"
#include "components/nn/dispatch.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

// Whether fewer than n of the group's numbers come before number i, larger ones or equal ones on
// its left.
template <class T>
bool counts(std::span<const T> group, std::size_t i, int n) {
  int before = 0;
  for (std::size_t j = 0; j < group.size(); ++j) {
    const T other = std::abs(group[j]), own = std::abs(group[i]);
    before += other > own || (other == own && j < i) ? 1 : 0;
  }
  return before < n;
}

// Calls f(index, counts) for each number of a weight.
template <class T, class F>
void by_groups(std::span<const T> w, int columns, int n, int m, const F& f) {
  const auto width = static_cast<std::size_t>(columns), size = static_cast<std::size_t>(m);
  for (std::size_t row = 0; row < w.size(); row += width)
    for (std::size_t first = 0; first < width; first += size) {
      const auto group = w.subspan(row + first, std::min(size, width - first));
      for (std::size_t i = 0; i < group.size(); ++i) f(row + first + i, counts(group, i, n));
    }
}

nn::Var n_of_m(nn::Var w, int n, int m, double lambda) {
  const nn::Var inputs[] = {w};
  const int columns = w.shape().back();
  return w.tape->custom(
      "n_of_m", inputs, w.shape(),
      [=](nn::Tape::Inputs in, nn::Tensor& out) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto from = in[0]->data<T>();
          const auto to = out.data<T>();
          by_groups<T>(from, columns, n, m,
                       [&](std::size_t i, bool kept) { to[i] = kept ? from[i] : T(0); });
        });
      },
      [=](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
          nn::Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto from = in[0]->data<T>();
          const auto g = grad.data<T>();
          const auto d = claim.tensor->data<T>();
          by_groups<T>(from, columns, n, m, [&](std::size_t i, bool kept) {
            const T slope = kept ? g[i] : g[i] + static_cast<T>(lambda) * from[i];
            d[i] = claim.add ? d[i] + slope : slope;
          });
        });
      });
}

struct SrSte final : Adapter {
  static constexpr Info kInfo{"sr-ste", 1, "Trains weights of which n in each m count.",
                              "Zhou et al. 2021, arXiv:2102.04010, eq. 8"};
  static constexpr bool kSurrogate = true;
  int n = 2;
  int m = 4;
  double lambda = 2e-4;
  std::vector<std::string> layers = {"*"};

  static void params(Params<SrSte>& p) {
    p.add("n", &SrSte::n).range(1, 1024).unit("weights").doc("That count in each group.");
    p.add("m", &SrSte::m).range(1, 1024).unit("weights").doc("Of a row in a group.");
    p.add("lambda", &SrSte::lambda)
        .at_least(0)
        .doc("Decay of weights that do not count; 0: plain straight-through.")
        .source("Zhou et al. 2021, section 4");
    p.add("layers", &SrSte::layers)
        .min_count(1)
        .doc("Names of linear layers and convolutions; * stands for any characters.");
  }
  std::string check() const override {
    return n > m ? "n: no more than m = " + std::to_string(m) + " can count" : "";
  }

  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& /*init*/) const override {
    for (const nn::Parameter* weight : adapted_weights(base, layers))
      out.add(nn::Name(name, ".", layer_of(*weight), ".on"), nn::Tensor({1}), nn::Role::kOther);
  }
  void calibrate(TrainedModel& model, std::string_view name,
                 const Examples& /*calibration*/) const override {
    for (const nn::Parameter* weight : adapted_weights(model.parameters, layers))
      model.parameters.get(nn::Name(name, ".", layer_of(*weight), ".on")).value.set(0, 1.0);
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook([this, at](const nn::Parameter& parameter, nn::Var value) {
      if (parameter.role != nn::Role::kWeight) return value;
      const nn::Name on = at->full(layer_of(parameter), "on");
      if (!at->has(on) || !in_force(*at, at->pass->parameters().get(on))) return value;
      return n_of_m(value, n, m, lambda);
    });
  }
};
ASSAY_REGISTER(Adapter, SrSte);

}  // namespace
}  // namespace assay::adapters
