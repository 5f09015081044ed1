#include "components/nn/derivatives.h"

#include <cmath>
#include <stdexcept>

namespace assay::nn {

namespace {

std::vector<Tensor> gradients_on(Tape& tape, const Parameters& parameters, const LossOf& loss,
                                 Stream stream) {
  Forward pass(tape, parameters, true, stream);
  pass.begin(stream);
  tape.backward(pass.training_loss(loss(pass)));
  std::vector<Tensor> out;
  for (const Parameter& p : parameters) {
    const Tensor* gradient = tape.gradient_of(p);
    out.push_back(gradient ? *gradient : Tensor(p.value.shape(), tape.dtype()));
  }
  return out;
}

}  // namespace

std::vector<Tensor> gradients(const Parameters& parameters, const LossOf& loss, Stream stream) {
  Tape tape(parameters.size() > 0 ? parameters.begin()->value.dtype() : Dtype::kFloat32);
  return gradients_on(tape, parameters, loss, stream);
}

std::vector<std::vector<Tensor>> per_sample_gradients(
    const Parameters& parameters, int count, const std::function<Var(Forward&, int)>& loss_of,
    Stream stream) {
  Tape tape(parameters.size() > 0 ? parameters.begin()->value.dtype() : Dtype::kFloat32);
  std::vector<std::vector<Tensor>> out;
  for (int i = 0; i < count; ++i)
    out.push_back(gradients_on(
        tape, parameters, [&](Forward& pass) { return loss_of(pass, i); }, stream));
  return out;
}

std::vector<Tensor> hessian_vector_product(const Parameters& parameters, const LossOf& loss,
                                           const std::vector<Tensor>& v, Stream stream) {
  if (v.size() != parameters.size())
    throw std::invalid_argument("hessian_vector_product: " + std::to_string(v.size()) +
                                " directions for " + std::to_string(parameters.size()) +
                                " parameters");
  double squares = 0.0;
  std::size_t at = 0;
  for (const Parameter& p : parameters) {
    const Tensor& direction = v[at++];
    if (!(direction.shape() == p.value.shape()))
      throw std::invalid_argument("hessian_vector_product: the direction of " + p.name + " is " +
                                  direction.shape().text());
    for (std::int64_t i = 0; i < direction.count(); ++i)
      squares += direction.get(i) * direction.get(i);
  }
  const double length = std::sqrt(squares), h = 1e-4;
  Tape tape(Dtype::kFloat64);
  const auto moved = [&](double step) {
    Parameters there = parameters.to(Dtype::kFloat64);
    std::size_t index = 0;
    for (Parameter& p : there) {
      const Tensor& direction = v[index++];
      for (std::int64_t i = 0; length > 0 && i < direction.count(); ++i)
        p.value.set(i, p.value.get(i) + step * direction.get(i) / length);
    }
    return gradients_on(tape, there, loss, stream);
  };
  std::vector<Tensor> up = moved(h);
  const std::vector<Tensor> down = moved(-h);
  for (std::size_t k = 0; k < up.size(); ++k)
    for (std::int64_t i = 0; i < up[k].count(); ++i)
      up[k].set(i, (up[k].get(i) - down[k].get(i)) * length / (2 * h));
  return up;
}

}  // namespace assay::nn
