// Attention over the heads of sequences, each head a few small products; and rotary positions.
#include <cmath>
#include <numeric>

#include "components/nn/attention.h"
#include "components/nn/cores.h"
#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

namespace {

constexpr std::int64_t kShared = 1 << 14;  // entries of patterns that several cores share

struct Heads {
  AttentionShape s;
  int width;
  int head() const { return width / s.heads; }
  double scale() const { return 1.0 / std::sqrt(static_cast<double>(head())); }
  // The keys that query i sees: first … last - 1.
  int first(int i) const { return s.window > 0 ? std::max(0, position(i) - s.window + 1) : 0; }
  int last(int i) const {
    if (s.causal) return position(i) + 1;
    return s.window > 0 ? std::min(s.keys, position(i) + s.window) : s.keys;
  }
  int key_rows() const { return s.stride > 0 ? s.stride : s.keys; }
  int position(int i) const { return s.keys - s.queries + i; }
  std::int64_t pattern() const { return std::int64_t{s.queries} * s.keys; }
  // Calls visit(part, offset of q, offset of k, offset of the pattern) for each head of each
  // sequence, on as many cores as there are parts.
  template <class Visit>
  void each(const Visit& visit) const {
    in_parts(std::int64_t{s.batch} * s.heads, 1, kShared / std::max<std::int64_t>(1, pattern()),
             [&](int part, std::int64_t first, std::int64_t last) {
               for (std::int64_t at = first; at < last; ++at) {
                 const std::int64_t b = at / s.heads, h = at % s.heads, column = h * head();
                 visit(part, b * s.queries * width + column, b * key_rows() * width + column,
                       at * pattern());
               }
             });
  }
};

// p = softmax of each row's visible part of itself, 0 elsewhere.
template <class T>
void mask_and_normalise(const Heads& heads, T* p) {
  for (int i = 0; i < heads.s.queries; ++i, p += heads.s.keys) {
    const int first = heads.first(i), last = heads.last(i);
    std::fill(p, p + first, T(0));
    softmax_array(p + first, static_cast<T>(heads.scale()), p + first,
                  static_cast<std::size_t>(last - first));
    std::fill(p + last, p + heads.s.keys, T(0));
  }
}

template <class T>
void attend(const Heads& heads, const T* q, const T* k, const T* v, T* pattern, T* out) {
  const int n = heads.s.queries, m = heads.s.keys, w = heads.head(), wide = heads.width;
  heads.each([&](int, std::int64_t at, std::int64_t key, std::int64_t place) {
    T* p = pattern + place;
    product<T>({q + at, wide}, {k + key, wide, true}, {p, m}, n, w, m, T(1), false);
    mask_and_normalise(heads, p);
    product<T>({p, m}, {v + key, wide}, {out + at, wide}, n, m, w, T(1), false);
  });
}

// Null where no gradient is wanted. room: a pattern for each core.
template <class T>
struct AttentionGradients {
  T *dq, *dk, *dv;
  bool add_q, add_k, add_v;
};

template <class T>
void attend_backward(const Heads& heads, const T* q, const T* k, const T* v, const T* pattern,
                     const T* g, T* room, const AttentionGradients<T>& to) {
  const int n = heads.s.queries, m = heads.s.keys, w = heads.head(), wide = heads.width;
  const auto factor = static_cast<T>(heads.scale());
  heads.each([&](int part, std::int64_t at, std::int64_t key, std::int64_t place) {
    const T* p = pattern + place;
    T* dp = room + part * heads.pattern();
    if (to.dv)
      product<T>({p, m, true}, {g + at, wide}, {to.dv + key, wide}, m, n, w, T(1), to.add_v);
    if (!to.dq && !to.dk) return;
    product<T>({g + at, wide}, {v + key, wide, true}, {dp, m}, n, w, m, T(1), false);
    for (int i = 0; i < n; ++i) {
      const std::int64_t row = std::int64_t{i} * m;
      softmax_slope_array(p + row, dp + row, factor, dp + row, static_cast<std::size_t>(m));
    }
    if (to.dq) product<T>({dp, m}, {k + key, wide}, {to.dq + at, wide}, n, m, w, T(1), to.add_q);
    if (to.dk)
      product<T>({dp, m, true}, {q + at, wide}, {to.dk + key, wide}, m, n, w, T(1), to.add_k);
  });
}

void check_attention(Var q, Var k, Var v, const AttentionShape& s) {
  if (!(k.shape() == v.shape())) bad_shapes("attention", k, v);
  if (columns_of(q.shape()) != columns_of(k.shape())) bad_shapes("attention", q, k);
  if (s.heads < 1 || columns_of(q.shape()) % s.heads != 0)
    bad_shapes("attention", q, std::to_string(s.heads) + " heads");
  if (rows_of(q.shape()) != s.batch * s.queries)
    bad_shapes("attention", q,
               std::to_string(s.batch) + " sequences of " + std::to_string(s.queries));
  const int rows = s.stride > 0 ? s.stride : s.keys;
  if (rows_of(k.shape()) != s.batch * rows || s.keys < s.queries || rows < s.keys)
    bad_shapes("attention", k, std::to_string(s.batch) + " sequences of " + std::to_string(rows));
}

}  // namespace

Var attention(Var q, Var k, Var v, const AttentionShape& shape) {
  Tape::Numbers pattern(nullptr, 0);
  return attention(q, k, v, shape, pattern);
}

