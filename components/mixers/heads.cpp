#include "components/mixers/heads.h"

namespace assay::mixers {

nn::Var head_sites(nn::Forward& pass, std::string_view name, nn::Var all, int heads) {
  if (!pass.watched()) return all;
  const int width = all.shape().back() / heads;
  const auto parts = pass.tape().scratch<nn::Var>(static_cast<std::size_t>(heads));
  bool changed = false;
  for (int h = 0; h < heads; ++h) {
    const nn::Var head = nn::slice_columns(all, h * width, width);
    nn::Var& part = parts[static_cast<std::size_t>(h)];
    part = pass.site(nn::Name(name, ".head", h), head);
    changed = changed || part.id != head.id;
  }
  return changed ? nn::concat_columns(parts) : all;
}

}  // namespace assay::mixers
