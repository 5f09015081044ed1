#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "components/nn/name.h"
#include "components/nn/tape.h"
#include "runner/registry/random.h"

namespace assay::nn {

class KeyValueCache;

// A forward pass of a model: its tape, its parameters, and the named places where others look in.
// One serves many passes, each after begin(); their memory is kept.
class Forward {
 public:
  // Sees the value at a site and may return another one of the same shape.
  using Hook = std::function<Var(std::string_view site, Var value)>;
  // Sees a parameter as it is used and may return another value of the same shape: a rounded one, a
  // masked one, one with an adapter added.
  using ParameterHook = std::function<Var(const Parameter& parameter, Var value)>;
  // What a component does to parameters once the optimizer has stepped: a bias that balances
  // load, a codebook that follows its codes. Values of the pass are still there.
  using Update = std::function<void(Parameters& parameters)>;
  // A quantity of the pass that metrics read, e.g. how many tokens an expert received.
  struct Statistic {
    std::string name;
    Tensor value;
  };
  struct Loss {
    Name name;
    Var value;  // scalar, already weighted
  };
  // What a component drew by chance: the logarithm of that draw's probability (a scalar), and the
  // loss that was to be expected before it, where one is known yet.
  struct Score {
    Name name;
    Var log_probability;
    std::optional<double> baseline;
  };

  Forward(Tape& tape, const Parameters& parameters, bool training, Stream stream)
      : tape_(tape),
        parameters_(parameters),
        training_(training),
        stream_(stream) {}

  // Empties the tape for the next pass, with random numbers of its own.
  void begin(Stream stream);

  Tape& tape() { return tape_; }
  bool training() const { return training_; }
  const Parameters& parameters() const { return parameters_; }
  Var parameter(std::string_view name) { return use(parameters_.get_after(name, place_)); }
  // Share of training that is done, from 0 to 1; 1 where nothing is trained.
  double progress() const { return progress_; }
  void set_progress(double progress) { progress_ = progress; }
  // Where sequences are continued rather than begun: what their earlier positions left. Null else.
  KeyValueCache* cache() const { return cache_; }
  void set_cache(KeyValueCache* cache) { cache_ = cache; }
  // Random numbers of this pass for one purpose.
  Stream stream(std::string_view purpose) const { return stream_.fork(purpose); }

  // Announces an activation site. Only what passes through here can be recorded or replaced.
  Var site(std::string_view name, Var value);
  // Hooks run in the order in which they were added.
  void add_hook(Hook hook) { hooks_.add(std::move(hook)); }
  void add_hook(ParameterHook hook) { parameter_hooks_.add(std::move(hook)); }
  // Whether hooks look at sites: names that serve them alone need no announcement else.
  bool watched() const { return !hooks_.all.empty(); }
  // What is hooked while it lives goes with it: for a model that wraps another one, whose pass is
  // part of its own. Its hooks run before those around it, which see what the inner model makes of
  // a value.
  class Hooked {
   public:
    explicit Hooked(Forward& pass)
        : pass_(pass),
          hooks_(pass.hooks_.open()),
          parameter_hooks_(pass.parameter_hooks_.open()) {}
    ~Hooked() {
      pass_.hooks_.close(hooks_);
      pass_.parameter_hooks_.close(parameter_hooks_);
    }
    Hooked(const Hooked&) = delete;
    Hooked& operator=(const Hooked&) = delete;

   private:
    Forward& pass_;
    std::size_t hooks_, parameter_hooks_;
  };
  // activation(x wᵀ + b), x: n x inputs -> n x outputs, by "<name>.weight" and, where it exists,
  // "<name>.bias". Announces the sites "<name>.in", "<name>" and, with an activation, "<name>.act".
  Var linear(std::string_view name, Var x, Activation activation = Activation::kNone);

  // The same for the patches of images; the site "<name>.in" sees those as rows.
  Var convolution(std::string_view name, Var x, const ImageShape& shape,
                  Activation activation = Activation::kNone);

