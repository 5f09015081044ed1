// The nearest vector by |x - e|² = |x|² - 2 x·e + |e|², of which the first term is the same for
// all. Moving averages (appendix A.1, eq. 6-8), n_e the rows that take e:
//   N = decay N + (1 - decay) n_e,  m = decay m + (1 - decay) sum x,  e = m / N,
// from N = 1, m = e. A vector whose N falls below `restart` becomes a random row of the batch, with
// N = max(1, restart); no two become the same row. A gradient's moments in the optimizer stay what
// they were. N stops falling at 1e-6, where floats would lose m / N.
#include "components/codebooks/vector_codes.h"

#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/vector_math.h"

namespace assay {

using nn::Name;
using nn::Tensor;
using nn::Var;

void VectorCodes::declare_vectors(nn::Parameters& out, std::string_view name, int features,
                                  const Stream& init) const {
  const Tensor vectors =
      Tensor::normal({codes, features}, std::sqrt(1.0 / features), init.fork(name));
  // Not an embedding: weight decay would pull the vectors away from the rows that they stand for.
  out.add(Name(name, ".vectors").text(), vectors, nn::Role::kOther);
  if (ema || restart > 0)
    out.add(Name(name, ".usage").text(), Tensor::full({codes}, 1.0), nn::Role::kOther);
  if (ema) out.add(Name(name, ".sums").text(), vectors, nn::Role::kOther);
}

namespace {

template <class T>
void find_nearest(const Tensor& x, const Tensor& vectors, T* scores, T* norms, int* out) {
  const int n = x.shape()[0], k = vectors.shape()[0], d = vectors.shape()[1];
  const T* e = vectors.data<T>().data();
  nn::product<T>({x.data<T>().data(), d}, {e, d, true}, {scores, k}, n, d, k, T(-2), false);
  for (int c = 0; c < k; ++c, e += d) norms[c] = nn::dot_array(e, e, static_cast<std::size_t>(d));
  for (int i = 0; i < n; ++i, scores += k) {
    int best = 0;
    for (int c = 1; c < k; ++c)
      if (scores[c] + norms[c] < scores[best] + norms[best]) best = c;
    out[i] = best;
  }
}

// What a step leaves for its update; lives on the tape.
struct Moves {
  const VectorCodes* rule;
  Name name;
  Var x;
  std::span<const int> codes;
  std::span<int> order;  // room for the rows in a random order
  Stream stream;
};

// The moving averages of one step.
template <class T>
void average(const Moves& moves, nn::Parameters& parameters) {
  const T decay = moves.rule->decay, gain = T(1) - decay, least = T(1e-6);
  const auto usage = parameters.get(Name(moves.name, ".usage")).value.data<T>();
  Tensor* sums = moves.rule->ema ? &parameters.get(Name(moves.name, ".sums")).value : nullptr;
  const int d = moves.x.shape().back();
  for (std::size_t c = 0; c < usage.size(); ++c) {
    const T fallen = std::max(least, decay * usage[c]), share = fallen / usage[c];
    usage[c] = fallen;
    T* m = sums ? sums->data<T>().data() + static_cast<std::ptrdiff_t>(c) * d : nullptr;
    for (int j = 0; m && j < d; ++j) m[j] *= share;
  }
  const T* x = moves.x.tape->value(moves.x).data<T>().data();
  for (const int c : moves.codes) {
    usage[static_cast<std::size_t>(c)] += gain;
    T* m = sums ? sums->data<T>().data() + std::ptrdiff_t{c} * d : nullptr;
    for (int j = 0; m && j < d; ++j) m[j] += gain * x[j];
    x += d;
  }
  if (!sums) return;
  const auto e = parameters.get(Name(moves.name, ".vectors")).value.data<T>();
  const auto m = sums->data<T>();
  for (std::size_t i = 0; i < e.size(); ++i) e[i] = m[i] / usage[i / static_cast<std::size_t>(d)];
}

template <class T>
void restart_unused(const Moves& moves, nn::Parameters& parameters) {
  const T floor = moves.rule->restart, fresh = std::max(T(1), floor);
  const auto usage = parameters.get(Name(moves.name, ".usage")).value.data<T>();
  const auto vectors = parameters.get(Name(moves.name, ".vectors")).value.data<T>();
  Tensor* sums = moves.rule->ema ? &parameters.get(Name(moves.name, ".sums")).value : nullptr;
  const Tensor& x = moves.x.tape->value(moves.x);
  const auto d = static_cast<std::size_t>(x.shape().back());
  std::iota(moves.order.begin(), moves.order.end(), 0);
  Stream stream = moves.stream;
  stream.shuffle(moves.order);
  auto next = moves.order.begin();
  for (std::size_t c = 0; c < usage.size() && next != moves.order.end(); ++c) {
    if (usage[c] >= floor) continue;
    const T* row = x.data<T>().data() + static_cast<std::size_t>(*next++) * d;
    usage[c] = fresh;
    for (std::size_t j = 0; j < d; ++j) {
      vectors[c * d + j] = row[j];
      if (sums) sums->data<T>()[c * d + j] = fresh * row[j];
    }
  }
}

void move_vectors(const Moves& moves, nn::Parameters& parameters) {
  nn::dispatch(moves.x.tape->dtype(), [&](auto t) {
    using T = decltype(t);
    average<T>(moves, parameters);
    if (moves.rule->restart > 0) restart_unused<T>(moves, parameters);
  });
}

}  // namespace

VectorCodes::Nearest VectorCodes::nearest(nn::Forward& pass, std::string_view name, Var x) const {
  nn::Tape& tape = pass.tape();
  const Var vectors = pass.parameter(Name(name, ".vectors"));
  const int n = x.shape()[0], d = x.shape().back();
  const auto chosen = tape.scratch<int>(static_cast<std::size_t>(n));
  const auto scores = tape.numbers(std::int64_t{n} * codes), norms = tape.numbers(codes);
  nn::dispatch(tape.dtype(), [&](auto t) {
    using T = decltype(t);
    find_nearest<T>(tape.value(x), tape.value(vectors), scores.as<T>().data(), norms.as<T>().data(),
                    chosen.data());
  });
  const Var taken = nn::gather_rows(vectors, chosen);
  const Nearest out = {nn::stop_gradient(taken), chosen};
  if (!pass.training()) return out;

  const double each = 1.0 / (static_cast<double>(n) * d);
  pass.add_loss(Name(name, ".commitment"), nn::squared_distance(x, out.value, beta * each));
  if (!ema)
    pass.add_loss(Name(name, ".vectors"), nn::squared_distance(taken, nn::stop_gradient(x), each));
  if (!ema && restart <= 0) return out;
  Moves* moves = tape.scratch<Moves>(1).data();
  *moves = {this,
            Name(name),
            x,
            chosen,
            tape.scratch<int>(static_cast<std::size_t>(n)),
            pass.stream(Name(name, ".restart"))};
  // A pointer alone, which std::function holds without the heap.
  pass.after_step([moves](nn::Parameters& parameters) { move_vectors(*moves, parameters); });
  return out;
}

}  // namespace assay
