#include "components/samplers/sampler.h"

namespace assay {

void Samples::save(Archive& out) const {
  const double fields[] = {static_cast<double>(count), static_cast<double>(width),
                           function_evaluations};
  out.put("fields", Array::of<double>(fields, {3}));
  out.put("prompts", Array::of<std::int32_t>(prompts, {static_cast<std::int64_t>(prompts.size())}));
  std::string all;
  for (const std::string& symbol : symbols) all += symbol + '\0';
  out.put_text("symbols", all);
  if (!values.empty()) out.put("values", values.to_array());
  out.put("tokens", Array::of<std::int32_t>(tokens, {static_cast<std::int64_t>(tokens.size())}));
}

std::string Samples::preview(int most) const {
  if (symbols.empty()) return {};
  const auto text_of = [&](const std::vector<std::int32_t>& rows, int i) {
    const auto columns = static_cast<std::ptrdiff_t>(rows.size()) / count;
    std::string out;
    for (std::ptrdiff_t j = i * columns; j < (i + 1) * columns; ++j)
      out += symbols.at(static_cast<std::size_t>(rows[static_cast<std::size_t>(j)]));
    return out;
  };
  std::string out;
  for (int i = 0; i < std::min(most, count); ++i)
    out += text_of(prompts, i) + " → " + text_of(tokens, i) + "\n\n";
  return out;
}

std::size_t Samples::bytes() const {
  return 4 * (prompts.size() + tokens.size()) + values.bytes();
}

std::shared_ptr<const Samples> Samples::load(const Archive& in) {
  auto out = std::make_shared<Samples>();
  const auto fields = in.array("fields").as<double>();
  out->count = static_cast<int>(fields[0]);
  out->width = static_cast<int>(fields[1]);
  out->function_evaluations = fields[2];
  const auto prompts = in.array("prompts").as<std::int32_t>(),
             tokens = in.array("tokens").as<std::int32_t>();
  if (in.has("values")) out->values = nn::Tensor::from_array(in.array("values"));
  out->prompts.assign(prompts.begin(), prompts.end());
  out->tokens.assign(tokens.begin(), tokens.end());
  const std::string& all = in.text("symbols");
  for (std::size_t from = 0; from < all.size();) {
    const std::size_t end = all.find('\0', from);
    out->symbols.push_back(all.substr(from, end - from));
    from = end + 1;
  }
  return out;
}
ASSAY_ARTIFACT(Samples);

}  // namespace assay
