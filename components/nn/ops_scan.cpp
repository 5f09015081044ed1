// Recurrences over the positions of sequences that are linear in their state.
#include <array>
#include <cmath>

#include "components/nn/product_op.h"

namespace assay::nn {

namespace {

void check_state(const char* name, Var by, const Tensor* state, std::int64_t count) {
  if (state && (state->count() != count || state->dtype() != by.tape->dtype()))
    bad_shapes(name, by, "a state of " + state->shape().text());
}

struct Scan {
  int n, d, length;
  bool fixed;   // a is one row
  bool begins;  // h_{-1} = 0
};

struct Columns {
  std::int64_t first, last;
};

// before: h_{-1} of each sequence.
template <class T>
void scan_forward(const Scan& s, const T* a, const T* b, const T* before, T* h, Columns columns) {
  for (int i = 0; i < s.n; ++i, b += s.d, h += s.d) {
    const bool first = i % s.length == 0;
    if (first && s.begins) {
      std::copy(b + columns.first, b + columns.last, h + columns.first);
    } else {
      const T* last = first ? before + std::int64_t{i / s.length} * s.d : h - s.d;
      for (std::int64_t j = columns.first; j < columns.last; ++j) h[j] = a[j] * last[j] + b[j];
    }
    if (!s.fixed) a += s.d;
  }
}

// db_t = g_t + a_{t+1} db_{t+1}; da_t += db_t h_{t-1}. db has room for all rows.
template <class T>
void scan_backward(const Scan& s, const T* a, const T* before, const T* h, const T* g, T* db, T* da,
                   Columns columns) {
  for (std::int64_t i = s.n - 1; i >= 0; --i) {
    const T *slope = g + i * s.d, *state = h + i * s.d;
    T* row = db + i * s.d;
    const bool last = (i + 1) % s.length == 0, first = i % s.length == 0;
    const T* next = a + (s.fixed ? 0 : (i + 1) * s.d);
    for (std::int64_t j = columns.first; j < columns.last; ++j)
      row[j] = last ? slope[j] : slope[j] + next[j] * row[j + s.d];
    if (!da || (first && s.begins)) continue;
    T* to = da + (s.fixed ? 0 : i * s.d);
    const T* past = first ? before + i / s.length * s.d : state - s.d;
    for (std::int64_t j = columns.first; j < columns.last; ++j) to[j] += row[j] * past[j];
  }
}

}  // namespace

Var linear_scan(Var a, Var b, int length, Tensor* state) {
  const Scan s = {rows_of(b.shape()), columns_of(b.shape()), length,
                  a.shape().count() == columns_of(b.shape()), state == nullptr};
  if (!s.fixed && !(a.shape() == b.shape())) bad_shapes("linear_scan", a, b);
  if (length < 1 || s.n % length != 0)
    bad_shapes("linear_scan", b, "sequences of " + std::to_string(length));
  const Var inputs[] = {a, b};
  const Tape::Numbers room = b.tape->numbers(b.shape().count());
  const std::int64_t handed_on = std::int64_t{s.n / s.length} * s.d;
  check_state("linear_scan", b, state, handed_on);
  const Tape::Numbers before = b.tape->numbers(state ? handed_on : 0);
  return b.tape->custom(
      "linear_scan", inputs, b.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          T* h = out.data<T>().data();
          if (state) std::copy_n(state->data<T>().data(), handed_on, before.as<T>().data());
          columns_in_parts(s.n, s.d, [&](int, std::int64_t first, std::int64_t last) {
            scan_forward<T>(s, in[0]->data<T>().data(), in[1]->data<T>().data(),
                            before.as<T>().data(), h, {first, last});
          });
          for (std::int64_t i = 0; state && i < s.n / s.length; ++i)
            std::copy_n(h + ((i + 1) * s.length - 1) * s.d, s.d, state->data<T>().data() + i * s.d);
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor *da = to[0], *db = to[1];
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto slopes = room.as<T>();
          columns_in_parts(s.n, s.d, [&](int, std::int64_t first, std::int64_t last) {
            scan_backward<T>(s, in[0]->data<T>().data(), before.as<T>().data(),
                             out.data<T>().data(), grad.data<T>().data(), slopes.data(),
                             da ? da->data<T>().data() : nullptr, {first, last});
          });
          for (std::size_t i = 0; db && i < slopes.size(); ++i) db->data<T>()[i] += slopes[i];
        });
      });
}

