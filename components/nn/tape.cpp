#include "components/nn/tape.h"

#include <deque>
#include <stdexcept>
#include <unordered_map>

namespace assay::nn {

namespace {

struct Record {
  Tensor value;
  Tensor gradient;            // allocated where wanted
  bool wants = false;         // a gradient
  bool has_gradient = false;  // since the last backward()
  std::vector<int> inputs;
  Tape::BackwardFn backward;
  const Parameter* parameter = nullptr;
};

}  // namespace

struct Tape::Impl {
  Dtype dtype = Dtype::kFloat32;
  std::deque<Record> records;  // the first `used` are of this step; the rest keep their memory
  std::size_t used = 0;
  std::unordered_map<const Parameter*, int> parameters;
  std::vector<const Tensor*> inputs;
  std::vector<Tensor*> gradients;

  Record& next() {
    if (used == records.size()) records.emplace_back();
    Record& record = records[used++];
    record.inputs.clear();
    record.backward = nullptr;
    record.parameter = nullptr;
    record.wants = false;
    record.has_gradient = false;
    return record;
  }

  Record& at(Var v) { return records.at(static_cast<std::size_t>(v.id)); }
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
  assign(impl_->next().value, value, impl_->dtype);
  return {this, static_cast<int>(impl_->used) - 1};
}

Var Tape::leaf(const Tensor& value) {
  const Var out = constant(value);
  impl_->at(out).wants = true;
  return out;
}

Var Tape::parameter(const Parameter& parameter) {
  const auto known = impl_->parameters.find(&parameter);
  if (known != impl_->parameters.end()) return {this, known->second};
  const Var out = leaf(parameter.value);
  impl_->at(out).parameter = &parameter;
  impl_->parameters.emplace(&parameter, out.id);
  return out;
}

const Tensor& Tape::value(Var v) const {
  return impl_->at(v).value;
}

const Tensor& Tape::gradient(Var v) const {
  Record& record = impl_->at(v);
  if (!record.has_gradient) {
    record.gradient.resize(record.value.shape(), impl_->dtype);
    record.gradient.fill(0.0);
  }
  return record.gradient;
}

const Tensor* Tape::gradient_of(const Parameter& parameter) const {
  const auto known = impl_->parameters.find(&parameter);
  if (known == impl_->parameters.end()) return nullptr;
  const Record& record = impl_->records[static_cast<std::size_t>(known->second)];
  return record.has_gradient ? &record.gradient : nullptr;
}

void Tape::backward(Var loss) {
  if (value(loss).count() != 1)
    throw std::invalid_argument("backward: the loss has shape " + loss.shape().text() +
                                ", not one number");
  for (std::size_t i = 0; i < impl_->used; ++i) {
    Record& record = impl_->records[i];
    if (!record.wants) continue;
    record.gradient.resize(record.value.shape(), impl_->dtype);
    record.gradient.fill(0.0);
    record.has_gradient = true;
  }
  if (!impl_->at(loss).wants) return;
  impl_->at(loss).gradient.fill(1.0);
  for (int id = loss.id; id >= 0; --id) {
    Record& record = impl_->records[static_cast<std::size_t>(id)];
    if (!record.wants || !record.backward) continue;
    impl_->inputs.clear();
    impl_->gradients.clear();
    for (const int input : record.inputs) {
      Record& in = impl_->records[static_cast<std::size_t>(input)];
      impl_->inputs.push_back(&in.value);
      impl_->gradients.push_back(in.wants ? &in.gradient : nullptr);
    }
    record.backward(impl_->inputs, record.value, record.gradient, impl_->gradients);
  }
  for (auto& [parameter, id] : impl_->parameters) {
    if (parameter->mask.empty()) continue;
    Tensor& gradient = impl_->records[static_cast<std::size_t>(id)].gradient;
    for (std::int64_t i = 0; i < gradient.count(); ++i)
      if (parameter->mask.get(i) == 0.0) gradient.set(i, 0.0);
  }
}

void Tape::reset() {
  impl_->used = 0;
  impl_->parameters.clear();
}

Var Tape::custom(std::string_view name, std::span<const Var> inputs, Shape shape,
                 const ForwardFn& forward, BackwardFn backward) {
  Record& record = impl_->next();
  const int id = static_cast<int>(impl_->used) - 1;
  impl_->inputs.clear();
  for (const Var input : inputs) {
    if (input.tape != this)
      throw std::invalid_argument(std::string(name) + ": an input lies on another tape");
    record.inputs.push_back(input.id);
    record.wants = record.wants || impl_->at(input).wants;
    impl_->inputs.push_back(&impl_->at(input).value);
  }
  record.value.resize(shape, impl_->dtype);
  forward(impl_->inputs, record.value);
  if (record.wants) record.backward = std::move(backward);
  return {this, id};
}

}  // namespace assay::nn
