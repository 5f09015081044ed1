#include "components/nn/tape.h"

#include <cstddef>
#include <deque>
#include <stdexcept>
#include <vector>

#include "components/nn/dispatch.h"

namespace assay::nn {

namespace {

// Memory that is handed out piece by piece and taken back all at once. Blocks stay for the next
// step.
class Arena {
 public:
  void* take(std::size_t bytes, std::size_t alignment) {
    for (;; ++block_, used_ = 0) {
      if (block_ == blocks_.size()) blocks_.emplace_back(std::max(kBlock, bytes + alignment));
      std::vector<std::byte>& block = blocks_[block_];
      void* at = block.data() + used_;
      std::size_t left = block.size() - used_;
      if (!std::align(alignment, bytes, at, left)) continue;
      used_ = block.size() - left + bytes;
      return at;
    }
  }
  void reset() { block_ = used_ = 0; }

 private:
  static constexpr std::size_t kBlock = std::size_t{1} << 16;
  std::deque<std::vector<std::byte>> blocks_;
  std::size_t block_ = 0, used_ = 0;
};

struct Record {
  const Tensor* value = nullptr;  // `own`, or a parameter's
  Tensor own;
  Tensor gradient;       // allocated where wanted
  bool wants = false;    // a gradient
  bool touched = false;  // its gradient holds something since the last backward()
  std::size_t first_input = 0, inputs = 0;
  const void* kept = nullptr;  // the backward operation; null where there is none
  void (*invoke)(const void*, Tape::Inputs, const Tensor&, const Tensor&,
                 Tape::Gradients) = nullptr;
  const Parameter* parameter = nullptr;
  std::string_view operation;
  std::string_view label;
};

// Which record holds a parameter: open addressing, emptied by counting steps.
class ParameterIndex {
 public:
  const int* find(const Parameter* parameter) const {
    for (std::size_t i = hash(parameter);; ++i) {
      const Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.step != step_) return nullptr;
      if (slot.parameter == parameter) return &slot.record;
    }
  }
  void add(const Parameter* parameter, int record) {
    if (2 * ++count_ > slots_.size()) grow();
    place(parameter, record);
  }
  void clear() { ++step_, count_ = 0; }

 private:
  struct Slot {
    const Parameter* parameter = nullptr;
    int record = -1;
    std::uint64_t step = 0;
  };
  static std::size_t hash(const Parameter* parameter) {
    return (reinterpret_cast<std::uintptr_t>(parameter) >> 4U) * 0x9E3779B97F4A7C15ULL >> 20U;
  }
  void place(const Parameter* parameter, int record) {
    for (std::size_t i = hash(parameter);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.step == step_) continue;
      slot = {parameter, record, step_};
      return;
    }
  }
  void grow() {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(2 * slots_.size()));
    for (const Slot& slot : old)
      if (slot.step == step_) place(slot.parameter, slot.record);
  }

  std::vector<Slot> slots_ = std::vector<Slot>(64);
  std::uint64_t step_ = 1;
  std::size_t count_ = 0;
};

}  // namespace

namespace {

void apply_mask(const Tensor& mask, Tensor& gradient) {
  dispatch(gradient.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto g = gradient.data<T>();
    if (mask.dtype() == gradient.dtype()) {
      const T* keep = mask.data<T>().data();
      for (std::size_t i = 0; i < g.size(); ++i) g[i] = keep[i] == T(0) ? T(0) : g[i];
    } else {
      for (std::size_t i = 0; i < g.size(); ++i)
        if (mask.get(static_cast<std::int64_t>(i)) == 0.0) g[i] = T(0);
    }
  });
}

}  // namespace

struct Tape::Impl {
  Dtype dtype = Dtype::kFloat32;
  std::deque<Record> records;  // the first `used` are of this step; the rest keep their memory
  std::size_t used = 0;
  ParameterIndex parameters;
  Arena arena;
  std::vector<int> inputs;  // of all records, one after the other
  std::vector<const Tensor*> values;
  std::vector<Tape::Gradients::Entry> gradients;