namespace {

constexpr int kChunk = 16;

// One head of one sequence; w wide keys, u wide values. Rows of q and k are `key_stride` apart, of
// v and y `value_stride`, of the decay `heads`.
struct Recurrence {
  int length, heads, w, u;
  int key_stride() const { return heads * w; }
  int value_stride() const { return heads * u; }
  int chunks() const { return (length + kChunk - 1) / kChunk; }
  int rows(int chunk) const { return std::min(kChunk, length - chunk * kChunk); }
  std::int64_t state() const { return std::int64_t{w} * u; }
  // Where a head of a sequence begins: its first key, value and decay; and the part that has it.
  struct Head {
    std::int64_t index, key, value, gate, part;
  };
  template <class Visit>
  void each_head(int sequences, const Visit& visit) const {
    const std::int64_t work = std::int64_t{length} * std::max(w, u);
    rows_in_parts(std::int64_t{sequences} * heads, work,
                  [&](int part, std::int64_t first, std::int64_t last) {
                    for (std::int64_t i = first; i < last; ++i) {
                      const std::int64_t row = i / heads * length, h = i % heads;
                      visit(Head{i, row * key_stride() + h * w, row * value_stride() + h * u,
                                 row * heads + h, part});
                    }
                  });
  }
};

// What a chunk needs besides its rows: sums of log decays, products of queries and keys, and
// states.
template <class T>
struct Room {
  T sums[kChunk];              // A_i = g_first + … + g_i
  T weights[kChunk * kChunk];  // e^{A_i - A_j} where j <= i, else 0
  T mixed[kChunk * kChunk];    // q_i k_j times that
  T slopes[kChunk * kChunk];
};

template <class T>
void decays(const Recurrence& r, const T* g, int n, Room<T>& room) {
  T sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += g[std::int64_t{i} * r.heads];
    room.sums[i] = sum;
  }
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j)
      room.weights[i * n + j] = j <= i ? std::exp(room.sums[i] - room.sums[j]) : T(0);
}

template <class T>
void mix(const Recurrence& r, const T* q, const T* k, int n, Room<T>& room) {
  product<T>({q, r.key_stride()}, {k, r.key_stride(), true}, {room.mixed, n}, n, r.w, n, T(1),
             false);
  for (int i = 0; i < n * n; ++i) room.mixed[i] *= room.weights[i];
}

// to (n x d) = e^{factor_i} times each row of `from`.
template <class T, class Power>
void scaled_rows(const T* from, int stride, int n, int d, const Power& power, T* to) {
  for (int i = 0; i < n; ++i) {
    const T factor = std::exp(power(i));
    for (int j = 0; j < d; ++j)
      to[std::int64_t{i} * d + j] = factor * from[std::int64_t{i} * stride + j];
  }
}

// end: the state that goes on, or null; states: before each chunk, and room for one more; wide: n x
// max(w, u).
template <class T>
void recurrence_forward(const Recurrence& r, const T* q, const T* k, const T* v, const T* g, T* end,
                        T* states, T* wide, T* y) {
  Room<T> room = {};
  if (end)
    std::copy_n(end, r.state(), states);
  else
    std::fill_n(states, r.state(), T(0));
  for (int c = 0; c < r.chunks(); ++c) {
    const int n = r.rows(c);
    T *state = states + c * r.state(), *next = state + r.state();
    decays(r, g, n, room);
    mix(r, q, k, n, room);
    const T total = room.sums[n - 1];
    product<T>({room.mixed, n}, {v, r.value_stride()}, {y, r.value_stride()}, n, n, r.u, T(1),
               false);
    scaled_rows(
        q, r.key_stride(), n, r.w, [&](int i) { return room.sums[i]; }, wide);
    product<T>({wide, r.w}, {state, r.u}, {y, r.value_stride()}, n, r.w, r.u, T(1), true);
    for (std::int64_t i = 0; i < r.state(); ++i) next[i] = std::exp(total) * state[i];
    scaled_rows(
        k, r.key_stride(), n, r.w, [&](int i) { return total - room.sums[i]; }, wide);
    product<T>({wide, r.w, true}, {v, r.value_stride()}, {next, r.u}, r.w, n, r.u, T(1), true);
    q += std::int64_t{n} * r.key_stride();
    k += std::int64_t{n} * r.key_stride();
    v += std::int64_t{n} * r.value_stride();
    y += std::int64_t{n} * r.value_stride();
    g += std::int64_t{n} * r.heads;
  }
  if (end) std::copy_n(states + r.chunks() * r.state(), r.state(), end);
}

