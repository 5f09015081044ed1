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
  std::vector<std::int32_t> filled;  // of each position: `calls` when that was; 0 else

  int masked() const;
  void fill(const Guess& guess);
};

// Precision of the uniform numbers in [0, 1) that Gumbel noise is made from: 53, 24 or 11 bits.
// What few bits cannot say is cut off: noise above b ln 2, and 0 is as likely as any other number.
enum class Noise { kDouble, kFloat, kHalf };
inline constexpr std::string_view kNoiseNames[] = {"double", "float", "half"};
double gumbel(Noise noise, Stream& stream);

// Fills the masks of each prompt; the model sees a row as long as it has some. Given tokens stay.
// With cfg_scale = w > 0 logits are u + (w + 1) (c - u), c those of the row and u those of the row
// with its given tokens masked, at two calls (Nie et al. 2025, LLaDA, and its code).
class MaskedSampler : public Sampler {
 public:
  static constexpr std::string_view kNeutral = "unmask";
  double temperature = 0.0;
  Noise noise = Noise::kDouble;
  double cfg_scale = 0.0;

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const final;

 protected:
  template <class T>
  static void masked_params(Params<T>& p, int since = 0, int others_since = 3) {
    p.add("temperature", &MaskedSampler::temperature)
        .range(0, 100)
        .doc("T: tokens are drawn from softmax(logits / T); 0 takes the most probable.")
        .since(since);
    p.add("noise", &MaskedSampler::noise, std::span(kNoiseNames))
        .doc("Precision of the uniform numbers behind those draws: 53, 24 or 11 bits.")
        .source("Zheng et al. 2024, arXiv:2409.02908")
        .since(others_since);
    p.add("cfg_scale", &MaskedSampler::cfg_scale)
        .range(0, 1000)
        .doc("Guidance by what is given, at two calls a step; 0: the model's own.")
        .source("Nie et al. 2025, arXiv:2502.09992")
        .since(others_since);
  }
  // Changes a row that has masks, given a guess for each, by position. Every row must have none at
  // last, and one without masks stays as it is.
  virtual void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const = 0;
};

// The guesses, those that come first at the front. With a temperature T > 0 an order is drawn, each
// place without replacement from softmax(score / T), the score being probability, margin or
// -entropy (Ye et al. 2025, Dream, arXiv:2508.15487, `alg_temp` of its code).
void sort_by(Order order, double temperature, std::vector<Guess>& guesses, Stream& stream);

// Those that fill guesses in an order.
class OrderedSampler : public MaskedSampler {
 public:
  Order order = Order::kConfidence;
  double order_temperature = 0.0;

  std::string check() const override {
    return order == Order::kRandom && order_temperature > 0.0
               ? "order_temperature softens an order by scores; order = \"random\" has none"
               : "";
  }

 protected:
  template <class T>
  static void order_param(Params<T>& p, std::string_view doc) {
    p.add("order", &OrderedSampler::order, std::span(kOrderNames)).doc(doc);
  }
  template <class T>
  static void order_temperature_param(Params<T>& p) {
    p.add("order_temperature", &OrderedSampler::order_temperature)
        .range(0, 1e6)
        .doc("T: positions are drawn from softmax(score / T); 0 takes the highest scores.")
        .source("Ye et al. 2025, arXiv:2508.15487 (alg_temp of Dream's code)")
        .since(3);
  }
  void sort(std::vector<Guess>& guesses, Stream& stream) const {
    sort_by(order, order_temperature, guesses, stream);
  }
};

// Fills some of the guesses at each call: a fixed number, or as many as leave the share of masks
// that a schedule names: 1 - k / steps, or cos(pi k / (2 steps)) (Chang et al. 2022, section 3.3),
// after k calls, one at least. `timestep` is Dream's: times fall from 1 to eps in equal steps, and
// from t to s floor(m (1 - s / t)) of the m masks left are filled, perhaps none; the last step
// fills all.
struct Pace {
  enum class Schedule { kFixed, kLinear, kCosine, kTimestep };
  static constexpr std::string_view kScheduleNames[] = {"fixed", "linear", "cosine", "timestep"};
  Schedule schedule = Schedule::kFixed;
  int per_step = 1;
  int steps = 8;
  double eps = 1e-3;

  int now(int begun, int calls, int masked) const;
};

}  // namespace assay::samplers