  Record& next() {
    if (used == records.size()) records.emplace_back();
    Record& record = records[used++];
    record.value = &record.own;
    record.first_input = inputs.size();
    record.inputs = 0;
    record.kept = nullptr;
    record.parameter = nullptr;
    record.wants = false;
    record.touched = false;
    record.operation = record.label = {};
    return record;
  }
  // Hands the gradient of a record on to its inputs.
  void step_back(const Record& record) {
    values.clear();
    gradients.clear();
    for (std::size_t i = 0; i < record.inputs; ++i) {
      Record& in = at(inputs[record.first_input + i]);
      values.push_back(in.value);
      if (in.wants && !in.touched) in.gradient.resize(in.value->shape(), dtype);
      gradients.push_back(in.wants ? Tape::Gradients::Entry{&in.gradient, &in.touched}
                                   : Tape::Gradients::Entry{});
    }
    record.invoke(record.kept, values, *record.value, record.gradient, Tape::Gradients(gradients));
  }
  // A parameter has a gradient, zeros where nothing gave it one, none where it is pruned.
  void settle(Record& record) const {
    if (!record.touched) {
      record.gradient.resize(record.value->shape(), dtype);
      record.gradient.fill(0.0);
      record.touched = true;
    }
    if (!record.parameter->mask.empty()) apply_mask(record.parameter->mask, record.gradient);
  }
  // The first operation after `id` that takes its value and gave it a gradient.
  int taken_by(int id) {
    for (int later = id + 1; later < static_cast<int>(used); ++later) {
      const Record& record = at(later);
      const auto first = inputs.begin() + static_cast<std::ptrdiff_t>(record.first_input);
      const auto last = first + static_cast<std::ptrdiff_t>(record.inputs);
      if (record.touched && std::find(first, last, id) != last) return later;
    }
    return id;
  }

  Record& at(Var v) { return records.at(static_cast<std::size_t>(v.id)); }
  Record& at(int id) { return records[static_cast<std::size_t>(id)]; }
};

Tape::Tape(Dtype dtype) : impl_(std::make_unique<Impl>()) {
  impl_->dtype = dtype;
}
Tape::~Tape() = default;

Dtype Tape::dtype() const {
  return impl_->dtype;
}

const Shape& Var::shape() const {
  return tape->value(*this).shape();
}

namespace {

// Copies into memory that is there already where it suffices.
void assign(Tensor& to, const Tensor& from, Dtype dtype) {
  to.resize(from.shape(), dtype);
  if (from.dtype() == dtype && dtype == Dtype::kFloat32) {
    std::copy(from.floats().begin(), from.floats().end(), to.floats().begin());
    return;
  }
  for (std::int64_t i = 0; i < from.count(); ++i) to.set(i, from.get(i));
}

}  // namespace

Var Tape::constant(const Tensor& value) {
  Record& record = impl_->next();
  record.operation = "input";
  assign(record.own, value, impl_->dtype);
  return last();
}

Var Tape::borrow(const Tensor& value) {
  if (value.dtype() != impl_->dtype)
    throw std::invalid_argument("borrow: the tape holds numbers of another type");
  Record& record = impl_->next();
  record.operation = "input";
  record.value = &value;
  return last();
}

Var Tape::leaf(const Tensor& value) {
  const Var out = constant(value);
  impl_->at(out).wants = true;
  return out;
}

Var Tape::parameter(const Parameter& parameter) {
  if (const int* known = impl_->parameters.find(&parameter)) return {this, *known};
  Record& record = impl_->next();
  if (parameter.value.dtype() == impl_->dtype)
    record.value = &parameter.value;
  else
    assign(record.own, parameter.value, impl_->dtype);
  record.wants = !parameter.frozen;
  record.parameter = &parameter;
  const Var out = last();
  impl_->parameters.add(&parameter, out.id);
  return out;
}

const Tensor& Tape::value(Var v) const {
  return *impl_->at(v).value;
}

const Tensor& Tape::gradient(Var v) const {
  Record& record = impl_->at(v);
  if (!record.touched) {
    record.gradient.resize(record.value->shape(), impl_->dtype);
    record.gradient.fill(0.0);
  }
  return record.gradient;
}

const Tensor* Tape::gradient_of(const Parameter& parameter) const {
  const int* known = impl_->parameters.find(&parameter);
  if (!known) return nullptr;
  const Record& record = impl_->at(*known);
  return record.touched ? &record.gradient : nullptr;
}

std::size_t Tape::value_bytes() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < impl_->used; ++i)
    if (impl_->records[i].inputs > 0) total += impl_->records[i].own.bytes();
  return total;
}

