#pragma once

#include <string>
#include <string_view>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

inline constexpr int kMaxExperts = 1024;

// Which experts see which tokens. Entry (i, j) of the n x k arrays: the j-th expert of token i, and
// its weight in the token's output.
struct Assignment {
  int k = 0;
  std::span<const int> experts;  // n x k on the tape, row-major, each row's experts distinct
  nn::Var weights;               // n x k, differentiable where the router learns
};

// Adds the statistic "<name>.load" (experts): how many assignments each expert received.
void add_load(nn::Forward& pass, std::string_view name, std::span<const int> chosen, int experts);

// Sends tokens to experts. A router sits in a model under a name; its parameters are "<name>.…"
// with Role::kRouter.
class Router : public Component {
 public:
  static constexpr std::string_view kKind = "router";
  virtual void declare(nn::Parameters& out, std::string_view name, int features, int experts,
                       const Stream& init) const = 0;
  // x: n x features. Deterministic in evaluation unless the router is random by nature, and then a
  // function of pass.stream(name) alone. Adds its auxiliary losses by pass.add_loss and its
  // load by add_load.
  virtual Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                           int experts) const = 0;
  // A constraint with the number of experts; empty where it holds.
  virtual std::string check_experts(int experts) const = 0;
};

}  // namespace assay
