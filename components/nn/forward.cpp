#include "components/nn/forward.h"

#include <cmath>

namespace assay::nn {

Var Forward::linear(const std::string& name, Var x) {
  x = site(name + ".in", x);
  Var out = matmul_transposed(x, parameter(name + ".weight"));
  if (parameters_.find(name + ".bias")) out = add_row(out, parameter(name + ".bias"));
  return site(name, out);
}

void declare_linear(Parameters& out, const std::string& name, int inputs, int outputs, double gain,
                    const Stream& init, Role role, bool bias) {
  out.add(name + ".weight",
          Tensor::normal({outputs, inputs}, std::sqrt(gain / inputs), init.fork(name)), role);
  if (bias) out.add(name + ".bias", Tensor({outputs}), Role::kBias);
}

}  // namespace assay::nn
