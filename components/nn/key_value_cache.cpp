#include "components/nn/key_value_cache.h"

#include <stdexcept>

namespace assay::nn {

KeyValueCache::KeyValueCache(int batch, int capacity, int sinks)
    : batch_(batch),
      capacity_(capacity),
      sinks_(sinks) {
  if (batch < 1 || capacity < 1 || sinks < 0 || sinks >= capacity)
    throw std::invalid_argument("a cache of " + std::to_string(capacity) + " positions with " +
                                std::to_string(sinks) + " sinks");
}

std::size_t KeyValueCache::bytes() const {
  std::size_t n = 0;
  for (const Layer& layer : layers_) n += layer.keys.bytes() + layer.values.bytes();
  for (const auto& [name, state] : states_) n += state.bytes();
  return n;
}

KeyValueCache::Layer& KeyValueCache::layer(std::string_view name, int width, int most) {
  for (Layer& layer : layers_)
    if (layer.name == name) return layer;
  Layer& out = layers_.emplace_back();
  out.name = Name(name);
  out.capacity = most > 0 ? std::min(most, capacity_) : capacity_;
  out.oldest = std::min(sinks_, out.capacity - 1);
  out.keys = Tensor({batch_ * out.capacity, width});
  out.values = Tensor({batch_ * out.capacity, width});
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

int KeyValueCache::place(const Layer& layer, int row) const {
  const int sinks = std::min(sinks_, layer.capacity - 1);
  if (row < sinks || layer.stored < layer.capacity) return row;
  const int others = layer.capacity - sinks;
  return sinks + (row - layer.oldest + others) % others;
}

void KeyValueCache::append(Layer& layer, const Tensor& k, const Tensor& v) {
  const int count = static_cast<int>(k.shape().rows()) / batch_, width = k.shape().back();
  const int sinks = std::min(sinks_, layer.capacity - 1);
  for (int i = 0; i < count; ++i) {
    int row = layer.stored;
    if (layer.stored < layer.capacity) {
      ++layer.stored;
    } else {
      row = layer.oldest;
      layer.oldest = row + 1 < layer.capacity ? row + 1 : sinks;
    }
    for (int b = 0; b < batch_; ++b) {
      const std::int64_t from = (std::int64_t{b} * count + i) * width,
                         to = (std::int64_t{b} * layer.capacity + row) * width;
      std::copy_n(k.floats().data() + from, width, layer.keys.floats().data() + to);
      std::copy_n(v.floats().data() + from, width, layer.values.floats().data() + to);
    }
  }
}

}  // namespace assay::nn
