// A network from a point on the way from noise to data, and how far it is, to the velocity there
// (or, as `predicts` says, the noise or the data): residual blocks
//   x += g * W2 silu(W1 ((1 + s) * norm(x) + b)),
// where b, s and g are linear in the condition, silu of an embedding of the time and of the class:
// adaLN-Zero (Peebles and Xie 2023), the blocks being perceptrons in place of transformers. The
// time is told by sines and cosines of 1000 t (Ho et al. 2020). A class is forgotten for a share of
// the training examples, so that the model also knows the data of all classes (Ho and Salimans
// 2022). Layers that modulate and the output begin at 0.
#include <cmath>

#include "components/models/flow.h"

namespace assay::models {
namespace {

struct FlowMlp final : FlowModel {
  static constexpr Info kInfo{
      "flow-mlp", 1, "Residual perceptron of numbers on the way from noise to data.",
      "Peebles and Xie 2023, arXiv:2212.09748, section 3.2 (adaLN-Zero)", true};
  static constexpr std::string_view kExample =
      "width = 6, hidden = 5, blocks = 1, time_features = 4";
  int width = 128;
  int hidden = 256;
  int blocks = 3;
  int time_features = 32;
  NoiseSchedule schedule = NoiseSchedule::kStraight;
  Prediction predicts = Prediction::kVelocity;
  bool conditional = false;
  double label_dropout = 0.1;

  static void params(Params<FlowMlp>& p) {
    using T = FlowMlp;
    p.add("width", &T::width).range(1, 65536).unit("features").doc("Between the blocks.");
    p.add("hidden", &T::hidden).range(1, 65536).unit("units").doc("Inside a block.");
    p.add("blocks", &T::blocks).range(1, 1024).unit("blocks").doc("Stacked.");
    p.add("time_features", &T::time_features)
        .range(2, 4096)
        .doc("Sines and cosines that tell the time; an even number.");
    p.add("schedule", &T::schedule, std::span(kNoiseScheduleNames))
        .doc("The way from noise to data. straight: t x + (1 - t) eps.")
        .source(
            "cosine: Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17; linear-beta: Ho et "
            "al. 2020, arXiv:2006.11239, section 4");
    p.add("predicts", &T::predicts, std::span(kPredictionNames))
        .doc("velocity (x - eps) on the straight way, noise or data on the others.");
    p.add("conditional", &T::conditional).doc("Reads the class of an example.");
    p.add("label_dropout", &T::label_dropout)
        .range(0, 1)
        .doc("Share of the training examples whose class is hidden.")
        .source("Ho and Salimans 2022, arXiv:2207.12598, section 3.2");
  }
  std::string check() const override {
    if (time_features % 2 != 0)
      return "time_features = " + std::to_string(time_features) + " is odd; allowed: even numbers";
    const bool straight = schedule == NoiseSchedule::kStraight;
    if (straight == (predicts == Prediction::kVelocity)) return {};
    return "predicts = \"" + std::string(kPredictionNames[static_cast<int>(predicts)]) +
           "\" does not go with schedule = \"" +
           std::string(kNoiseScheduleNames[static_cast<int>(schedule)]) +
           "\"; allowed: " + (straight ? "velocity" : "noise, data");
  }
  NoiseSchedule noise_schedule() const override { return schedule; }
  Prediction prediction() const override { return predicts; }
  bool takes_labels() const override { return conditional; }

