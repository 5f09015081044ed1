// Latents of several layers, those of layer l reading its site alone and writing at the sites of
// layer l and of those behind it: u^l = W^l x^l + c^l, z^l = u^l where u^l > theta^l, else 0, y'^s
// = b^s + sum over l <= s of D^{l,s}' z^l. loss = mean |y - y'|² + sparsity * mean sum_i tanh(c z_i
// |D_i|) + silence * mean sum_i relu(theta_i - u_i) |D_i|, the sites side by side in y and in D_i,
// what latent i writes at all of them. Ameisen et al. 2025 (Circuit Tracing: Revealing
// Computational Graphs in Language Models), building a model; penalties as in Conerly et al. 2025
// (Dictionary Learning Optimization Techniques), where the last one gives a gradient to latents
// that are silent. The threshold's gradient is estimated as in jump-relu, that of the sparsity
// penalty too.
// Layers share the latents evenly. Weights are those of a crosscoder, what must not be read or
// written masked out of them; without target sites it writes the sites that it reads.
#include <cmath>

#include "components/nn/dispatch.h"
#include "components/saes/jump.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {
namespace {

// Where sites and the latents of layers begin and end.
struct Layers {
  std::span<const int> ends;  // of the sites, in columns
  int latents = 0;
  int layer_of(int latent) const {
    const auto layers = static_cast<std::int64_t>(ends.size());
    return static_cast<int>(((latent + 1) * layers - 1) / latents);
  }
  int begin(int layer) const { return layer == 0 ? 0 : ends[static_cast<std::size_t>(layer) - 1]; }
  int end(int layer) const { return ends[static_cast<std::size_t>(layer)]; }
};

void set_ends(const nn::Tensor& widths, std::span<int> ends) {
  int end = 0;
  for (std::size_t s = 0; s < ends.size(); ++s)
    ends[s] = end += static_cast<int>(std::lround(widths.get(static_cast<std::int64_t>(s))));
}

// 1 at the columns that the latent of a row reaches: from its own site on, to its end or to the
// last.
void fill_reach(const Layers& layers, bool onwards, nn::Tensor& out) {
  const int d = out.shape().back();
  nn::dispatch(out.dtype(), [&](auto t) {
    using T = decltype(t);
    T* row = out.data<T>().data();
    for (int i = 0; i < layers.latents; ++i, row += d) {
      const int layer = layers.layer_of(i);
      const int end = onwards ? d : layers.end(layer);
      for (int j = 0; j < d; ++j) row[j] = j >= layers.begin(layer) && j < end ? T(1) : T(0);
    }
  });
}

struct CrossLayerTranscoder final : LatentSae {
  static constexpr Info kInfo{"cross-layer-transcoder", 1,
                              "Latents read one layer and write to it and all behind it.",
                              "Ameisen et al. 2025, Circuit Tracing"};
  static constexpr std::string_view kExample = "latents = 12";
  static constexpr bool kSurrogate = true;
  float sparsity = 0.1F;
  float c = 4.0F;
  float warmup = 1.0F;
  float silence = 3e-6F;
  float threshold = 0.03F;
  float bandwidth = 1.0F;

  static void params(Params<CrossLayerTranscoder>& p);
  bool transcodes() const override { return true; }
  bool layered() const override { return true; }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override;
  nn::Var encode(nn::Forward& pass, nn::Var x) const override {
    return jump(pre(pass, x), thresholds(pass), {bandwidth, false});
  }
  nn::Var decode(nn::Forward& pass, nn::Var code) const override {
    return nn::add_row(nn::matmul(code, written(pass)), pass.parameter("decoder.bias"));
  }
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override {
    const nn::Var u = pre(pass, x), theta = thresholds(pass), rows = written(pass);
    const nn::Var code = jump(u, theta, {bandwidth, false});
    const nn::Var rebuilt = nn::add_row(nn::matmul(code, rows), pass.parameter("decoder.bias"));
    const nn::Var norms = row_norms(rows, 0, rows.shape().back());
    const double per_example = 1.0 / x.shape()[0];
    const nn::Var active = nn::sum(nn::tanh(nn::scale(nn::multiply_row(code, norms), c)));
    const nn::Var below = nn::relu(nn::add_row(nn::scale(u, -1.0), theta));
    const nn::Var silent = nn::sum(nn::multiply_row(below, norms));
    return nn::add(nn::add(mean_square(rebuilt, target),
                           nn::scale(active, sparsity * warmed_up(pass, warmup) * per_example)),
                   nn::scale(silent, silence * per_example));
  }
  void after_step(nn::Parameters& /*parameters*/) const override {}

