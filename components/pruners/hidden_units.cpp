#include "components/pruners/hidden_units.h"

#include <bit>

#include "components/pruners/calibration.h"

namespace assay {

namespace {

constexpr std::int64_t kFewestRows = 16;

struct SeenInput {
  std::vector<char> zero;  // column by column: whether it was 0 in every row
  std::int64_t rows = 0;
};
using SeenInputs = std::map<std::string, SeenInput, std::less<>>;

// What reaches each layer's input where the layer's activations are random numbers, and 0 for the
// units whose number has this bit. Far from 0, so that no bias behind them hides the signs.
SeenInputs inputs_without(const TrainedModel& model, const Examples& examples,
                          const std::string& layer, int bit, unsigned side) {
  SeenInputs out;
  Stream random(7);
  const std::string place = layer + ".act";
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    const nn::Tensor& value = x.tape->value(x);
    const auto width = static_cast<std::size_t>(value.shape().back());
    if (site == place)
      return x.tape->constant(value.shape(), [&](nn::Tensor& other) {
        for (std::int64_t i = 0; i < other.count(); ++i) {
          const double noise = 1000.0 * random.normal();
          const auto unit = static_cast<unsigned>(static_cast<std::size_t>(i) % width);
          other.set(i, ((unit >> bit) & 1U) == side ? 0.0 : noise);
        }
      });
    if (!site.ends_with(".in")) return x;
    SeenInput& seen = out[std::string(site.substr(0, site.size() - 3))];
    seen.zero.resize(width, 1);
    seen.rows += value.shape().rows();
    for (std::int64_t i = 0; i < value.count(); ++i)
      if (value.get(i) != 0.0) seen.zero[static_cast<std::size_t>(i) % width] = 0;
    return x;
  };
  (void)model.outputs(examples, std::span(&hook, 1));
  return out;
}

// For each layer and column the one unit that it reads, or -1.
std::map<std::string, std::vector<int>, std::less<>> owners(const TrainedModel& model,
                                                            const Examples& examples,
                                                            const std::string& layer, int units) {
  std::map<std::string, std::vector<int>, std::less<>> out;
  const int bits = std::max(1, static_cast<int>(std::bit_width(static_cast<unsigned>(units - 1))));
  for (int bit = 0; bit < bits; ++bit) {
    const SeenInputs clear = inputs_without(model, examples, layer, bit, 0),
                     set = inputs_without(model, examples, layer, bit, 1);
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

void add_readers(std::vector<HiddenUnit>& units, TrainedModel& model, const Examples& examples,
                 const std::string& layer) {
  for (const auto& [name, owner] : owners(model, examples, layer, static_cast<int>(units.size()))) {
    nn::Parameter* weight = model.parameters.find(name + ".weight");
    if (!weight || weight->role != nn::Role::kWeight) continue;
    for (std::size_t c = 0; c < owner.size(); ++c)
      if (owner[c] >= 0 && owner[c] < static_cast<int>(units.size()))
        units[static_cast<std::size_t>(owner[c])].outgoing.push_back(
            columns_of(*weight, static_cast<int>(c), 1));
  }
}

}  // namespace

std::vector<HiddenUnit> hidden_units(TrainedModel& model, const LayerChoice& choice,
                                     const Examples& examples) {
  std::vector<std::string> layers;
  for (const std::string& site : model.sites(examples)) {
    if (!site.ends_with(".act")) continue;
    const std::string layer = site.substr(0, site.size() - 4);
    const nn::Parameter* weight = model.parameters.find(layer + ".weight");
    if (weight && weight->role == nn::Role::kWeight) layers.push_back(layer);
  }
  if (layers.empty()) throw std::runtime_error("the model has no hidden layer to prune units of");
  std::vector<HiddenUnit> out;
  for (const std::string& layer : choice.choose(layers)) {
    const auto count =
        static_cast<int>(model.parameters.get(layer + ".weight").value.shape().rows());
    const bool gated = layer.ends_with(".up") &&
                       model.parameters.find(layer.substr(0, layer.size() - 2) + "linear.weight");
    std::vector<HiddenUnit> units;
    for (int i = 0; i < count; ++i) {
      HiddenUnit& unit = units.emplace_back(HiddenUnit{layer, i, {}, {}});
      add_rows(unit.incoming, model.parameters, layer, i, 1);
      if (gated)
        add_rows(unit.incoming, model.parameters, layer.substr(0, layer.size() - 2) + "linear", i,
                 1);
    }
    add_readers(units, model, examples, layer);
    out.insert(out.end(), units.begin(), units.end());
  }
  return out;
}

}  // namespace assay