template <class T>
struct Sequence {
  T *q, *k, *v, *g;
};

// Adds the slopes of one chunk to those of its rows and turns `dstate`, that of the state after it,
// into that of the state before it. Notation as in Recurrence; G = dy.
template <class T>
void chunk_backward(const Recurrence& r, const Sequence<const T>& in, const T* dy, const T* state,
                    int n, T* wide, T* dstate, const Sequence<T>& to) {
  Room<T> room = {};
  decays(r, in.g, n, room);
  mix(r, in.q, in.k, n, room);
  const int ks = r.key_stride(), vs = r.value_stride();
  const T total = room.sums[n - 1];
  T dsums[kChunk] = {};
  const auto at_end = [&](int i) { return total - room.sums[i]; };
  // Within the chunk: M = (q kᵀ) D, y = M v.
  product<T>({room.mixed, n, true}, {dy, vs}, {to.v, vs}, n, n, r.u, T(1), true);
  product<T>({dy, vs}, {in.v, vs, true}, {room.slopes, n}, n, r.u, n, T(1), false);
  for (int i = 0; i < n; ++i)
    for (int j = 0; j <= i; ++j) {
      const T slope = room.slopes[i * n + j] * room.mixed[i * n + j];
      dsums[i] += slope;
      dsums[j] -= slope;
    }
  for (int i = 0; i < n * n; ++i) room.slopes[i] *= room.weights[i];
  product<T>({room.slopes, n}, {in.k, ks}, {to.q, ks}, n, n, r.w, T(1), true);
  product<T>({room.slopes, n, true}, {in.q, ks}, {to.k, ks}, n, n, r.w, T(1), true);
  // From the state before: y_i += e^{A_i} q_i S.
  product<T>({dy, vs}, {state, r.u, true}, {wide, r.w}, n, r.u, r.w, T(1), false);
  for (int i = 0; i < n; ++i) {
    const T factor = std::exp(room.sums[i]);
    for (int j = 0; j < r.w; ++j) {
      const T slope = factor * wide[i * r.w + j];
      to.q[std::int64_t{i} * ks + j] += slope;
      dsums[i] += slope * in.q[std::int64_t{i} * ks + j];
    }
  }
  // Into the state after: S' = e^{A_n} S + sum_j e^{A_n - A_j} k_jᵀ v_j.
  scaled_rows(in.k, ks, n, r.w, at_end, wide);
  product<T>({wide, r.w}, {dstate, r.u}, {to.v, vs}, n, r.w, r.u, T(1), true);
  product<T>({in.v, vs}, {dstate, r.u, true}, {wide, r.w}, n, r.u, r.w, T(1), false);
  for (int i = 0; i < n; ++i) {
    const T factor = std::exp(at_end(i));
    T along = 0;
    for (int j = 0; j < r.w; ++j) {
      const T slope = factor * wide[i * r.w + j];
      to.k[std::int64_t{i} * ks + j] += slope;
      along += slope * in.k[std::int64_t{i} * ks + j];
    }
    dsums[n - 1] += along;
    dsums[i] -= along;
  }
  const T kept = std::exp(total);
  for (std::int64_t i = 0; i < r.state(); ++i) {
    dsums[n - 1] += kept * state[i] * dstate[i];
    dstate[i] *= kept;
  }
  scaled_rows(
      in.q, ks, n, r.w, [&](int i) { return room.sums[i]; }, wide);
  product<T>({wide, r.w, true}, {dy, vs}, {dstate, r.u}, r.w, n, r.u, T(1), true);
  T rest = 0;
  for (int i = n - 1; i >= 0; --i) {
    rest += dsums[i];
    to.g[std::int64_t{i} * r.heads] += rest;
  }
}

