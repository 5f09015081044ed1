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

}  // namespace

std::optional<Archive> StageContext::resume() {
  std::optional<Archive> state = midway_ ? midway_->latest() : std::nullopt;
  if (!state) return {};
  for (const auto& [name, array] : state->arrays()) {
    if (name.rfind("context/metric/", 0) == 0) metric(name.substr(15), array.as<double>()[0]);
    if (name.rfind("context/curve/", 0) != 0) continue;
    const auto values = array.as<double>();
    const std::size_t points = values.size() / 2;
    for (std::size_t i = 0; i < points; ++i) point(name.substr(14), values[i], values[points + i]);
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
    for (const Measured& m : metrics_)
      state.put<double>("context/metric/" + m.name, std::span(&m.value, 1), {1});
    for (const Curve& c : curves_) {
      std::vector<double> both = c.step;
      both.insert(both.end(), c.value.begin(), c.value.end());
      state.put<double>("context/curve/" + c.name, std::span<const double>(both),
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
