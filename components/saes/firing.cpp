#include "components/saes/firing.h"

#include "components/nn/dispatch.h"

namespace assay::saes {
namespace {

struct Firing {
  std::vector<char> fired;  // latents, in this pass
  double by = 0.0;
};

const nn::Tensor& silence(nn::Forward& pass) {
  return pass.parameters().get("since_firing").value;
}

Firing& begin_count(nn::Forward& pass, double by) {
  auto& firing = pass.kept<Firing>();
  firing.fired.assign(static_cast<std::size_t>(silence(pass).count()), 0);
  firing.by = by;
  pass.after_step([&firing](nn::Parameters& parameters) {
    nn::Tensor& since = parameters.get("since_firing").value;
    for (std::int64_t i = 0; i < since.count(); ++i) {
      const bool fired = firing.fired[static_cast<std::size_t>(i)] != 0;
      since.set(i, fired ? 0.0 : std::min(kMostSilence, since.get(i) + firing.by));
    }
  });
  return firing;
}

// Marks the latent of each number that is above 0.
template <class Latent>
void mark(const nn::Tensor& values, Firing& firing, const Latent& latent_of) {
  nn::dispatch(values.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto z = values.data<T>();
    for (std::size_t i = 0; i < z.size(); ++i)
      if (z[i] > T(0)) firing.fired[latent_of(i)] = 1;
  });
}

}  // namespace

void declare_firing(nn::Parameters& out, int latents) {
  out.add("since_firing", nn::Tensor({latents}), nn::Role::kOther);
}

void count_firing(nn::Forward& pass, nn::Var code, double by) {
  Firing& firing = begin_count(pass, by);
  const std::size_t latents = firing.fired.size();
  mark(pass.tape().value(code), firing, [&](std::size_t i) { return i % latents; });
}

void count_firing(nn::Forward& pass, const nn::SparseRows& code, double by) {
  mark(pass.tape().value(code.values), begin_count(pass, by),
       [&](std::size_t i) { return static_cast<std::size_t>(code.columns[i]); });
}

std::span<const int> dead_latents(nn::Forward& pass, double after) {
  const nn::Tensor& since = silence(pass);
  const auto dead = pass.tape().scratch<int>(static_cast<std::size_t>(since.count()));
  std::size_t count = 0;
  for (std::int64_t i = 0; i < since.count(); ++i)
    if (since.get(i) >= after) dead[count++] = static_cast<int>(i);
  return dead.first(count);
}

}  // namespace assay::saes