  // Adds to the training loss: balance, sparsity, commitment.
  void add_loss(std::string_view name, Var weighted) { losses_.push_back({Name(name), weighted}); }
  std::span<const Loss> losses() const { return losses_; }
  void add_score(std::string_view name, Var log_probability, std::optional<double> baseline) {
    scores_.push_back({Name(name), log_probability, baseline});
  }
  std::span<const Score> scores() const { return scores_; }
  // What training differentiates: `main`, the losses added, and (loss - baseline) times each score,
  // which makes its gradient one of the expected loss (Williams 1992, REINFORCE). A score without a
  // baseline gives nothing.
  Var training_loss(Var main);
  // That loss as a number, the terms of scores left out.
  double loss() const { return loss_; }
  // What the objective remembers of each example of the training split (Objective::memory); null
  // outside of training, and where it remembers nothing.
  Tensor* memory() const { return memory_; }
  void set_memory(Tensor* memory) { memory_ = memory; }
  // For training: runs after the optimizer's step, in the order of the pass.
  void after_step(Update update) { updates_.push_back(std::move(update)); }
  bool has_updates() const { return !updates_.empty(); }
  void run_updates(Parameters& parameters) const {
    for (const Update& update : updates_) update(parameters);
  }
  void add_statistic(std::string_view name, const Tensor& value);
  Tensor& statistic(std::string_view name, Shape shape);  // zeros, to be filled
  std::span<const Statistic> statistics() const {
    return std::span(statistics_).first(statistics_used_);
  }

  // Something of one's own that lasts from pass to pass, made when first asked for: room for what a
  // pass prepares outside the tape. One of each type.
  template <class T>
  T& kept() {
    const void* const type = &kType<T>;
    for (const auto& [key, value] : kept_)
      if (key == type) return *static_cast<T*>(value.get());
    kept_.emplace_back(type, std::make_shared<T>());
    return *static_cast<T*>(kept_.back().second.get());
  }

 private:
  // Hooks in the order in which they run: those of the innermost scope first, of which there are
  // `own`.
  template <class H>
  struct Hooks {
    std::vector<H> all;
    std::size_t own = 0;
    auto end_of_own() { return all.begin() + static_cast<std::ptrdiff_t>(own); }
    void add(H hook) {
      all.insert(end_of_own(), std::move(hook));
      ++own;
    }
    std::size_t open() { return std::exchange(own, 0); }
    void close(std::size_t before) {
      all.erase(all.begin(), end_of_own());
      own = before;
    }
  };

  Var use(const Parameter& parameter) {
    Var value = tape_.parameter(parameter);
    for (const ParameterHook& hook : parameter_hooks_.all) value = hook(parameter, value);
    return value;
  }

  Tape& tape_;
  const Parameters& parameters_;
  bool training_;
  Stream stream_;
  double progress_ = 1.0;
  Hooks<Hook> hooks_;
  Hooks<ParameterHook> parameter_hooks_;
  std::vector<Update> updates_;
  std::vector<Loss> losses_;
  std::vector<Score> scores_;
  double loss_ = 0.0;
  std::vector<Statistic> statistics_;  // those in use come first; the others keep their memory
  std::size_t statistics_used_ = 0;
  KeyValueCache* cache_ = nullptr;
  Tensor* memory_ = nullptr;
  std::size_t place_ = 0;  // of the parameter that was asked for last
  template <class T>
  static constexpr char kType = 0;
  std::vector<std::pair<const void*, std::shared_ptr<void>>> kept_;
};

// Declares "<name>.weight" (outputs x inputs; normal, deviation sqrt(gain / inputs)) and, if asked,
// a zero "<name>.bias". Gain 2 suits ReLU (He et al. 2015), 1 a linear output.
void declare_linear(Parameters& out, std::string_view name, int inputs, int outputs, double gain,
                    const Stream& init, Role role = Role::kWeight, bool bias = true);

}  // namespace assay::nn
