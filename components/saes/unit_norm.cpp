#include "components/saes/unit_norm.h"

#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/vector_math.h"

namespace assay::saes {

void declare_sae(nn::Parameters& out, const SaeFormat& format, int latents, const Stream& init) {
  const int features = format.features();
  out.add("decoder.weight", nn::Tensor::normal({latents, features}, 1.0, init.fork("decoder")),
          nn::Role::kWeight);
  unit_decoder(out);
  // Tied at the start (Gao et al. 2024, section 2.4): fewer latents die.
  const nn::Tensor tied = out.get("decoder.weight").value;
  out.add("encoder.weight", tied, nn::Role::kWeight);
  out.add("encoder.bias", nn::Tensor({latents}), nn::Role::kBias);
  out.add("decoder.bias", nn::Tensor({features}), nn::Role::kBias);
}

void declare_free_norms(nn::Parameters& out, const SaeFormat& format, int latents, double norm,
                        const Stream& init) {
  declare_sae(out, format, latents, init);
  for (const char* name : {"encoder.weight", "decoder.weight"}) {
    nn::Tensor& rows = out.get(name).value;
    for (std::int64_t i = 0; i < rows.count(); ++i) rows.set(i, norm * rows.get(i));
  }
}

nn::Var row_norms(nn::Var rows, int first, int count) {
  const nn::Var squares = nn::sum_columns(nn::square(nn::slice_columns(rows, first, count)));
  // exp(log / 2): the root, whose slope at 0 the shift keeps finite.
  return nn::exp(nn::scale(nn::log(nn::shift(squares, 1e-12)), 0.5));
}

std::string DecoderNorms::check_norms() const {
  return project && !unit_norm ? "project keeps the norms of the decoder's rows; it needs unit_norm"
                               : "";
}

nn::Var DecoderNorms::directions(nn::Forward& pass) const {
  const nn::Var rows = pass.parameter("decoder.weight");
  return project ? unit_rows(rows) : rows;
}

void DecoderNorms::keep_norms(nn::Parameters& parameters) const {
  if (unit_norm) unit_decoder(parameters);
}

nn::Var centred(nn::Forward& pass, nn::Var x) {
  return nn::add_row(x, nn::scale(pass.parameter("decoder.bias"), -1.0));
}

nn::Var pre_activations(nn::Forward& pass, nn::Var x) {
  return nn::add_row(nn::matmul_transposed(centred(pass, x), pass.parameter("encoder.weight")),
                     pass.parameter("encoder.bias"));
}

nn::Var uncentred_code(nn::Forward& pass, nn::Var x) {
  return nn::linear(x, pass.parameter("encoder.weight"), pass.parameter("encoder.bias"),
                    nn::Activation::kRelu);
}

nn::Var decode_linear(nn::Forward& pass, nn::Var code) {
  return nn::add_row(nn::matmul(code, pass.parameter("decoder.weight")),
                     pass.parameter("decoder.bias"));
}

void unit_decoder(nn::Parameters& parameters) {
  nn::Tensor& rows = parameters.get("decoder.weight").value;
  const int d = rows.shape().back();
  nn::dispatch(rows.dtype(), [&](auto t) {
    using T = decltype(t);
    T* row = rows.data<T>().data();
    for (std::int64_t r = 0; r < rows.shape().rows(); ++r, row += d) {
      const T squares = nn::dot_array(row, row, static_cast<std::size_t>(d));
      const T scale = T(1) / std::max(std::sqrt(squares), T(1e-12));
      for (int j = 0; j < d; ++j) row[j] *= scale;
    }
  });
}

nn::Var unit_rows(nn::Var rows) {
  const int d = rows.shape().back();
  const std::int64_t n = rows.shape().rows();
  const nn::Tape::Numbers norms = rows.tape->numbers(n);
  const nn::Var inputs[] = {rows};
  return rows.tape->custom(
      "unit_rows", inputs, rows.shape(),
      [=](nn::Tape::Inputs in, nn::Tensor& out) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          for (std::int64_t r = 0; r < n; ++r, x += d, y += d) {
            const T norm = std::sqrt(nn::dot_array(x, x, static_cast<std::size_t>(d)));
            norms.as<T>()[static_cast<std::size_t>(r)] = std::max(norm, T(1e-12));
            for (int j = 0; j < d; ++j) y[j] = x[j] / norms.as<T>()[static_cast<std::size_t>(r)];
          }
        });
      },
      [=](nn::Tape::Inputs, const nn::Tensor& out, const nn::Tensor& grad, nn::Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *y = out.data<T>().data(), *g = grad.data<T>().data();
          T* dx = claim.tensor->data<T>().data();
          for (std::int64_t r = 0; r < n; ++r, y += d, g += d, dx += d) {
            const T along = nn::dot_array(y, g, static_cast<std::size_t>(d));
            const T norm = norms.as<T>()[static_cast<std::size_t>(r)];
            for (int j = 0; j < d; ++j)
              dx[j] = (claim.add ? dx[j] : T(0)) + (g[j] - along * y[j]) / norm;
          }
        });
      });
}

nn::Var mean_square(nn::Var rebuilt, nn::Var target) {
  return nn::squared_distance(rebuilt, target, 1.0 / target.shape()[0]);
}

double warmed_up(const nn::Forward& pass, double share) {
  return share > 0 ? std::min(1.0, pass.progress() / share) : 1.0;
}

nn::Var positive(nn::Var a) {
  nn::Tape& tape = *a.tape;
  return tape.constant(a.shape(), [&](nn::Tensor& out) {
    nn::dispatch(out.dtype(), [&](auto t) {
      using T = decltype(t);
      const auto x = tape.value(a).template data<T>();
      const auto y = out.data<T>();
      for (std::size_t i = 0; i < y.size(); ++i) y[i] = x[i] > T(0) ? T(1) : T(0);
    });
  });
}

}  // namespace assay::saes
