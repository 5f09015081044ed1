#include "components/codebooks/codebook.h"

namespace assay {

void add_codes(nn::Forward& pass, std::string_view name, std::span<const int> codes, int groups,
               int size) {
  nn::Tensor& counts = pass.statistic(nn::Name(name, ".codes"), {groups, size});
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto group = static_cast<std::int64_t>(i) % groups;
    const std::int64_t at = group * size + codes[i];
    counts.set(at, counts.get(at) + 1);
  }
}

void declare_projections(nn::Parameters& out, std::string_view name, int features, int width,
                         const Stream& init) {
  if (features == width) return;
  nn::declare_linear(out, nn::Name(name, ".project_in"), features, width, 1.0, init);
  nn::declare_linear(out, nn::Name(name, ".project_out"), width, features, 1.0, init);
}

nn::Var project_in(nn::Forward& pass, std::string_view name, nn::Var x, int width) {
  return x.shape().back() == width ? x : pass.linear(nn::Name(name, ".project_in"), x);
}

nn::Var project_out(nn::Forward& pass, std::string_view name, nn::Var code, int features) {
  return code.shape().back() == features ? code : pass.linear(nn::Name(name, ".project_out"), code);
}

}  // namespace assay
