#include "runner/registry/stage.h"

#include <cmath>

namespace assay {

std::size_t Array::count() const {
  std::size_t n = 1;
  for (const std::int64_t size : shape) n *= static_cast<std::size_t>(size);
  return n;
}

std::size_t Array::size_of(Type type) {
  switch (type) {
    case Type::kFloat32:
    case Type::kInt32:
      return 4;
    case Type::kFloat64:
    case Type::kInt64:
      return 8;
    case Type::kUint8:
      break;
  }
  return 1;
}

const Array& Archive::array(std::string_view name) const {
  const auto it = arrays_.find(name);
  if (it == arrays_.end())
    throw std::runtime_error("stored artifact lacks array \"" + std::string(name) + "\"");
  return it->second;
}

const std::string& Archive::text(std::string_view name) const {
  const auto it = texts_.find(name);
  if (it == texts_.end())
    throw std::runtime_error("stored artifact lacks text \"" + std::string(name) + "\"");
  return it->second;
}

std::shared_ptr<const NoArtifact> NoArtifact::load(const Archive& /*in*/) {
  return std::make_shared<const NoArtifact>();
}
ASSAY_ARTIFACT(NoArtifact);

void StageContext::throw_if_stopped() const {
  if (stopping()) throw Interrupted{};
}

namespace {

// A state that took less than this to reach is not worth a file when the run stops.
constexpr double kWorthKeeping = 1.0;

constexpr std::string_view kMetric = "context/metric/", kCurve = "context/curve/";
constexpr int kDigits = 6;

// Arrays come back by name: a number keeps the order in which a stage measured.
std::string numbered(std::string_view group, std::size_t i, const std::string& name) {
  std::string number = std::to_string(i);
  number.insert(0, kDigits - std::min<std::size_t>(kDigits, number.size()), '0');
  return std::string(group) + number + "/" + name;
}

std::string name_in(std::string_view group, const std::string& numbered) {
  return numbered.substr(group.size() + kDigits + 1);
}

}  // namespace

std::optional<Archive> StageContext::resume() {
  std::optional<Archive> state = midway_ ? midway_->latest() : std::nullopt;
  if (!state) return {};
  for (const auto& [name, array] : state->arrays()) {
    if (name.starts_with(kMetric)) metric(name_in(kMetric, name), array.as<double>()[0]);
    if (!name.starts_with(kCurve)) continue;
    const auto values = array.as<double>();
    const std::size_t points = values.size() / 2;
    const std::string curve = name_in(kCurve, name);
    for (std::size_t i = 0; i < points; ++i) point(curve, values[i], values[points + i]);
  }
  return state;
}

bool StageContext::stopping() const {
  return stop_ && stop_->load(std::memory_order_relaxed);
}

bool StageContext::wants_pause() const {
  return stopping() || (midway_ && midway_->age() >= midway_->interval());
}

void StageContext::pause(const std::function<void(Archive&)>& fill) const {
  if (midway_ && midway_->age() >= std::min(midway_->interval(), kWorthKeeping)) {
    Archive state;
    fill(state);
    for (std::size_t i = 0; i < metrics_.size(); ++i)
      state.put<double>(numbered(kMetric, i, metrics_[i].name), std::span(&metrics_[i].value, 1),
                        {1});
    for (std::size_t i = 0; i < curves_.size(); ++i) {
      std::vector<double> both = curves_[i].step;
      both.insert(both.end(), curves_[i].value.begin(), curves_[i].value.end());
      state.put<double>(numbered(kCurve, i, curves_[i].name), std::span<const double>(both),
                        {static_cast<std::int64_t>(both.size())});
    }
    midway_->save(state);
  }
  if (stopping()) throw Interrupted{};
}

void StageContext::metric(std::string name, double value) {
  if (!std::isfinite(value))
    throw std::runtime_error("metric \"" + name + "\" is " + number_text(value));
  for (Measured& known : metrics_) {
    if (known.name != name) continue;
    known.value = value;
    return;
  }
  metrics_.push_back({std::move(name), value});
}

void StageContext::point(std::string_view curve, double step, double value) {
  for (Curve& known : curves_) {
    if (known.name != curve) continue;
    known.step.push_back(step);
    known.value.push_back(value);
    return;
  }
  curves_.push_back({std::string(curve), {step}, {value}});
}

namespace {

std::map<std::string, ArtifactLoader, std::less<>>& loaders() {
  static std::map<std::string, ArtifactLoader, std::less<>> map;
  return map;
}

}  // namespace

bool register_artifact(std::string_view type, ArtifactLoader loader) {
  return loaders().emplace(type, loader).second;
}

std::shared_ptr<const Artifact> load_artifact(std::string_view type, const Archive& in) {
  const auto it = loaders().find(type);
  if (it == loaders().end())
    throw std::runtime_error("no loader for artifacts of type \"" + std::string(type) + "\"");
  return it->second(in);
}

}  // namespace assay
