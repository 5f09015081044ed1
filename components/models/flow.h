#pragma once

#include "components/models/model.h"

namespace assay {

// How much of the data and of the noise is in x_t = signal x + noise eps, for t from 0 (noise) to 1
// (data). Where signal goes from 0 to 1 with noise = 1 - signal it is straight.
enum class NoiseSchedule { kStraight, kCosine, kLinearBeta };
inline constexpr std::string_view kNoiseScheduleNames[] = {"straight", "cosine", "linear-beta"};

struct Mix {
  double signal = 0.0;
  double noise = 1.0;
  // x_t / sum() = share() x + (1 - share()) eps: any schedule, seen as a straight one.
  double sum() const { return signal + noise; }
  double share() const { return signal / sum(); }
};
Mix mix_at(NoiseSchedule schedule, double t);

// What a model says of x_t: x - eps, eps or x.
enum class Prediction { kVelocity, kNoise, kData };
inline constexpr std::string_view kPredictionNames[] = {"velocity", "noise", "data"};

// A model that turns noise into data: given batch.features = x_t and batch.times = t, it gives one
// of x - eps, eps and x (n x width). Schedule and prediction belong to the model, so that whoever
// trains it and whoever samples from it mean the same. An example without a time is data: t = 1.
class FlowModel : public Model {
 public:
  Output output() const final { return Output::kVelocity; }
  virtual NoiseSchedule noise_schedule() const = 0;
  virtual Prediction prediction() const = 0;
  // Whether it reads labels; one below 0 then stands for no class in particular.
  virtual bool takes_labels() const = 0;
};

// The model as one of a flow. Throws std::runtime_error, naming who needs it, where it is another.
const FlowModel& require_flow(const Model& model, std::string_view user);

}  // namespace assay
