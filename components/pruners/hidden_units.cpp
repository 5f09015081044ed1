#include "components/pruners/hidden_units.h"

#include <bit>

namespace assay {

namespace {

constexpr std::int64_t kFewestRows = 16;

struct SeenInput {
  std::vector<char> zero;  // column by column: whether it was 0 in every row
  std::int64_t rows = 0;

  void add(const nn::Tensor& x) {
    const auto width = static_cast<std::size_t>(x.shape().back());
    const std::span<const float> numbers = x.floats();
    zero.resize(width, 1);
    rows += x.shape().rows();
    for (std::size_t c = 0; c < width; ++c)
      for (std::size_t i = c; zero[c] != 0 && i < numbers.size(); i += width)
        zero[c] = numbers[i] == 0.0F ? 1 : 0;
  }
};
using SeenInputs = std::map<std::string, SeenInput, std::less<>>;

// Numbers for the units of several layers: the layer's times a power of two, plus the unit's.
struct Numbering {
  std::vector<std::string> sites;  // "<layer>.act", by the number of the layer
  int unit_bits = 0, bits = 0;

  Numbering(const std::vector<std::string>& layers, int most_units) {
    for (const std::string& layer : layers) sites.push_back(layer + ".act");
    unit_bits =
        std::max(1, static_cast<int>(std::bit_width(static_cast<unsigned>(most_units - 1))));
    bits = unit_bits + static_cast<int>(std::bit_width(layers.size() - 1));
  }
  // What takes the place of the activations at a site: random numbers, far enough from 0 that no
  // bias behind them hides their signs, and 0 for the units whose number has `side` as this bit.
  nn::Var replaced(std::string_view site, nn::Var x, int bit, unsigned side, Stream& random) const {
    const auto found = std::find(sites.begin(), sites.end(), site);
    if (found == sites.end()) return x;
    const auto layer = static_cast<unsigned>(found - sites.begin());
    const auto width = static_cast<unsigned>(x.shape().back());
    return x.tape->constant(x.shape(), [&](nn::Tensor& other) {
      for (std::int64_t i = 0; i < other.count(); ++i) {
        const unsigned number = (layer << unit_bits) + static_cast<unsigned>(i) % width;
        const double noise = 1000.0 * random.normal();
        other.set(i, ((number >> bit) & 1U) == side ? 0.0 : noise);
      }
    });
  }
};

SeenInputs inputs_without(const TrainedModel& model, const Examples& examples,
                          const Numbering& numbering, int bit, unsigned side) {
  SeenInputs out;
  Stream random(7);
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    if (site.ends_with(".in"))
      out[std::string(site.substr(0, site.size() - 3))].add(x.tape->value(x));
    return numbering.replaced(site, x, bit, side, random);
  };
  (void)model.outputs(examples, std::span(&hook, 1));
  return out;
}

// For each layer and column the number of the one unit that it reads, or -1.
std::map<std::string, std::vector<int>, std::less<>> owners(const TrainedModel& model,
                                                            const Examples& examples,
                                                            const Numbering& numbering) {
  std::map<std::string, std::vector<int>, std::less<>> out;
  for (int bit = 0; bit < numbering.bits; ++bit) {
    const SeenInputs clear = inputs_without(model, examples, numbering, bit, 0),
                     set = inputs_without(model, examples, numbering, bit, 1);
    for (const auto& [name, seen] : clear) {
      const auto other = set.find(name);
      auto& owner = out[name];
      owner.resize(seen.zero.size());
      const bool enough =
          other != set.end() && seen.rows >= kFewestRows && other->second.rows >= kFewestRows;
      for (std::size_t c = 0; c < owner.size(); ++c) {
        if (owner[c] < 0) continue;
        if (!enough || seen.zero[c] == other->second.zero[c])
          owner[c] = -1;
        else
          owner[c] |= static_cast<int>(other->second.zero[c]) << bit;
      }
    }
  }
  return out;
}

std::vector<std::string> hidden_layers(const TrainedModel& model, const Examples& examples) {
  std::vector<std::string> out;
  for (const std::string& site : model.sites(examples)) {
    if (!site.ends_with(".act")) continue;
    const std::string layer = site.substr(0, site.size() - 4);
    const nn::Parameter* weight = model.parameters.find(layer + ".weight");
    if (weight && weight->role == nn::Role::kWeight) out.push_back(layer);
  }
  if (out.empty()) throw std::runtime_error("the model has no hidden layer to prune units of");
  return out;
}

std::vector<HiddenUnit> units_of(TrainedModel& model, const std::string& layer) {
  const std::string other = layer.substr(0, layer.rfind('.') + 1) + "linear";
  const bool gated = layer.ends_with(".up") && model.parameters.find(other + ".weight");
  std::vector<HiddenUnit> out;
  const std::int64_t count = model.parameters.get(layer + ".weight").value.shape().rows();
  for (int i = 0; i < static_cast<int>(count); ++i) {
    HiddenUnit& unit = out.emplace_back(HiddenUnit{layer, i, {}, {}});
    add_rows(unit.incoming, model.parameters, layer, i, 1);
    if (gated) add_rows(unit.incoming, model.parameters, other, i, 1);
  }
  return out;
}

}  // namespace

std::vector<HiddenUnit> hidden_units(TrainedModel& model, const LayerChoice& choice,
                                     const Examples& examples) {
  const std::vector<std::string> layers = choice.choose(hidden_layers(model, examples));
  std::vector<std::vector<HiddenUnit>> units;
  std::size_t most = 0;
  for (const std::string& layer : layers) {
    units.push_back(units_of(model, layer));
    most = std::max(most, units.back().size());
  }
  std::vector<HiddenUnit> out;
  if (most == 0) return out;
  const Numbering numbering(layers, static_cast<int>(most));
  for (const auto& [name, owner] : owners(model, examples, numbering)) {
    nn::Parameter* weight = model.parameters.find(name + ".weight");
    if (!weight || weight->role != nn::Role::kWeight) continue;
    for (std::size_t c = 0; c < owner.size(); ++c) {
      if (owner[c] < 0) continue;
      const auto layer = static_cast<std::size_t>(owner[c] >> numbering.unit_bits),
                 unit = static_cast<std::size_t>(owner[c] & ((1 << numbering.unit_bits) - 1));
      if (layer < units.size() && unit < units[layer].size())
        units[layer][unit].outgoing.push_back(columns_of(*weight, static_cast<int>(c), 1));
    }
  }
  for (const auto& each : units) out.insert(out.end(), each.begin(), each.end());
  return out;
}

}  // namespace assay
