#pragma once

#include <span>
#include <vector>

#include "components/samplers/sampler.h"

namespace assay::samplers {

// What the model says of a masked position. Token c + 1 stands for class c; token 0 is the mask.
struct Guess {
  int position = 0;
  int token = 0;            // the most probable, or drawn
  double confidence = 0.0;  // probability of that token
  double margin = 0.0;      // of the most probable token over the second
  double entropy = 0.0;     // in nats
};

// Which guesses come first: those by chance, of the largest probability (Chang et al. 2022), of the
// largest margin (Kim et al. 2025), of the least entropy. Ties go to the earlier position.
enum class Order { kRandom, kConfidence, kMargin, kEntropy };
inline constexpr std::string_view kOrderNames[] = {"random", "confidence", "margin", "entropy"};

// One sample on its way.
struct MaskedRow {
  std::span<std::int32_t> tokens;
  int begun = 0;                // masks at the start
  int calls = 0;                // of the model so far, the present one included
  std::vector<double> decided;  // of each position: the confidence in what was filled in; -1 else

  int masked() const;
  void fill(const Guess& guess);
};

// Fills the masks of each prompt; the model sees a row as long as it has some. Given tokens stay.
class MaskedSampler : public Sampler {
 public:
  static constexpr std::string_view kNeutral = "unmask";
  double temperature = 0.0;

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const final;

 protected:
  template <class T>
  static void temperature_param(Params<T>& p, int since = 0) {
    p.add("temperature", &MaskedSampler::temperature)
        .range(0, 100)
        .doc("T: tokens are drawn from softmax(logits / T); 0 takes the most probable.")
        .since(since);
  }
  // Changes a row that has masks, given a guess for each, by position. Every row must have none at
  // last, and one without masks stays as it is.
  virtual void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const = 0;
};

// The guesses, those that come first at the front.
void sort_by(Order order, std::vector<Guess>& guesses, Stream& stream);

// Fills some of the guesses at each call: a fixed number, or as many as leave the share of masks
// that a schedule names: 1 - k / steps, or cos(pi k / (2 steps)) (Chang et al. 2022, section 3.3),
// after k calls, one at least.
struct Pace {
  enum class Schedule { kFixed, kLinear, kCosine };
  static constexpr std::string_view kScheduleNames[] = {"fixed", "linear", "cosine"};
  Schedule schedule = Schedule::kFixed;
  int per_step = 1;
  int steps = 8;

  int now(int begun, int calls, int masked) const;
};

}  // namespace assay::samplers
