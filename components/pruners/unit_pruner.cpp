#include "components/pruners/unit_pruner.h"

#include <cmath>
#include <limits>

#include "components/pruners/mask.h"

namespace assay {

namespace {

int width_of(const nn::Parameter& p) {
  return p.value.shape().rank() == 1 ? 1 : p.value.shape().back();
}

// use(index) for each entry of a piece.
template <class Use>
void each_entry(const Piece& piece, const Use& use) {
  const std::int64_t width = width_of(*piece.parameter);
  for (int r = piece.row; r < piece.row + piece.rows; ++r)
    for (int c = piece.column; c < piece.column + piece.columns; ++c) use(r * width + c);
}

Piece whole(nn::Parameter& p) {
  const int width = width_of(p);
  return {&p, 0, static_cast<int>(p.value.count() / width), 0, width};
}

void remove(const Unit& unit) {
  for (const Piece& piece : unit.pieces)
    each_entry(piece, [&](std::int64_t i) { remove_entry(*piece.parameter, i); });
  for (std::size_t i = 0; unit.stays && i < unit.constant.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    if (there(*unit.stays, at)) unit.stays->value.set(at, unit.constant[i]);
  }
}

}  // namespace

Piece columns_of(nn::Parameter& weight, int first, int count) {
  return {&weight, 0, static_cast<int>(weight.value.shape().rows()), first, count};
}

void add_rows(std::vector<Piece>& pieces, nn::Parameters& parameters, const std::string& layer,
              int first, int count) {
  nn::Parameter& weight = parameters.get(layer + ".weight");
  pieces.push_back({&weight, first, count, 0, width_of(weight)});
  if (nn::Parameter* bias = parameters.find(layer + ".bias"))
    pieces.push_back({bias, first, count, 0, 1});
}

std::vector<Piece> all_of(nn::Parameters& parameters, const std::string& prefix) {
  std::vector<Piece> out;
  for (nn::Parameter& p : parameters)
    if ((p.role == nn::Role::kWeight || p.role == nn::Role::kBias) && p.name.starts_with(prefix))
      out.push_back(whole(p));
  return out;
}

bool gone(const std::vector<Piece>& pieces) {
  bool any = false;
  for (const Piece& piece : pieces)
    each_entry(piece, [&](std::int64_t i) { any = any || there(*piece.parameter, i); });
  return !any;
}

double norm(const std::vector<Piece>& pieces, bool absolute) {
  double sum = 0.0;
  for (const Piece& piece : pieces)
    each_entry(piece, [&](std::int64_t i) {
      const double w = piece.parameter->value.get(i);
      sum += absolute ? std::abs(w) : w * w;
    });
  return absolute ? sum : std::sqrt(sum);
}

void UnitPruner::prune(TrainedModel& model, const Examples& calibration, Stream stream) const {
  std::vector<Unit> all = units(model, calibration, stream);
  for (Unit& unit : all) {
    if (!gone(unit.pieces)) continue;
    unit.score = -std::numeric_limits<double>::infinity();
    unit.stays = nullptr;  // it gives what it gave
  }
  std::vector<std::string> groups;
  for (Unit& unit : all) {
    if (scope == Scope::kGlobal) unit.group.clear();
    if (groups.empty() || groups.back() != unit.group) groups.push_back(unit.group);
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Unit& a, const Unit& b) { return a.score < b.score; });
  for (const std::string& group : groups) {
    std::vector<const Unit*> rivals;
    for (const Unit& unit : all)
      if (unit.group == group) rivals.push_back(&unit);
    rivals.resize(
        static_cast<std::size_t>(share(fraction, static_cast<std::int64_t>(rivals.size()))));
    for (const Unit* unit : rivals) remove(*unit);
  }
}

}  // namespace assay
