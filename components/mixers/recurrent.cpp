// A recurrent layer across positions, h_{-1} = 0. gru (Cho et al. 2014; the reset acts after the
// product): z, r = sigmoid(W x + U h), n = tanh(W x + r * (U h)), h' = (1 - z) n + z h.
// lstm (Hochreiter and Schmidhuber 1997, with a forget gate that starts open): i, f, o = sigmoid(W
// x
// + U h), g = tanh(W x + U h), c' = f c + i g, h' = o tanh(c').
#include "components/mixers/mixer.h"
#include "runner/registry/registry.h"

namespace assay::mixers {
namespace {

struct Recurrent final : Mixer {
  enum class Cell { kGru, kLstm };
  static constexpr Info kInfo{"recurrent", 1, "GRU or LSTM.",
                              "Cho et al. 2014, arXiv:1406.1078; Hochreiter and Schmidhuber 1997"};
  Cell cell = Cell::kGru;

  static void params(Params<Recurrent>& p) {
    p.add("cell", &Recurrent::cell, {"gru", "lstm"}).doc("Which.");
  }
  int gates() const { return cell == Cell::kGru ? 3 : 4; }
  bool causal() const override { return true; }
  bool incremental() const override { return true; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    nn::declare_linear(out, nn::Name(name, ".input"), features, gates() * features, 1.0, init);
    nn::declare_linear(out, nn::Name(name, ".state"), features, gates() * features, 1.0, init,
                       nn::Role::kWeight, false);
    if (cell != Cell::kLstm) return;
    nn::Tensor& bias = out.get(nn::Name(name, ".input.bias")).value;
    for (int j = features; j < 2 * features; ++j) bias.set(j, 1.0);
  }
  nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var x, int length) const override {
    const int rows = x.shape()[0], batch = rows / length, d = x.shape().back(), wide = gates() * d;
    const nn::Var driven =
        nn::reshape(pass.linear(nn::Name(name, ".input"), x), {batch, length * wide});
    const auto steps = pass.tape().scratch<nn::Var>(static_cast<std::size_t>(length));
    nn::Var h = begin(pass, name, ".hidden", batch, d),
            c = cell == Cell::kLstm ? begin(pass, name, ".cell", batch, d) : h;
    for (int t = 0; t < length; ++t) {
      const nn::Var now = nn::slice_columns(driven, t * wide, wide);
      const nn::Var past = pass.linear(nn::Name(name, ".state"), h);
      if (cell == Cell::kGru)
        h = gru(now, past, h, d);
      else
        h = lstm(nn::add(now, past), c, d);
      steps[static_cast<std::size_t>(t)] = h;
    }
    if (nn::KeyValueCache* cache = pass.cache()) {
      cache->state(nn::Name(name, ".hidden"), {batch, d}) = pass.tape().value(h);
      if (cell == Cell::kLstm)
        cache->state(nn::Name(name, ".cell"), {batch, d}) = pass.tape().value(c);
    }
    return pass.site(nn::Name(name, ".states"), nn::reshape(nn::concat_columns(steps), {rows, d}));
  }

 private:
  // Zeros, or where the positions before left off.
  static nn::Var begin(nn::Forward& pass, std::string_view name, std::string_view which, int batch,
                       int d) {
    if (nn::KeyValueCache* cache = pass.cache())
      return pass.tape().constant(cache->state(nn::Name(name, which), {batch, d}));
    return pass.tape().constant({batch, d}, [](nn::Tensor& out) { out.fill(0.0); });
  }
  static nn::Var part(nn::Var gates, int i, int d) { return nn::slice_columns(gates, i * d, d); }
  static nn::Var gru(nn::Var now, nn::Var past, nn::Var h, int d) {
    const nn::Var z = nn::sigmoid(nn::add(part(now, 0, d), part(past, 0, d))),
                  r = nn::sigmoid(nn::add(part(now, 1, d), part(past, 1, d)));
    const nn::Var n = nn::tanh(nn::add(part(now, 2, d), nn::multiply(r, part(past, 2, d))));
    return nn::add(n, nn::multiply(z, nn::subtract(h, n)));
  }
  static nn::Var lstm(nn::Var all, nn::Var& c, int d) {
    const nn::Var i = nn::sigmoid(part(all, 0, d)), f = nn::sigmoid(part(all, 1, d)),
                  o = nn::sigmoid(part(all, 2, d)), g = nn::tanh(part(all, 3, d));
    c = nn::add(nn::multiply(f, c), nn::multiply(i, g));
    return nn::multiply(o, nn::tanh(c));
  }
};
ASSAY_REGISTER(Mixer, Recurrent);

}  // namespace
}  // namespace assay::mixers
