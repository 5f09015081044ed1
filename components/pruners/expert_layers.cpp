#include "components/pruners/expert_layers.h"

#include <cmath>

namespace assay {

std::vector<ExpertLayer> expert_layers(TrainedModel& model, const LayerChoice& choice,
                                       std::string_view pruner) {
  static constexpr std::string_view kExperts = "experts.";
  std::vector<std::string> names;
  for (const nn::Parameter& p : model.parameters) {
    const std::size_t at = p.name.find(kExperts);
    if (p.role != nn::Role::kWeight || at == std::string::npos) continue;
    const std::string name = p.name.substr(0, at + kExperts.size() - 1);
    if (names.empty() || names.back() != name) names.push_back(name);
  }
  if (names.empty()) throw std::runtime_error(std::string(pruner) + ": the model has none");
  std::vector<ExpertLayer> out;
  for (const std::string& name : choice.choose(names)) {
    ExpertLayer& layer = out.emplace_back(ExpertLayer{name, {}});
    for (int e = 0;; ++e) {
      auto pieces = all_of(model.parameters, name + "." + std::to_string(e) + ".");
      if (pieces.empty()) break;
      layer.experts.push_back(std::move(pieces));
    }
  }
  return out;
}

namespace {

std::string router_of(const ExpertLayer& layer) {
  return layer.name.substr(0, layer.name.size() - 7) + "router";
}

}  // namespace

void add_router_row(std::vector<Piece>& pieces, TrainedModel& model, const ExpertLayer& layer,
                    int e) {
  const std::string router = router_of(layer);
  const auto experts = static_cast<int>(layer.experts.size());
  for (const char* suffix : {".weight", ".embedding.weight"}) {
    nn::Parameter* p = model.parameters.find(router + suffix);
    if (!p || p->role != nn::Role::kRouter || p->value.shape().rows() % experts != 0) continue;
    const int each = static_cast<int>(p->value.shape().rows()) / experts;
    pieces.push_back({p, e * each, each, 0, p->value.shape().back()});
    return;
  }
  throw std::runtime_error(
      router + " has no row for each expert, so that it cannot do without one: reroute = false");
}

void ExpertUse::add(std::span<const double> f, double g) {
  sum.resize(f.size());
  squares.resize(f.size());
  double norm = 0.0;
  for (std::size_t j = 0; j < f.size(); ++j) {
    sum[j] += f[j];
    squares[j] += f[j] * f[j];
    norm += f[j] * f[j];
  }
  rows += 1.0;
  weight += g;
  weighted_norm += g * std::sqrt(norm);
}

std::vector<double> ExpertUse::mean() const {
  std::vector<double> out = sum;
  for (double& each : out) each /= rows;
  return out;
}

double ExpertUse::variance() const {
  double out = 0.0;
  for (std::size_t j = 0; j < sum.size(); ++j)
    out += std::max(0.0, squares[j] / rows - sum[j] / rows * (sum[j] / rows));
  return out;
}

namespace {

// What each expert of a layer gave, row after row, in the order of the rows of all passes.
struct Outputs {
  std::string prefix;  // "block1.experts."
  std::size_t width = 0;
  std::vector<std::vector<double>> experts;

  void see(std::string_view site, const nn::Tensor& y) {
    static constexpr std::string_view kOutput = ".down";
    if (!site.starts_with(prefix) || !site.ends_with(kOutput)) return;
    const std::string expert(
        site.substr(prefix.size(), site.size() - prefix.size() - kOutput.size()));
    auto& rows = experts[static_cast<std::size_t>(std::stoi(expert))];
    width = static_cast<std::size_t>(y.shape().back());
    for (std::int64_t i = 0; i < y.count(); ++i) rows.push_back(y.get(i));
  }
};

// The statistics of one name, batch after batch.
std::vector<const nn::Tensor*> batches(const std::vector<nn::Forward::Statistic>& statistics,
                                       const std::string& name) {
  std::vector<const nn::Tensor*> out;
  for (const auto& statistic : statistics)
    if (statistic.name == name) out.push_back(&statistic.value);
  return out;
}

LayerUse use_of(const Outputs& outputs, const std::vector<const nn::Tensor*>& to,
                const std::vector<const nn::Tensor*>& with) {
  LayerUse out;
  out.experts.resize(outputs.experts.size());
  std::vector<std::size_t> next(outputs.experts.size());
  for (std::size_t batch = 0; batch < to.size(); ++batch) {
    out.rows += static_cast<double>(to[batch]->shape()[0]);
    for (std::int64_t place = 0; place < to[batch]->count(); ++place) {
      if (to[batch]->get(place) < 0) continue;
      const auto e = static_cast<std::size_t>(to[batch]->get(place));
      const auto row = std::span(outputs.experts[e]).subspan(next[e], outputs.width);
      out.experts[e].add(row, with[batch]->get(place));
      next[e] += outputs.width;
    }
  }
  return out;
}

}  // namespace

std::vector<LayerUse> expert_uses(const TrainedModel& model, const Examples& examples,
                                  const std::vector<ExpertLayer>& layers, std::string_view pruner) {
  std::vector<Outputs> outputs;
  for (const ExpertLayer& layer : layers)
    outputs.push_back(
        {layer.name + ".", 0, std::vector<std::vector<double>>(layer.experts.size())});
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    for (Outputs& layer : outputs) layer.see(site, x.tape->value(x));
    return x;
  };
  std::vector<nn::Forward::Statistic> statistics;
  (void)model.outputs(examples, std::span(&hook, 1), &statistics);
  std::vector<LayerUse> out;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const std::string router = router_of(layers[i]);
    const auto to = batches(statistics, router + ".routed_to");
    if (to.empty())
      throw std::runtime_error(std::string(pruner) + ": " + router + " sends no rows");
    out.push_back(use_of(outputs[i], to, batches(statistics, router + ".routed_with")));
  }
  return out;
}

std::vector<Unit> ExpertPruner::units(TrainedModel& model, const Examples& calibration,
                                      Stream /*stream*/) const {
  const std::vector<ExpertLayer> layers = expert_layers(model, *this, spec().name);
  const std::vector<LayerUse> uses = expert_uses(model, calibration, layers, spec().name);
  std::vector<Unit> out;
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (std::size_t e = 0; e < layers[i].experts.size(); ++e) {
      const ExpertUse& use = uses[i].experts[e];
      Unit& unit =
          out.emplace_back(Unit{layers[i].name, worth(use, uses[i].rows), layers[i].experts[e]});
      adapt(unit, model, layers[i], static_cast<int>(e), use);
    }
  return out;
}

}  // namespace assay
