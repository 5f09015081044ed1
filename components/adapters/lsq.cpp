// Learned step size quantization: weights and what layers read are rounded in each pass, v -> s
// clamp(round(v / s), -Qn, Qp), and the step s of each trains with them (Esser et al. 2019, eq.
// 1-3): its gradient is scaled by 1 / sqrt(N Qp), N the weights of a layer or the numbers that it
// reads of a row. Signed numbers have Qn = 2^(b-1), Qp = 2^(b-1) - 1, others 0 and 2^b - 1; what a
// layer reads is signed where a calibration example has a negative number. Steps begin at 2 mean|v|
// / sqrt(Qp). Weights are kept as they train, unrounded; their bits are stated, 16 for the step.
// The base trains along only where stage finetune says so (train = ["*"]). Until it is calibrated
// it does nothing. The paper keeps first and last layers at 8 bits, which `layers` can do.
#include <cmath>
#include <map>

#include "components/adapters/rounding.h"
#include "components/quantizers/grid.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

struct Lsq final : Adapter {
  static constexpr Info kInfo{"lsq", 1, "Rounds weights and inputs of layers by learnt steps.",
                              "Esser et al. 2019, arXiv:1902.08153, eq. 1-5"};
  static constexpr bool kSurrogate = true;
  int bits = 4;
  int activation_bits = 0;
  std::vector<std::string> layers = {"*"};

  static void params(Params<Lsq>& p) {
    p.add("bits", &Lsq::bits)
        .range(2, 8)
        .unit("bits")
        .doc("For each weight.")
        .source("Esser et al. 2019, table 1");
    p.add("activation_bits", &Lsq::activation_bits)
        .range(0, 8)
        .unit("bits")
        .doc("For each number that a layer reads; 0: as it is. The paper has those of weights.");
    p.add("layers", &Lsq::layers)
        .min_count(1)
        .doc("Names of linear layers and convolutions; * stands for any characters.");
  }
  std::string check() const override {
    return activation_bits == 1 ? "activation_bits: 0, or 2 to 8" : "";
  }

  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& /*init*/) const override {
    const auto add = [&](const nn::Parameter& weight, const char* part) {
      out.add(nn::Name(name, ".", layer_of(weight), part), nn::Tensor({1}), nn::Role::kOther);
    };
    for (const nn::Parameter* weight : adapted_weights(base, layers)) {
      add(*weight, ".step");
      if (activation_bits == 0) continue;
      add(*weight, ".in.step");
      add(*weight, ".in.signed");
    }
  }

  void calibrate(TrainedModel& model, std::string_view name,
                 const Examples& calibration) const override {
    std::map<std::string, Inputs, std::less<>> seen;
    see_sites(model, calibration, ".in", [&](std::string_view layer, const nn::Tensor& x) {
      seen[std::string(layer)].add(x);
    });
    for (const nn::Parameter* weight : adapted_weights(model.parameters, layers)) {
      const nn::Name of(name, ".", layer_of(*weight));
      Inputs weights;
      weights.add(weight->value);
      model.parameters.get(nn::Name(of, ".step")).value.set(0, first_step(weights, bits, true));
      const double all = static_cast<double>(weight->value.count());
      model.parameters.get(weight->name).bits = bits + quantizers::kScaleBits / all;
      if (activation_bits == 0) continue;
      const Inputs& x = seen[std::string(layer_of(*weight))];
      model.parameters.get(nn::Name(of, ".in.step"))
          .value.set(0, first_step(x, activation_bits, x.negative));
      model.parameters.get(nn::Name(of, ".in.signed")).value.set(0, x.negative ? 1.0 : 0.0);
    }
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook([this, at](const nn::Parameter& parameter, nn::Var value) {
      if (parameter.role != nn::Role::kWeight) return value;
      const nn::Name step = at->full(layer_of(parameter), "step");
      return rounded(*at, step, value, bits, true, static_cast<double>(value.shape().count()));
    });
    if (activation_bits == 0) return;
    pass.add_hook([this, at](std::string_view site, nn::Var value) {
      const nn::Parameter* is_signed = at->pass->parameters().find(at->full(site, "signed"));
      if (!is_signed) return value;
      return rounded(*at, at->full(site, "step"), value, activation_bits,
                     is_signed->value.get(0) != 0.0, value.shape().back());
    });
  }

 private:
  struct Inputs {
    double sum = 0.0, count = 0.0;
    bool negative = false;
    void add(const nn::Tensor& x) {
      for (std::int64_t i = 0; i < x.count(); ++i) {
        sum += std::abs(x.get(i));
        negative = negative || x.get(i) < 0.0;
      }
      count += static_cast<double>(x.count());
    }
  };
  static double highest(int bits, bool is_signed) {
    return (1 << (is_signed ? bits - 1 : bits)) - 1;
  }
  // Where nothing but zeros was seen, as of numbers of order one.
  static double first_step(const Inputs& seen, int bits, bool is_signed) {
    return 2.0 * (seen.sum > 0 ? seen.sum / seen.count : 1.0) / std::sqrt(highest(bits, is_signed));
  }
  static nn::Var rounded(const Attachment& at, const nn::Name& step, nn::Var value, int bits,
                         bool is_signed, double features) {
    if (!at.has(step) || !in_force(at, at.pass->parameters().get(step))) return value;
    const double high = highest(bits, is_signed), low = is_signed ? -high - 1 : 0.0;
    return fake_quantize(value, at.pass->parameter(step), low, high,
                         1.0 / std::sqrt(features * high));
  }
};
ASSAY_REGISTER(Adapter, Lsq);

}  // namespace
}  // namespace assay::adapters
