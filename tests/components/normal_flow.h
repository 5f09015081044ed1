#pragma once

#include "components/models/flow.h"

namespace assay::testing {

// A model that knows the answer: for normal data of mean m and deviation s, x_t has mean a m and
// variance a² s² + b² (a, b: signal and noise), and the best guess of the data is m + a s² (x - a
// m) / (a² s² + b²).
struct Form {
  NoiseSchedule schedule = NoiseSchedule::kStraight;
  Prediction predicts = Prediction::kVelocity;
  double mean = 0.7;
  double deviation = 0.5;
  bool labels = false;  // the mean is then that times the label + 1, and 0 without a label
};

struct NormalFlow final : FlowModel {
  explicit NormalFlow(const Form& known) : form(known) {}
  Form form;

  NoiseSchedule noise_schedule() const override { return form.schedule; }
  Prediction prediction() const override { return form.predicts; }
  bool takes_labels() const override { return form.labels; }
  void declare(nn::Parameters& /*out*/, const DataFormat& /*format*/,
               const Stream& /*init*/) const override {}
  double multiply_adds(const nn::Parameters& /*parameters*/,
                       const DataFormat& /*format*/) const override {
    return 0.0;
  }
  double best_guess(double x, double mean, Mix mix) const {
    const double s2 = form.deviation * form.deviation;
    const double centred = x - mix.signal * mean;
    const double total = mix.signal * mix.signal * s2 + mix.noise * mix.noise;
    const double data = mean + (s2 > 0 ? mix.signal * s2 * centred / total : 0.0);
    const double noise = total > 0 ? mix.noise * centred / total : 0.0;
    if (form.predicts == Prediction::kVelocity) return data - noise;
    return form.predicts == Prediction::kNoise ? noise : data;
  }
  nn::Var forward(nn::Forward& pass, const DataFormat& /*format*/,
                  const Examples& batch) const override {
    return pass.tape().constant(batch.features.shape(), [&](nn::Tensor& out) {
      for (std::int64_t i = 0; i < out.count(); ++i) {
        const std::int64_t row = i / out.shape().back();
        const double factor =
            form.labels ? batch.labels.at(static_cast<std::size_t>(row)) + 1.0 : 1.0;
        const Mix mix = mix_at(form.schedule, batch.times.get(row));
        out.set(i, best_guess(batch.features.get(i), form.mean * factor, mix));
      }
    });
  }
};

}  // namespace assay::testing