void Tape::backward(Var loss) {
  if (value(loss).count() != 1)
    throw std::invalid_argument("backward: the loss is " + describe(loss) + ", not one number");
  for (std::size_t i = 0; i < impl_->used; ++i) impl_->records[i].touched = false;
  if (Record& last = impl_->at(loss); last.wants) {
    last.gradient.resize(last.value->shape(), impl_->dtype);
    last.gradient.fill(1.0);
    last.touched = true;
  }
  for (int id = loss.id; id >= 0; --id)
    if (const Record& record = impl_->at(id); record.kept && record.touched)
      impl_->step_back(record);
  for (std::size_t i = 0; i < impl_->used; ++i)
    if (Record& record = impl_->records[i]; record.parameter && record.wants) impl_->settle(record);
}

void Tape::label(Var v, std::string_view name) {
  if (!impl_->at(v).label.empty()) return;
  const std::span<const char> kept = keep(std::span<const char>(name.data(), name.size()));
  impl_->at(v).label = {kept.data(), kept.size()};
}

std::string Tape::describe(Var v) const {
  const Record& record = impl_->at(v);
  const std::string shape = " (" + record.value->shape().text() + ")";
  if (record.parameter) return "parameter " + record.parameter->name + shape;
  std::string out(record.operation);
  if (!record.label.empty()) return out + " at " + std::string(record.label) + shape;
  // The nearest named value on the way here.
  for (const Record* at = &record; at->inputs > 0;) {
    at = &impl_->at(impl_->inputs[at->first_input]);
    if (at->parameter) return out + " of " + at->parameter->name + shape;
    if (!at->label.empty()) return out + " after " + std::string(at->label) + shape;
  }
  return out + shape;
}

namespace {

// Infinity times 0 is NaN, and NaN stays: one sum tells of all numbers.
bool finite(const Tensor& x) {
  bool out = true;
  dispatch(x.dtype(), [&](auto t) {
    using T = decltype(t);
    constexpr std::size_t kLanes = 8;
    T sums[kLanes] = {};
    const auto values = x.data<T>();
    std::size_t i = 0;
    for (; i + kLanes <= values.size(); i += kLanes)
      for (std::size_t l = 0; l < kLanes; ++l) sums[l] += values[i + l] * T(0);
    for (; i < values.size(); ++i) sums[0] += values[i] * T(0);
    for (const T sum : sums) out = out && sum == T(0);
  });
  return out;
}

}  // namespace

void Tape::require_finite(Var loss) const {
  if (!finite(value(loss))) {
    for (int id = 0; id <= loss.id; ++id)
      if (!finite(*impl_->at(id).value))
        throw std::runtime_error("NaN or infinity first in the value of " +
                                 describe({loss.tape, id}));
  }
  for (std::size_t i = 0; i < impl_->used; ++i) {
    const Record& wrong = impl_->records[i];
    if (!wrong.parameter || !wrong.touched || finite(wrong.gradient)) continue;
    int id = loss.id;
    while (id > 0 && (!impl_->at(id).touched || finite(impl_->at(id).gradient))) --id;
    // The gradients of later values are finite.
    const int by = impl_->taken_by(id);
    throw std::runtime_error("NaN or infinity in the gradient of parameter " +
                             wrong.parameter->name + ", first in that of " +
                             describe({loss.tape, id}) + " by " + describe({loss.tape, by}));
  }
}

void Tape::reset() {
  impl_->used = 0;
  impl_->inputs.clear();
  impl_->parameters.clear();
  impl_->arena.reset();
}

Tensor& Tape::begin(std::string_view name, std::span<const Var> inputs, Shape shape) {
  Record& record = impl_->next();
  record.operation = name;
  impl_->values.clear();
  for (const Var input : inputs) {
    if (input.tape != this)
      throw std::invalid_argument(std::string(name) + ": an input lies on another tape");
    const Record& in = impl_->at(input);
    impl_->inputs.push_back(input.id);
    impl_->values.push_back(in.value);
    record.wants = record.wants || in.wants;
  }
  record.inputs = inputs.size();
  record.own.resize(shape, impl_->dtype);
  return record.own;
}

Tape::Inputs Tape::operands() const {
  return impl_->values;
}

void* Tape::room_for_backward(std::size_t bytes, std::size_t alignment) {
  return impl_->at(last()).wants ? memory(bytes, alignment) : nullptr;
}

void Tape::set_backward(const void* kept, Invoke invoke) {
  Record& record = impl_->at(last());
  record.kept = kept;
  record.invoke = invoke;
}

Var Tape::last() {
  return {this, static_cast<int>(impl_->used) - 1};
}

void* Tape::memory(std::size_t bytes, std::size_t alignment) {
  return impl_->arena.take(bytes, alignment);
}

}  // namespace assay::nn
