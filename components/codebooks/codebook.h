#pragma once

#include <span>
#include <string_view>

#include "components/nn/forward.h"
#include "runner/registry/component.h"

namespace assay {

// What a codebook makes of its rows.
struct Coded {
  nn::Var value;               // n x features; gradients go straight through to the rows
  std::span<const int> codes;  // n x groups on the tape, each in 0 … size() - 1
};

// A latent quantizer used as a layer: each row of activations becomes one of finitely many, named
// by `groups` codes of `size` values each. It sits in a model under a name; its parameters are
// "<name>.…". Where its codes have another width than the rows, a linear projection in and one out
// are part of it, so that any codebook fits any model.
class Codebook : public Component {
 public:
  static constexpr std::string_view kKind = "codebook";
  static constexpr std::string_view kNeutral = "vq";
  virtual int size() const = 0;
  // Codes of a row of that many features.
  virtual int groups(int features) const = 0;
  virtual void declare(nn::Parameters& out, std::string_view name, int features,
                       const Stream& init) const = 0;
  // x: n x features. In evaluation the value of a row follows from its codes alone, and those from
  // the row alone. In training it adds its losses by pass.add_loss and changes what is not learnt
  // by gradients in pass.after_step. Adds the statistic "<name>.codes" by add_codes.
  virtual Coded quantize(nn::Forward& pass, std::string_view name, nn::Var x) const = 0;
};

// Adds the statistic "<name>.codes" (groups x size): how many rows took each code.
void add_codes(nn::Forward& pass, std::string_view name, std::span<const int> codes, int groups,
               int size);

// The projections "<name>.project_in" and "<name>.project_out" between rows of `features` numbers
// and codes of `width`; nothing where they are equal.
void declare_projections(nn::Parameters& out, std::string_view name, int features, int width,
                         const Stream& init);
nn::Var project_in(nn::Forward& pass, std::string_view name, nn::Var x, int width);
nn::Var project_out(nn::Forward& pass, std::string_view name, nn::Var code, int features);

}  // namespace assay
