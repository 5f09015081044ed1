#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

inline constexpr int kMaxExperts = 1024;

// Which experts see which tokens. Entry (i, j) of the n x k arrays: an expert of token i and its
// weight in the token's output, or -1 for none, where the weight counts for nothing. k is the most
// that one token has; a token without any keeps what it had before the experts.
struct Assignment {
  int k = 0;
  std::span<const int> experts;  // n x k on the tape, row-major, each row's experts distinct
  nn::Var weights;               // n x k, differentiable where the router learns
};

// Soft routing: experts see slots, weighted means of a sequence's rows, and rows get weighted means
// of what came of all slots. Expert e owns the slots e * slots() onwards of each sequence; S of
// them in all.
struct SlotMixing {
  nn::Var dispatch;  // sequences x S x length: each slot's weights of the rows
  nn::Var combine;   // sequences x length x S: each row's weights of the slots
};

// Adds the statistic "<name>.load" (experts): how many assignments each expert received.
void add_load(nn::Forward& pass, std::string_view name, std::span<const int> chosen, int experts);

// In evaluation, adds "<name>.routing_entropy" (n): the entropy of each token's probabilities over
// experts, in nats; or one number for all of them, where a router has no such probabilities.
void add_routing_entropy(nn::Forward& pass, std::string_view name, nn::Var probabilities);
void add_routing_entropy(nn::Forward& pass, std::string_view name, int rows, double entropy);

// Sends tokens to experts. A router sits in a model under a name; its parameters are "<name>.…",
// matrices with Role::kRouter, the rest with Role::kOther.
class Router : public Component {
 public:
  static constexpr std::string_view kKind = "router";
  static constexpr std::string_view kNeutral = "uniform";
  virtual void declare(nn::Parameters& out, std::string_view name, int features, int experts,
                       const Stream& init) const = 0;
  // x: n x features. An expert whose row of the router's matrix a mask removed is gone: others take
  // its rows, where there is such a matrix. Deterministic in evaluation unless the router is random
  // by nature, and then a function of pass.stream(name) alone. Adds its auxiliary losses by
  // pass.add_loss, its load by add_load and its entropy by add_routing_entropy.
  virtual Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                           int experts) const = 0;
  // A constraint with the number of experts; empty where it holds.
  virtual std::string check_experts(int experts) const = 0;
  // Experts that a row visits on average: what the layer costs.
  virtual double visits(int experts) const = 0;
  // Whether in evaluation a row's experts follow from that row alone, and not from other rows or
  // its place among them.
  virtual bool rowwise() const { return true; }
  // Of each expert, for soft routing; 0 where rows are sent. Such a router mixes the rows of a
  // sequence, and route() is what that comes to for sequences of one row.
  virtual int slots() const { return 0; }
  // x: (sequences * length) x features.
  virtual SlotMixing mix(nn::Forward& /*pass*/, std::string_view /*name*/, nn::Var /*x*/,
                         int /*experts*/, int /*length*/) const {
    throw std::logic_error("this router sends rows and mixes none");
  }
};

}  // namespace assay
