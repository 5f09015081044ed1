#include "components/adapters/adapter.h"

#include <stdexcept>

#include "components/nn/name_patterns.h"

namespace assay {

namespace {

int adapters_in(const Value& model) {
  const Value* inner = model.find("model");
  return model.component_name() == "adapted" && inner ? 1 + adapters_in(*inner) : 0;
}

constexpr std::string_view kEnding = ".weight";

bool is_layer(const nn::Parameter& p) {
  return p.role == nn::Role::kWeight && p.value.shape().rank() == 2 && p.name.ends_with(kEnding);
}

}  // namespace

nn::Name adapter_name(const Value& model) {
  const int below = adapters_in(model);
  return below == 0 ? nn::Name("adapter") : nn::Name("adapter", below + 1);
}

std::string_view layer_of(const nn::Parameter& weight) {
  const std::string_view name = weight.name;
  return name.substr(0, name.size() - std::min(name.size(), kEnding.size()));
}

std::vector<const nn::Parameter*> adapted_weights(const nn::Parameters& base,
                                                  std::span<const std::string> layers) {
  std::vector<const nn::Parameter*> all, out;
  std::vector<std::string> names;
  for (const nn::Parameter& p : base) {
    if (!is_layer(p)) continue;
    all.push_back(&p);
    names.emplace_back(layer_of(p));
  }
  if (all.empty()) throw std::runtime_error("the model has no linear layer to adapt");
  const std::vector<bool> wanted = nn::selected(names, layers, "the model has no layer");
  for (std::size_t i = 0; i < all.size(); ++i)
    if (wanted[i]) out.push_back(all[i]);
  return out;
}

const Attachment* Attachment::on(nn::Forward& pass, std::string_view name) {
  const auto kept = pass.tape().keep(std::span(name.data(), name.size()));
  Attachment* out = pass.tape().scratch<Attachment>(1).data();
  *out = {&pass, {kept.data(), kept.size()}};
  return out;
}

nn::Name Attachment::full(std::string_view of, std::string_view part) const {
  return nn::Name(name, ".", of, ".", part);
}

bool Attachment::has(const nn::Name& full_name) const {
  return pass->parameters().find(full_name) != nullptr;
}

}  // namespace assay