Var attention(Var q, Var k, Var v, const AttentionShape& shape, Tape::Numbers& probabilities) {
  check_attention(q, k, v, shape);
  const Heads heads = {shape, columns_of(q.shape())};
  const Tape::Numbers pattern = q.tape->numbers(heads.pattern() * shape.heads * shape.batch),
                      room = q.tape->numbers(heads.pattern() * cores());
  probabilities = pattern;
  const Var inputs[] = {q, k, v};
  return q.tape->custom(
      "attention", inputs, q.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          attend<T>(heads, in[0]->data<T>().data(), in[1]->data<T>().data(),
                    in[2]->data<T>().data(), pattern.as<T>().data(), out.data<T>().data());
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          // One tensor may be all three: zeros first then, as each part adds.
          const bool shared = in[0] == in[1] || in[1] == in[2] || in[0] == in[2];
          Tensor* tensors[3];
          bool add[3];
          for (std::size_t i = 0; i < 3; ++i) {
            const auto claim = shared ? Tape::Gradients::Claim{to[i], true} : to.claim(i);
            tensors[i] = claim.tensor;
            add[i] = claim.add;
          }
          const auto data = [&](std::size_t i) {
            return tensors[i] ? tensors[i]->data<T>().data() : nullptr;
          };
          attend_backward<T>(heads, in[0]->data<T>().data(), in[1]->data<T>().data(),
                             in[2]->data<T>().data(), pattern.as<T>().data(), grad.data<T>().data(),
                             room.as<T>().data(),
                             {data(0), data(1), data(2), add[0], add[1], add[2]});
        });
      });
}

namespace {

struct Rotation {
  int n, width, length, heads;
  const int* places;  // n x heads rows of the table; null: row r's is r mod length
  int half() const { return width / heads / 2; }
  std::int64_t row(std::int64_t at) const { return places ? places[at] : at / heads % length; }
};

// y = x turned by the angles of `table` (length x half x (cos, sin)), backwards where sign is -1;
// or added to y.
template <class T>
void turn(const Rotation& r, std::span<const double> table, T sign, const T* x, T* y, bool add) {
  const int half = r.half(), head = r.width / r.heads;
  rows_in_parts(r.n, r.width, [&](int, std::int64_t first, std::int64_t last) {
    const T* from = x + first * r.width;
    T* to = y + first * r.width;
    for (std::int64_t at = first * r.heads; at < last * r.heads; ++at, from += head, to += head) {
      const double* angles = table.data() + r.row(at) * half * 2;
      for (int j = 0; j < half; ++j) {
        const T c = static_cast<T>(angles[j]), s = sign * static_cast<T>(angles[half + j]);
        const T a = from[j], b = from[j + half];
        to[j] = (add ? to[j] : T(0)) + a * c - b * s;
        to[j + half] = (add ? to[j + half] : T(0)) + a * s + b * c;
      }
    }
  });
}

std::span<const double> angles_of(Tape& tape, std::span<const int> positions, int half,
                                  double base) {
  const auto table = tape.scratch<double>(positions.size() * static_cast<std::size_t>(2 * half));
  for (int j = 0; j < half; ++j) {
    const double turn_by = std::pow(base, -static_cast<double>(j) / half);
    for (std::size_t i = 0; i < positions.size(); ++i) {
      const double angle = positions[i] * turn_by;
      double* at = table.data() + i * static_cast<std::size_t>(2 * half);
      at[j] = std::cos(angle);
      at[half + j] = std::sin(angle);
    }
  }
  return table;
}

Var turned(Var x, const Rotation& r, std::span<const int> positions, double base) {
  if (r.heads < 1 || r.width % (2 * r.heads) != 0)
    bad_shapes("rotary", x, std::to_string(r.heads) + " heads of an even width");
  if (r.length < 1 || (!r.places && r.n % r.length != 0))
    bad_shapes("rotary", x, "sequences of " + std::to_string(r.length));
  const std::span<const double> angles = angles_of(*x.tape, positions, r.half(), base);
  const Var inputs[] = {x};
  return x.tape->custom(
      "rotary", inputs, x.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          turn<T>(r, angles, T(1), in[0]->data<T>().data(), out.data<T>().data(), false);
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          turn<T>(r, angles, T(-1), grad.data<T>().data(), claim.tensor->data<T>().data(),
                  claim.add);
        });
      });
}

}  // namespace

Var rotary(Var x, int length, int heads, int first, double base) {
  const auto positions = x.tape->scratch<int>(static_cast<std::size_t>(std::max(0, length)));
  std::iota(positions.begin(), positions.end(), first);
  return rotary(x, positions, heads, base);
}

Var rotary(Var x, std::span<const int> positions, int heads, double base) {
  const Rotation r = {rows_of(x.shape()), columns_of(x.shape()), static_cast<int>(positions.size()),
                      heads, nullptr};
  return turned(x, r, positions, base);
}

Var rotary_by_place(Var x, std::span<const int> places, int count, int heads, double base) {
  const Rotation r = {rows_of(x.shape()), columns_of(x.shape()), count, heads, places.data()};
  if (places.size() != static_cast<std::size_t>(r.n) * static_cast<std::size_t>(heads))
    bad_shapes("rotary", x, std::to_string(places.size()) + " places");
  const auto positions = x.tape->scratch<int>(static_cast<std::size_t>(count));
  std::iota(positions.begin(), positions.end(), 0);
  return turned(x, r, positions, base);
}

}  // namespace assay::nn