 private:
  static nn::Var thresholds(nn::Forward& pass) { return nn::exp(pass.parameter("log_threshold")); }
  nn::Var masked(nn::Forward& pass, std::string_view weight, std::string_view widths,
                 bool onwards) const {
    const nn::Var rows = pass.parameter(weight);
    const nn::Tensor& sites = pass.parameters().get(widths).value;
    const auto ends = pass.tape().scratch<int>(static_cast<std::size_t>(sites.count()));
    set_ends(sites, ends);
    return nn::multiply(rows, pass.tape().constant(rows.shape(), [&](nn::Tensor& out) {
      fill_reach({ends, latents_count}, onwards, out);
    }));
  }
  nn::Var pre(nn::Forward& pass, nn::Var x) const {
    return nn::linear(x, masked(pass, "encoder.weight", "read.widths", false),
                      pass.parameter("encoder.bias"));
  }
  nn::Var written(nn::Forward& pass) const {
    return masked(pass, "decoder.weight", "written.widths", true);
  }
};

void CrossLayerTranscoder::params(Params<CrossLayerTranscoder>& p) {
  using T = CrossLayerTranscoder;
  latents_param(p);
  p.add("sparsity", &T::sparsity)
      .neutral(0.0)
      .at_least(0)
      .doc("Weight of the penalty on latents that fire.");
  p.add("c", &T::c)
      .above(0)
      .doc("How soon the penalty on a latent saturates, as its code grows.")
      .source("Conerly et al. 2025: 4");
  p.add("warmup", &T::warmup)
      .range(0, 1)
      .doc("Share of the training over which the weight rises from 0.")
      .source("Ameisen et al. 2025: all of it");
  p.add("silence", &T::silence)
      .at_least(0)
      .doc("Weight of the distance by which latents stay below their thresholds.")
      .source("Conerly et al. 2025: 3e-6");
  p.add("threshold", &T::threshold).above(0).doc("Of every latent at the start.");
  p.add("bandwidth", &T::bandwidth)
      .above(0)
      .doc("Width of the kernel that estimates the threshold's gradient.");
}

void CrossLayerTranscoder::declare(nn::Parameters& out, const SaeFormat& format,
                                   const Stream& init) const {
  const std::vector<int> written = format.written();
  const std::size_t count = format.widths.size();
  if (written.size() != count)
    throw std::runtime_error("cross-layer-transcoder reads " + std::to_string(count) +
                             " sites and gives " + std::to_string(written.size()) +
                             "; it needs one for each");
  if (static_cast<std::size_t>(latents_count) < count)
    throw std::runtime_error("cross-layer-transcoder: " + std::to_string(latents_count) +
                             " latents cannot be shared by " + std::to_string(count) + " layers");
  const auto add = [&](const std::string& name, const std::vector<int>& widths, int width,
                       double deviation, bool onwards) {
    nn::Tensor kept({static_cast<int>(count)});
    for (std::size_t s = 0; s < count; ++s) kept.set(static_cast<std::int64_t>(s), widths[s]);
    nn::Tensor rows = nn::Tensor::normal({latents_count, width}, deviation, init.fork(name));
    nn::Tensor reach(rows.shape());
    std::vector<int> ends(count);
    set_ends(kept, ends);
    fill_reach({ends, latents_count}, onwards, reach);
    for (std::int64_t i = 0; i < rows.count(); ++i) rows.set(i, rows.get(i) * reach.get(i));
    out.add(name + ".weight", rows, nn::Role::kWeight);
    // Of the sites: no gradient reaches them.
    out.add((onwards ? "written" : "read") + std::string(".widths"), kept, nn::Role::kOther);
  };
  // The deviations of their uniform numbers: at most 1 over the root of the number of latents, and
  // of all that is written.
  add("decoder", written, format.outputs, 1.0 / std::sqrt(3.0 * format.outputs), true);
  add("encoder", format.widths, format.features(), 1.0 / std::sqrt(3.0 * latents_count), false);
  out.add("encoder.bias", nn::Tensor({latents_count}), nn::Role::kBias);
  out.add("decoder.bias", nn::Tensor({format.outputs}), nn::Role::kBias);
  out.add("log_threshold", nn::Tensor::full({latents_count}, std::log(double{threshold})),
          nn::Role::kOther);
}

ASSAY_REGISTER(Sae, CrossLayerTranscoder);

}  // namespace
}  // namespace assay::saes
