#include "components/nn/key_value_cache.h"

#include <algorithm>
#include <stdexcept>

#include "components/evictions/eviction.h"
#include "runner/registry/registry.h"

namespace assay::nn {

KeyValueCache::KeyValueCache(int batch, int capacity, const Eviction* eviction,
                             const Stream& stream)
    : batch_(batch),
      capacity_(capacity),
      eviction_(eviction),
      stream_(stream),
      by_place_(eviction && eviction->by_place()),
      reads_attention_(eviction && eviction->reads_attention()),
      numbers_(eviction ? static_cast<std::size_t>(eviction->numbers()) : 0) {
  if (batch < 1 || capacity < 1)
    throw std::invalid_argument("a cache of " + std::to_string(capacity) + " positions for " +
                                std::to_string(batch) + " sequences");
  const std::string wrong = eviction ? eviction->check_capacity(capacity) : "";
  if (!wrong.empty()) throw std::runtime_error(eviction->spec().name + ": " + wrong);
}

std::size_t KeyValueCache::bytes() const {
  std::size_t n = 0;
  for (const Layer& layer : layers_)
    n += layer.keys.bytes() + layer.values.bytes() + layer.remembered.size() * sizeof(float);
  for (const auto& [name, state] : states_) n += state.bytes();
  return n;
}

KeyValueCache::Layer& KeyValueCache::layer(std::string_view name, int width, int heads,
                                           int window) {
  for (Layer& layer : layers_)
    if (layer.name == name) return layer;
  Layer& out = layers_.emplace_back();
  out.name = Name(name);
  out.heads = heads;
  out.window = window;
  out.capacity = window > 0 ? std::min(window, capacity_) : capacity_;
  out.keys = Tensor({batch_ * out.capacity, width});
  out.values = Tensor({batch_ * out.capacity, width});
  const auto entries = static_cast<std::size_t>(batch_) * static_cast<std::size_t>(heads) *
                       static_cast<std::size_t>(out.capacity);
  out.positions.resize(entries);
  out.places.resize(by_place_ ? entries : 0);
  out.remembered.resize(entries * numbers_);
  out.probabilities.resize(static_cast<std::size_t>(out.capacity));
  out.stream = stream_.fork(name);
  return out;
}

Tensor& KeyValueCache::state(std::string_view name, Shape shape) {
  for (auto& [known, state] : states_) {
    if (!(known == name)) continue;
    if (state.shape() == shape) return state;
    throw std::logic_error("the state of " + known.text() + " is " + state.shape().text() +
                           ", not " + shape.text());
  }
  return states_.emplace_back(Name(name), Tensor(shape)).second;
}

// Head h of sequence b.
struct KeyValueCache::Head {
  int b, h;
  std::int64_t index(const Layer& layer) const { return std::int64_t{b} * layer.heads + h; }
};

KeptEntries KeyValueCache::kept(Layer& layer, const Head& head, int now) const {
  const std::int64_t width = layer.keys.shape().back() / layer.heads,
                     first = head.index(layer) * layer.capacity,
                     begin = std::int64_t{head.b} * layer.capacity * layer.keys.shape().back() +
                             head.h * width;
  KeptEntries out;
  out.positions =
      std::span(layer.positions)
          .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(layer.stored));
  out.now = now;
  out.capacity = layer.capacity;
  out.window = layer.window;
  out.keys = layer.keys.floats().data() + begin;
  out.values = layer.values.floats().data() + begin;
  out.stride = static_cast<std::size_t>(layer.keys.shape().back());
  out.width = static_cast<std::size_t>(width);
  out.remembered = layer.remembered.data() + first * static_cast<std::int64_t>(numbers_);
  out.numbers = numbers_;
  return out;
}