template <class T>
void recurrence_backward(const Recurrence& r, const Sequence<const T>& in, const T* dy,
                         const T* states, T* wide, T* dstate, const Sequence<T>& to) {
  std::fill(dstate, dstate + r.state(), T(0));
  for (int c = r.chunks() - 1; c >= 0; --c) {
    const std::int64_t row = std::int64_t{c} * kChunk;
    const std::int64_t key = row * r.key_stride(), value = row * r.value_stride(),
                       gate = row * r.heads;
    chunk_backward<T>(r, {in.q + key, in.k + key, in.v + value, in.g + gate}, dy + value,
                      states + c * r.state(), r.rows(c), wide, dstate,
                      {to.q + key, to.k + key, to.v + value, to.g + gate});
  }
}

void check_recurrence(Var q, Var k, Var v, Var log_decay, int length, int heads) {
  const char* const name = "gated_linear_attention";
  const int n = rows_of(q.shape());
  if (!(q.shape() == k.shape())) bad_shapes(name, q, k);
  if (rows_of(v.shape()) != n) bad_shapes(name, q, v);
  if (rows_of(log_decay.shape()) != n || columns_of(log_decay.shape()) != heads)
    bad_shapes(name, q, log_decay);
  if (heads < 1 || columns_of(q.shape()) % heads != 0 || columns_of(v.shape()) % heads != 0)
    bad_shapes(name, q, std::to_string(heads) + " heads");
  if (length < 1 || n % length != 0) bad_shapes(name, q, "sequences of " + std::to_string(length));
}

}  // namespace

Var gated_linear_attention(Var q, Var k, Var v, Var log_decay, int length, int heads,
                           Tensor* state) {
  check_recurrence(q, k, v, log_decay, length, heads);
  const int n = rows_of(q.shape());
  const Recurrence r = {length, heads, columns_of(q.shape()) / heads,
                        columns_of(v.shape()) / heads};
  const int sequences = n / length;
  const std::int64_t each = (r.chunks() + 1) * r.state();
  Tape& tape = *q.tape;
  const std::int64_t widest = std::int64_t{kChunk} * std::max(r.w, r.u);
  const Tape::Numbers states = tape.numbers(each * heads * sequences),
                      wide = tape.numbers(widest * cores()),
                      slope = tape.numbers(r.state() * cores());
  check_state("gated_linear_attention", q, state, r.state() * heads * sequences);
  const Var inputs[] = {q, k, v, log_decay};
  const std::array<Tape::Numbers, 4> unread = {
      tape.numbers(q.shape().count()), tape.numbers(k.shape().count()),
      tape.numbers(v.shape().count()), tape.numbers(log_decay.shape().count())};
  return tape.custom(
      "gated_linear_attention", inputs, v.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          T* end = state ? state->data<T>().data() : nullptr;
          r.each_head(sequences, [&](const Recurrence::Head& at) {
            recurrence_forward<T>(
                r, in[0]->data<T>().data() + at.key, in[1]->data<T>().data() + at.key,
                in[2]->data<T>().data() + at.value, in[3]->data<T>().data() + at.gate,
                end ? end + at.index * r.state() : nullptr, states.as<T>().data() + at.index * each,
                wide.as<T>().data() + at.part * widest, out.data<T>().data() + at.value);
          });
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          T* slopes[4];  // of an input that wants none, into a place that nobody reads
          for (std::size_t i = 0; i < 4; ++i) {
            Tensor* tensor = to[i];
            slopes[i] = tensor ? tensor->data<T>().data() : unread[i].template as<T>().data();
          }
          const Sequence<T> all = {slopes[0], slopes[1], slopes[2], slopes[3]};
          r.each_head(sequences, [&](const Recurrence::Head& at) {
            recurrence_backward<T>(
                r,
                {in[0]->data<T>().data() + at.key, in[1]->data<T>().data() + at.key,
                 in[2]->data<T>().data() + at.value, in[3]->data<T>().data() + at.gate},
                grad.data<T>().data() + at.value, states.as<T>().data() + at.index * each,
                wide.as<T>().data() + at.part * widest, slope.as<T>().data() + at.part * r.state(),
                {all.q + at.key, all.k + at.key, all.v + at.value, all.g + at.gate});
          });
        });
      });
}

}  // namespace assay::nn