  static nn::Name block(int i) { return nn::Name("block", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    if (format.tokens)
      throw std::runtime_error("flow-mlp turns noise into numbers; these are tokens");
    if (conditional) {
      require_labels(format, kInfo.name);
      if (format.positions != 1)
        throw std::runtime_error("flow-mlp reads one label of an example; the data have " +
                                 std::to_string(format.positions));
    }
    nn::declare_linear(out, "time1", time_features, width, 2.0, init);
    nn::declare_linear(out, "time2", width, width, 1.0, init);
    if (conditional)
      out.add("label.weight",
              nn::Tensor::normal({format.classes + 1, width}, 1.0, init.fork("label")),
              nn::Role::kEmbedding);
    nn::declare_linear(out, "embed", format.width, width, 1.0, init);
    for (int i = 0; i < blocks; ++i) {
      declare_norm(out, nn::Name(block(i), ".norm"));
      nn::declare_linear(out, nn::Name(block(i), ".modulation"), width, 3 * width, 0.0, init);
      nn::declare_linear(out, nn::Name(block(i), ".up"), width, hidden, 2.0, init);
      nn::declare_linear(out, nn::Name(block(i), ".down"), hidden, width, 1.0, init);
    }
    declare_norm(out, "norm");
    nn::declare_linear(out, "modulation", width, 2 * width, 0.0, init);
    nn::declare_linear(out, "output", width, format.width, 0.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const nn::Var condition = condition_of(pass, format, batch);
    nn::Var x = pass.linear("embed", pass.site("input", input_of(pass, format, batch)));
    for (int i = 0; i < blocks; ++i) {
      const nn::Var by = pass.linear(nn::Name(block(i), ".modulation"), condition);
      const nn::Var inner = modulate(normalise(pass, nn::Name(block(i), ".norm"), x), by);
      const nn::Var up = pass.linear(nn::Name(block(i), ".up"), inner, nn::Activation::kSilu);
      const nn::Var down = pass.linear(nn::Name(block(i), ".down"), up);
      x = pass.site(block(i),
                    nn::add(x, nn::multiply(nn::slice_columns(by, 2 * width, width), down)));
    }
    const nn::Var by = pass.linear("modulation", condition);
    return pass.linear("output", modulate(normalise(pass, "norm", x), by));
  }

  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    return kept_weights(parameters);
  }

 private:
  void declare_norm(nn::Parameters& out, std::string_view name) const {
    out.add(nn::Name(name, ".gain"), nn::Tensor::full({width}, 1.0), nn::Role::kOther);
    out.add(nn::Name(name, ".bias"), nn::Tensor({width}), nn::Role::kBias);
  }
  static nn::Var normalise(nn::Forward& pass, std::string_view name, nn::Var x) {
    const nn::Var gain = pass.parameter(nn::Name(name, ".gain"));
    return pass.site(name, nn::layer_norm(x, gain, pass.parameter(nn::Name(name, ".bias"))));
  }
  // The first `width` columns are added, the next ones scale.
  nn::Var modulate(nn::Var x, nn::Var by) const {
    const nn::Var scale = nn::shift(nn::slice_columns(by, width, width), 1.0);
    return nn::add(nn::multiply(x, scale), nn::slice_columns(by, 0, width));
  }

  nn::Var condition_of(nn::Forward& pass, const DataFormat& format, const Examples& batch) const {
    const nn::Var waves = pass.tape().constant({batch.count, time_features}, [&](nn::Tensor& out) {
      const int half = time_features / 2;
      for (int i = 0; i < batch.count; ++i) {
        const double t = batch.times.empty() ? 1.0 : batch.times.get(i);
        for (int j = 0; j < half; ++j) {
          const double angle = 1000.0 * t * std::pow(10000.0, -static_cast<double>(j) / half);
          const std::int64_t at = std::int64_t{i} * time_features + j;
          out.set(at, std::sin(angle));
          out.set(at + half, std::cos(angle));
        }
      }
    });
    nn::Var out = pass.linear("time2", pass.linear("time1", waves, nn::Activation::kSilu));
    if (conditional)
      out = nn::add(
          out, nn::gather_rows(pass.parameter("label.weight"), classes_of(pass, format, batch)));
    return pass.site("condition", nn::silu(out));
  }

  // Rows of label.weight; the last one stands for no class.
  std::span<const int> classes_of(nn::Forward& pass, const DataFormat& format,
                                  const Examples& batch) const {
    const auto out = pass.tape().scratch<int>(static_cast<std::size_t>(batch.count));
    Stream stream = pass.stream("labels");
    for (std::size_t i = 0; i < out.size(); ++i) {
      const int label = batch.labels.empty() ? -1 : batch.labels[i];
      const bool hide = pass.training() && stream.uniform() < label_dropout;
      out[i] = hide || label < 0 ? format.classes : label;
    }
    return out;
  }
};
ASSAY_REGISTER(Model, FlowMlp);

}  // namespace
}  // namespace assay::models
