// z = the n * k largest of relu(W (x - b) + c) over a batch of n examples, x' = D' z + b, loss =
// mean |x - x'|² + AuxK; in use z = relu(...) where above a threshold. Bussmann et al. 2024,
// section 3.
// The paper takes the threshold as a mean over many batches after training, here it is a moving
// mean over the batches of training.
#include "components/saes/batch_topk.h"

#include "components/nn/dispatch.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

// The smallest number above 0, or 0.
double smallest_kept(const nn::Tensor& code) {
  double least = 0.0;
  nn::dispatch(code.dtype(), [&](auto t) {
    using T = decltype(t);
    T smallest = T(0);
    for (const T z : code.data<T>())
      if (z > T(0) && (smallest == T(0) || z < smallest)) smallest = z;
    least = static_cast<double>(smallest);
  });
  return least;
}

struct Smallest {
  double value = 0.0;
  double rate = 0.0;
  void apply(nn::Parameters& parameters) const {
    nn::Tensor& threshold = parameters.get("threshold").value;
    const double before = threshold.get(0);
    // Begins as the first that it sees.
    threshold.set(0, before > 0 ? before + rate * (value - before) : value);
  }
};

}  // namespace

std::string BatchTopkBase::check() const {
  return k <= latents_count ? check_norms()
                            : "k = " + std::to_string(k) + " is more than the " +
                                  std::to_string(latents_count) + " latents";
}

void BatchTopkBase::declare(nn::Parameters& out, const SaeFormat& format,
                            const Stream& init) const {
  declare_sae(out, format, latents_count, init);
  out.add("threshold", nn::Tensor({1}), nn::Role::kOther);
  declare_firing(out, latents_count);
}

nn::Var BatchTopkBase::encode(nn::Forward& pass, nn::Var x) const {
  const nn::Var z = nn::relu(pre_activations(pass, x));
  if (!pass.training()) {
    const double threshold = pass.parameters().get("threshold").value.get(0);
    return nn::multiply(z, positive(nn::shift(z, -threshold)));
  }
  const int n = z.shape()[0];
  const nn::Var all = nn::reshape(z, {1, n * latents_count});
  return nn::reshape(nn::topk_rows(all, n * k), z.shape());
}

nn::Var BatchTopkBase::decode(nn::Forward& pass, nn::Var code) const {
  return decode_linear(pass, code);
}

void BatchTopkBase::after_step(nn::Parameters& parameters) const {
  keep_norms(parameters);
}

nn::Var BatchTopkBase::finish(nn::Forward& pass, nn::Var error, nn::Var x, nn::Var code,
                              nn::Var rebuilt) const {
  if (!pass.training()) return error;
  auto& smallest = pass.kept<Smallest>();
  smallest.value = smallest_kept(pass.tape().value(code));
  smallest.rate = rate;
  if (smallest.value > 0)
    pass.after_step([&smallest](nn::Parameters& parameters) { smallest.apply(parameters); });
  count_firing(pass, code, x.shape()[0]);
  return aux > 0 ? with_auxiliary(pass, error, x, rebuilt) : error;
}

namespace {

struct BatchTopk final : BatchTopkBase {
  static constexpr Info kInfo{"batch-topk", 1, "Keeps the k largest latents on average of a batch.",
                              "Bussmann et al. 2024, arXiv:2412.06410"};
  static constexpr std::string_view kExample = "latents = 12";

  static void params(Params<BatchTopk>& p) { batch_topk_params(p); }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var code = encode(pass, x);
    const nn::Var rebuilt =
        nn::add_row(nn::matmul(code, directions(pass)), pass.parameter("decoder.bias"));
    return finish(pass, mean_square(rebuilt, target), x, code, rebuilt);
  }
};
ASSAY_REGISTER(Sae, BatchTopk);

}  // namespace
}  // namespace assay::saes
