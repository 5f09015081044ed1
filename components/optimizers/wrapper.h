#pragma once

#include "components/optimizers/optimizer.h"
#include "runner/registry/registry.h"

namespace assay {

// Why a rule cannot stand inside another one that changes its gradients: it would look past them,
// at the pass. Empty where it can.
std::string inner_rule_error(const Optimizer& inner);

// A rule that prepares the gradients of another one, which steps.
struct Wrapper : Optimizer {
  static constexpr std::string_view kNeutral = "@optimizer";
  Slot<Optimizer> optimizer{"adamw"};

  template <class T>
  static void wrapper_params(Params<T>& p) {
    p.add("optimizer", &Wrapper::optimizer).doc("The rule that steps; its schedule counts.");
  }
  std::string check() const override { return inner_rule_error(*optimizer); }
};

// Hands on all but the step.
class WrapperState : public OptimizerState {
 public:
  WrapperState(const Wrapper& rule, const nn::Parameters& parameters, int total)
      : inner_(rule.optimizer->begin(parameters, total)) {}
  void forget(std::size_t parameter, std::int64_t first, std::int64_t count) override {
    inner_->forget(parameter, first, count);
  }
  void finish(nn::Parameters& parameters) override { inner_->finish(parameters); }
  std::vector<Figure> figures() const override { return inner_->figures(); }
  void save(Archive& out, const std::string& prefix) const override {
    inner_->save(out, prefix + "/inner");
  }
  void load(const Archive& in, const std::string& prefix) override {
    inner_->load(in, prefix + "/inner");
  }

 protected:
  OptimizerState& inner() const { return *inner_; }

 private:
  std::unique_ptr<OptimizerState> inner_;
};

// Gradients of one's own, one for each parameter; none until set.
class OwnGradients {
 public:
  explicit OwnGradients(const nn::Parameters& parameters);
  void clear();
  // Of the parameter with this index, to be filled.
  nn::Tensor& own(std::size_t index);
  void look_at(std::size_t index, const nn::Tensor* gradient) { seen_[index] = gradient; }
  Gradients all() const { return Gradients(std::span<const nn::Tensor* const>(seen_)); }

 private:
  std::vector<nn::Tensor> own_;
  std::vector<const nn::Tensor*> seen_;
};

// The Euclidean norm of all gradients together.
double gradient_norm(const nn::Parameters& parameters, const Gradients& gradients);

// to += factor * from, or set to it; of one shape and type.
void add_scaled(nn::Tensor& to, const nn::Tensor& from, double factor);
void set_scaled(nn::Tensor& to, const nn::Tensor& from, double factor);

}  // namespace assay
