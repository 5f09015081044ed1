#include "components/samplers/sampler.h"

namespace assay {

void Samples::save(Archive& out) const {
  const double fields[] = {static_cast<double>(count), static_cast<double>(width),
                           function_evaluations};
  out.put("fields", Array::of<double>(fields, {3}));
  out.put("prompts", Array::of<std::int32_t>(prompts, {static_cast<std::int64_t>(prompts.size())}));
  out.put("tokens", Array::of<std::int32_t>(tokens, {static_cast<std::int64_t>(tokens.size())}));
}

std::size_t Samples::bytes() const {
  return 4 * (prompts.size() + tokens.size());
}

std::shared_ptr<const Samples> Samples::load(const Archive& in) {
  auto out = std::make_shared<Samples>();
  const auto fields = in.array("fields").as<double>();
  out->count = static_cast<int>(fields[0]);
  out->width = static_cast<int>(fields[1]);
  out->function_evaluations = fields[2];
  const auto prompts = in.array("prompts").as<std::int32_t>(),
             tokens = in.array("tokens").as<std::int32_t>();
  out->prompts.assign(prompts.begin(), prompts.end());
  out->tokens.assign(tokens.begin(), tokens.end());
  return out;
}
ASSAY_ARTIFACT(Samples);

}  // namespace assay