namespace {

Arrival arrival_of(const KeyValueCache::Layer& layer, int head,
                   const KeyValueCache::Arrivals& arrivals, std::int64_t from) {
  const auto all = static_cast<std::size_t>(layer.keys.shape().back()),
             width = all / static_cast<std::size_t>(layer.heads),
             hidden = static_cast<std::size_t>(arrivals.hidden.shape().back()),
             row = static_cast<std::size_t>(from),
             at = row * all + static_cast<std::size_t>(head) * width;
  return {layer.name,
          head,
          arrivals.keys.floats().subspan(at, width),
          arrivals.values.floats().subspan(at, width),
          arrivals.hidden.floats().subspan(row * hidden, hidden),
          arrivals.parameters};
}

// The newest entry takes the row, and those that are newer than what it held move up.
void renumber(KeyValueCache::Layer& layer, int b, int h, int row, bool full) {
  const auto place = [&](int r) -> int& {
    return layer.places[static_cast<std::size_t>((b * layer.capacity + r) * layer.heads + h)];
  };
  for (int r = 0; full && r < layer.stored; ++r)
    if (place(r) > place(row) && r != row) --place(r);
  place(row) = layer.stored - 1;
}

}  // namespace

int KeyValueCache::row_for(Layer& layer, const Head& head, const Arrivals& arrivals,
                           std::int64_t from) const {
  const KeptEntries entries = kept(layer, head, layer.seen);
  if (!eviction_) return evictions::oldest(entries);
  const int row = eviction_->drop(entries, arrival_of(layer, head.h, arrivals, from), layer.stream);
  if (row < 0 || row >= layer.stored)
    throw std::logic_error(eviction_->spec().name + " drops row " + std::to_string(row) + " of " +
                           std::to_string(layer.stored));
  return row;
}

// Row `from` of what arrives takes a row of the cache: one that is free, or one that makes place.
void KeyValueCache::enter(Layer& layer, const Head& head, const Arrivals& arrivals,
                          std::int64_t from) const {
  const bool full = layer.seen >= layer.capacity;
  const int row = full ? row_for(layer, head, arrivals, from) : layer.stored - 1;
  if (by_place_) renumber(layer, head.b, head.h, row, full);
  layer.positions[static_cast<std::size_t>(head.index(layer) * layer.capacity + row)] = layer.seen;
  const std::int64_t width = layer.keys.shape().back(), part = width / layer.heads,
                     to = (std::int64_t{head.b} * layer.capacity + row) * width + head.h * part,
                     at = from * width + head.h * part;
  std::copy_n(arrivals.keys.floats().data() + at, part, layer.keys.floats().data() + to);
  std::copy_n(arrivals.values.floats().data() + at, part, layer.values.floats().data() + to);
  if (!eviction_) return;
  const KeptEntries entries = kept(layer, head, layer.seen);
  const std::span<float> memory = entries.memory(row);
  std::fill(memory.begin(), memory.end(), 0.0F);
  eviction_->arrive(entries, row, arrival_of(layer, head.h, arrivals, from));
}

void KeyValueCache::append(Layer& layer, const Arrivals& arrivals, std::span<const float> pattern) {
  const std::int64_t count = arrivals.keys.shape().rows() / batch_;
  const int first = layer.seen;
  for (std::int64_t i = 0; i < count; ++i, ++layer.seen) {
    if (layer.stored < layer.capacity) ++layer.stored;
    for (int b = 0; b < batch_; ++b)
      for (int h = 0; h < layer.heads; ++h) {
        const Head head = {b, h};
        enter(layer, head, arrivals, b * count + i);
        if (!reads_attention_ || pattern.empty()) continue;
        const KeptEntries entries = kept(layer, head, layer.seen);
        const float* seen = pattern.data() + (head.index(layer) * count + i) * count;
        for (int row = 0; row < layer.stored; ++row)
          layer.probabilities[static_cast<std::size_t>(row)] = seen[entries.position(row) - first];
        eviction_->attended(entries,
                            std::span(layer.probabilities).first(entries.positions.size()));
      }
  }
}

void KeyValueCache::attended(Layer& layer, std::span<const float> pattern) const {
  if (!reads_attention_) return;
  const auto stored = static_cast<std::size_t>(layer.stored);
  for (int b = 0; b < batch_; ++b)
    for (int h = 0; h < layer.heads; ++h) {
      const Head head = {b, h};
      eviction_->attended(
          kept(layer, head, layer.seen - 1),
          pattern.subspan(static_cast<std::size_t>(head.index(layer)) * stored, stored));
    }
}

}  // namespace assay::nn
