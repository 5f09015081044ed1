#pragma once

#include <optional>
#include <span>
#include <vector>

#include "components/evictions/eviction.h"
#include "components/nn/key_value_cache.h"
#include "components/samplers/sampler.h"

namespace assay::samplers {

// Tokens that may come next, and numbers proportional to their probabilities. As they come from
// rank(), the most probable token is first and has the weight 1; ties go to the lower token.
struct Candidates {
  std::vector<int> tokens;
  std::vector<double> weights;

  void keep(std::size_t most);  // the first ones
  double total() const;
  // The fewest of the first whose probability reaches p.
  std::size_t reaching(double p) const;
  // The one that u, uniform in [0, 1), falls on.
  int draw(double u) const;
};
// All tokens under softmax(logits / temperature). Requires temperature > 0.
Candidates rank(std::span<const double> logits, double temperature);
// The most probable token, the lowest where several are.
int most_probable(std::span<const double> logits);

// Throws std::runtime_error where the model is not one of the next token.
void require_next_token(const DataFormat& format, std::string_view user);

// Sequences that grow token by token, each after a prompt of the model's full width. A model that
// can go on from what it has seen (keys and values, states) does one position's work for each
// token: when the room for keys is full, a policy says which make place (null: the oldest). Any
// other model sees the last `width` tokens anew.
class GrowingContext {
 public:
  // `room` for positions; 0: as many as the model was trained on. A policy must outlive it.
  GrowingContext(const TrainedModel& model, const Examples& prompts, int room,
                 const Eviction* eviction = nullptr, const Stream& stream = Stream(0));
  // The logits of the token that comes next in each sequence: count x classes. Valid until the next
  // call; one call of the model for each sequence.
  const std::vector<double>& logits();
  void push(std::span<const int> next);

 private:
  const TrainedModel& model_;
  nn::Tape tape_;
  nn::Forward pass_;
  std::optional<nn::KeyValueCache> cache_;
  Examples now_;
  std::vector<double> logits_;
};

// Draws `length` tokens after each prompt, one after the other, by a rule that turns the logits of
// a token into a choice. Costs `length` calls of the model for each sample.
class NextTokenSampler : public Sampler {
 public:
  int length = 32;
  int cache = 0;
  int sinks = 0;
  Slot<Eviction> eviction;

  std::string check() const override;
  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const final;

 protected:
  template <class T>
  static void context_params(Params<T>& p, int since = 0) {
    p.add("length", &NextTokenSampler::length)
        .range(1, 1e6)
        .unit("tokens")
        .doc("Drawn for each prompt.");
    p.add("cache", &NextTokenSampler::cache)
        .range(0, 1e7)
        .unit("positions")
        .doc("Kept of keys and values; 0: as many as the model was trained on.")
        .since(since);
    p.add("sinks", &NextTokenSampler::sinks)
        .range(0, 1e6)
        .unit("positions")
        .doc("First positions that stay in a full cache.")
        .source("Xiao et al. 2023, arXiv:2309.17453")
        .since(since);
    p.add("eviction", &NextTokenSampler::eviction)
        .doc(
            "Which entries of a full cache make place; without one it is \"sink-window\" with "
            "`sinks`.")
        .since(3);
  }
  // The next token, by u uniform in [0, 1).
  virtual int choose(std::span<const double> logits, double u) const = 0;
};

// Those that keep a part of the tokens that softmax(logits / T) offers, and draw among them.
class TruncatingSampler : public NextTokenSampler {
 public:
  double temperature = 1.0;

 protected:
  template <class T>
  static void truncation_params(Params<T>& p) {
    p.add("temperature", &TruncatingSampler::temperature)
        .above(0)
        .at_most(100)
        .doc("T of softmax(logits / T), of which the rule keeps a part.");
    context_params(p);
  }
  int choose(std::span<const double> logits, double u) const final;
  // Leaves at least one.
  virtual void truncate(Candidates& candidates) const = 0;
};

}  // namespace assay::samplers
