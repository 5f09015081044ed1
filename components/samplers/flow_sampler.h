#pragma once

#include <span>
#include <vector>

#include "components/models/flow.h"
#include "components/samplers/sampler.h"

namespace assay {

// What a trained flow model makes of points on the way from noise to data, calls counted. With a
// guidance w other than 1 it says e + w (c - e) for its outputs c given the labels and e without
// (Ho and Salimans 2022, arXiv:2207.12598, eq. 6, where w is 1 more), at two calls; with w = 0 it
// is asked without labels alone.
class Denoiser {
 public:
  Denoiser(const TrainedModel& model, const Examples& prompts, double guidance,
           std::string_view user);
  Mix mix(double t) const { return mix_at(flow_.noise_schedule(), t); }
  // Finds the data and the noise in the points x (count x width) at the time t.
  void look(std::span<const double> x, double t);
  // Whether it can: a model of the data cannot tell noise of which nothing is left, and one of the
  // noise no data.
  bool sees(double t) const;
  // Limits the data found to [-bound, bound]; the noise is then what is left of x.
  void clip(std::span<const double> x, double bound);
  std::span<const double> data() const { return data_; }
  std::span<const double> noise() const { return noise_; }
  double calls() const { return calls_; }  // of the model, for each sample

 private:
  nn::Tensor outputs(bool with_labels);

  const TrainedModel& model_;
  const FlowModel& flow_;
  double guidance_;
  Examples points_;
  std::vector<std::int32_t> labels_;
  Mix mix_;
  std::vector<double> data_, noise_;
  double calls_ = 0.0;
};

// From noise to data in steps. Noise for the start is the same for the same stream, whatever the
// sampler; labels of the prompts are conditions where the model reads any.
class FlowSampler : public Sampler {
 public:
  static constexpr std::string_view kNeutral = "euler";
  int steps = 50;
  double guidance = 1.0;

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const final;

 protected:
  template <class T>
  static void flow_params(Params<T>& p) {
    p.add("steps", &FlowSampler::steps).range(1, 1e6).unit("steps").doc("From noise to data.");
    p.add("guidance", &FlowSampler::guidance)
        .range(0, 1000)
        .doc("Weight of the class: 1 is the model's own, 0 none; others call it twice a step.")
        .source("Ho and Salimans 2022, arXiv:2207.12598, eq. 6");
  }
  // Takes x (count x width) from noise at t = 0 to data at t = 1.
  virtual void follow(Denoiser& denoiser, std::vector<double>& x, Stream stream) const = 0;
};

// Those that follow the curves of the flow, the same for all schedules: z = x_t / (signal + noise)
// moves by dz/ds = data - noise, s = signal / (signal + noise).
class CurveSampler : public FlowSampler {
 public:
  double shift = 1.0;

 protected:
  template <class T>
  static void curve_params(Params<T>& p) {
    flow_params(p);
    p.add("shift", &CurveSampler::shift)
        .above(0)
        .at_most(1000)
        .doc("Above 1 steps are shorter near noise; 1: all times are equally far apart.")
        .source("Esser et al. 2024, arXiv:2403.03206, eq. 23");
  }
  double time(int step) const {
    const double u = 1.0 - static_cast<double>(step) / steps;
    return 1.0 - shift * u / (1.0 + (shift - 1.0) * u);
  }
};

// x at the mix `to`: its signal times data(), and noise of which a part, of deviation `fresh`, is
// forgotten, the rest being noise(). New noise of deviation `drawn` is added.
void reverse_step(const Denoiser& denoiser, Mix to, double fresh, double drawn,
                  std::vector<double>& x, Stream stream);
// `from` has the noise of `to` and more, added in one step: the deviation of what was added, and
// the deviation of x at `to` given x at `from` and the data (Ho et al. 2020, eq. 7).
double added_deviation(Mix from, Mix to);
double posterior_deviation(Mix from, Mix to);

}  // namespace assay
