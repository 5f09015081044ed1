// s ~ N(mu, sigma²), then `iterations` times, with attention A over the slots of each row:
//   A = softmax over slots of k(norm x) q(norm s)ᵀ / sqrt(width),  W = (A + e) / sum over rows,
//   s = gru(state s, input Wᵀ v(norm x)),  s = s + mlp(norm s)
// where norm is layer normalisation and e = 1e-8.
#include "components/models/slot_attention.h"

#include <cmath>

#include "components/nn/transpose.h"

namespace assay {

using nn::Name;
using nn::Tensor;
using nn::Var;

namespace {

void declare_norm(nn::Parameters& out, const Name& name, int width) {
  out.add(Name(name, ".gain").text(), Tensor::full({width}, 1.0), nn::Role::kOther);
  out.add(Name(name, ".bias").text(), Tensor({width}), nn::Role::kBias);
}

Var norm(nn::Forward& pass, const Name& name, Var x) {
  const Var gain = pass.parameter(Name(name, ".gain"));
  return nn::layer_norm(x, gain, pass.parameter(Name(name, ".bias")));
}

// Cho et al. 2014: r, z = sigmoid(…), n = tanh(W u + r * U h), z h + (1 - z) n.
Var gru(nn::Forward& pass, std::string_view name, Var input, Var state) {
  const int d = state.shape().back();
  const Var a = pass.linear(Name(name, ".gru_input"), input);
  const Var b = pass.linear(Name(name, ".gru_state"), state);
  const auto gate = [&](int i) {
    return nn::sigmoid(nn::add(nn::slice_columns(a, i * d, d), nn::slice_columns(b, i * d, d)));
  };
  const Var reset = gate(0), keep = gate(1);
  const Var fresh = nn::tanh(
      nn::add(nn::slice_columns(a, 2 * d, d), nn::multiply(reset, nn::slice_columns(b, 2 * d, d))));
  return nn::add(fresh, nn::multiply(keep, nn::subtract(state, fresh)));
}

}  // namespace

void SlotAttention::declare(nn::Parameters& out, std::string_view name, int inputs,
                            const Stream& init) const {
  out.add(Name(name, ".mean").text(),
          Tensor::normal({width}, std::sqrt(1.0 / width), init.fork(Name(name, ".mean"))),
          nn::Role::kOther);
  out.add(Name(name, ".log_deviation").text(), Tensor({width}), nn::Role::kOther);
  declare_norm(out, Name(name, ".input_norm"), inputs);
  declare_norm(out, Name(name, ".query_norm"), width);
  declare_norm(out, Name(name, ".mlp_norm"), width);
  const auto bare = [&](const char* layer, int from) {
    nn::declare_linear(out, Name(name, layer), from, width, 1.0, init, nn::Role::kWeight, false);
  };
  bare(".keys", inputs);
  bare(".values", inputs);
  bare(".queries", width);
  nn::declare_linear(out, Name(name, ".gru_input"), width, 3 * width, 1.0, init);
  nn::declare_linear(out, Name(name, ".gru_state"), width, 3 * width, 1.0, init);
  nn::declare_linear(out, Name(name, ".mlp1"), width, hidden, 2.0, init);
  nn::declare_linear(out, Name(name, ".mlp2"), hidden, width, 1.0, init);
}

Var SlotAttention::apply(nn::Forward& pass, std::string_view name, Var x, int batch) const {
  const int rows = batch > 0 ? x.shape()[0] / batch : 0, all = batch * slots;
  x = norm(pass, Name(name, ".input_norm"), x);
  const Var keys = nn::reshape(pass.linear(Name(name, ".keys"), x), {batch, rows, width});
  const Var values = nn::reshape(pass.linear(Name(name, ".values"), x), {batch, rows, width});

  Stream draw = pass.training() ? pass.stream(name) : Stream(0).fork("slots");
  const int drawn = pass.training() ? all : slots;
  const Var noise = pass.tape().constant({all, width}, [&](Tensor& out) {
    const std::int64_t fresh = std::int64_t{drawn} * width;
    for (std::int64_t i = 0; i < out.count(); ++i)
      out.set(i, i < fresh ? draw.normal() : out.get(i - fresh));
  });
  const Var deviation = nn::exp(pass.parameter(Name(name, ".log_deviation")));
  Var s = nn::add_row(nn::multiply_row(noise, deviation), pass.parameter(Name(name, ".mean")));
  for (int i = 0; i < iterations; ++i) {
    const Var queries =
        nn::scale(pass.linear(Name(name, ".queries"), norm(pass, Name(name, ".query_norm"), s)),
                  1.0 / std::sqrt(width));
    const Var attention = nn::softmax(
        nn::matmul_batched_transposed(keys, nn::reshape(queries, {batch, slots, width})));
    const Var weights = nn::transpose(nn::shift(attention, 1e-8));
    const Var over_total = nn::exp(nn::scale(nn::log(nn::sum_columns(weights)), -1.0));
    const Var seen = nn::multiply_column(
        nn::reshape(nn::matmul_batched(weights, values), {all, width}), over_total);
    s = gru(pass, name, seen, s);
    const Var inner = pass.linear(Name(name, ".mlp1"), norm(pass, Name(name, ".mlp_norm"), s),
                                  nn::Activation::kRelu);
    s = nn::add(s, pass.linear(Name(name, ".mlp2"), inner));
  }
  return pass.site(name, s);
}

}  // namespace assay
