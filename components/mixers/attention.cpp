// Multi-head attention: q, k, v = W x + b each, softmax(q kᵀ / sqrt(w)) v in each head of width w,
// and a projection of the heads. A position sees those before it, or all; with a window only those
// nearer than that. Gates may sit on queries, keys, values, on the heads before the projection and
// on what comes out of it.
#include "components/nn/attention.h"

#include <cmath>

#include "components/gates/gate.h"
#include "components/mixers/heads.h"
#include "components/mixers/mixer.h"
#include "runner/registry/registry.h"

namespace assay::mixers {
namespace {

struct Attention final : Mixer {
  enum class Positions { kRotary, kNone };
  static constexpr Info kInfo{"attention", 1, "Multi-head softmax attention.",
                              "Vaswani et al. 2017, arXiv:1706.03762, eq. 1; rotary positions: "
                              "Su et al. 2021, arXiv:2104.09864"};
  int heads = 2;
  bool causal_mask = true;
  int window = 0;
  Positions positions = Positions::kRotary;
  bool bias = true;
  Slot<Gate> query_gate, key_gate, value_gate, heads_gate, output_gate;

  static void params(Params<Attention>& p) {
    p.add("heads", &Attention::heads)
        .range(1, 1024)
        .unit("heads")
        .doc("They divide the width; with rotary positions each has an even part of it.");
    p.add("causal", &Attention::causal_mask).doc("Whether a position sees none after it.");
    p.add("window", &Attention::window)
        .range(0, 1e6)
        .unit("positions")
        .doc("Seen on each side, itself included; 0: all.");
    p.add("positions", &Attention::positions, {"rotary", "none"})
        .doc("Rotary, or none where the model adds its own.");
    p.add("bias", &Attention::bias).doc("Of the four projections.");
    p.add("query_gate", &Attention::query_gate).doc("Scales the features of queries.");
    p.add("key_gate", &Attention::key_gate).doc("Of keys.");
    p.add("value_gate", &Attention::value_gate).doc("Of values.");
    p.add("heads_gate", &Attention::heads_gate).doc("Of what the heads give.");
    p.add("output_gate", &Attention::output_gate).doc("Of the projection.");
  }
  bool causal() const override { return causal_mask; }
  bool incremental() const override { return causal_mask; }

  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    if (features % heads != 0 || (positions == Positions::kRotary && features / heads % 2 != 0))
      throw std::runtime_error("attention: " + std::to_string(heads) + " heads do not divide " +
                               std::to_string(features) + " features" +
                               (positions == Positions::kRotary ? " into even parts" : ""));
    for (const char* part : {".query", ".key", ".value", ".output"})
      nn::declare_linear(out, nn::Name(name, part), features, features, 1.0, init,
                         nn::Role::kWeight, bias);
    for (const auto& [gate, part] : gates())
      if (*gate) (*gate)->declare(out, nn::Name(name, part), features, init);
  }

  nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var x, int length) const override {
    nn::Var q = part(pass, name, ".query", query_gate, x),
            k = part(pass, name, ".key", key_gate, x);
    const nn::Var v = part(pass, name, ".value", value_gate, x);
    nn::KeyValueCache* cache = pass.cache();
    nn::Var out;
    if (cache && cache->position() > 0) {
      if (length != 1) throw std::logic_error("attention goes on one position at a time");
      out = go_on(pass, *cache, name, x, q, k, v);
    } else {
      const nn::Var before = k;
      if (positions == Positions::kRotary) {
        q = nn::rotary(q, length, heads);
        k = nn::rotary(k, length, heads);
      }
      nn::Tape::Numbers pattern(nullptr, 0);
      out = nn::attention(
          q, k, v, {x.shape()[0] / length, length, length, 0, heads, causal_mask, window}, pattern);
      if (cache)
        cache->append(cache->layer(name, x.shape().back(), heads, window),
                      arrivals(pass, x, cache->by_place() ? before : k, v), pattern.as<float>());
    }
    out = head_sites(pass, name, pass.site(nn::Name(name, ".heads"), out), heads);
    if (heads_gate) out = heads_gate->apply(pass, nn::Name(name, ".heads_gate"), out);
    return part(pass, name, ".output", output_gate, out);
  }

  // Scores and weighted values; masked ones are computed too.
  double multiply_adds(int length, int features) const override {
    return 2.0 * length * length * features;
  }

 private:
  std::array<std::pair<const Slot<Gate>*, const char*>, 5> gates() const {
    return {{{&query_gate, ".query_gate"},
             {&key_gate, ".key_gate"},
             {&value_gate, ".value_gate"},
             {&heads_gate, ".heads_gate"},
             {&output_gate, ".output_gate"}}};
  }
  static nn::KeyValueCache::Arrivals arrivals(nn::Forward& pass, nn::Var x, nn::Var k, nn::Var v) {
    const nn::Tape& tape = pass.tape();
    return {tape.value(k), tape.value(v), tape.value(x), pass.parameters()};
  }
  // One more position of each sequence. Keys are turned once, by their position in the sequence, or
  // where the cache asks for it each time anew, by their place in it.
  nn::Var go_on(nn::Forward& pass, nn::KeyValueCache& cache, std::string_view name, nn::Var x,
                nn::Var q, nn::Var k, nn::Var v) const {
    nn::Tape& tape = pass.tape();
    const bool rotate = positions == Positions::kRotary, by_place = cache.by_place();
    if (rotate && !by_place) k = nn::rotary(k, 1, heads, cache.position());
    auto& layer = cache.layer(name, q.shape().back(), heads, window);
    cache.append(layer, arrivals(pass, x, k, v));
    nn::Var keys = tape.borrow(layer.keys);
    if (rotate && by_place) keys = nn::rotary_by_place(keys, layer.places, layer.capacity, heads);
    if (rotate) q = nn::rotary(q, 1, heads, by_place ? layer.stored - 1 : cache.position());
    nn::Tape::Numbers pattern(nullptr, 0);
    const nn::Var out =
        nn::attention(q, keys, tape.borrow(layer.values),
                      {q.shape()[0], 1, layer.stored, layer.capacity, heads, false, 0}, pattern);
    cache.attended(layer, pattern.as<float>());
    return out;
  }

  static nn::Var part(nn::Forward& pass, std::string_view name, std::string_view which,
                      const Slot<Gate>& gate, nn::Var x) {
    const nn::Name full(name, which);
    const nn::Var out = pass.linear(full, x);
    return gate ? gate->apply(pass, nn::Name(full, "_gate"), out) : out;
  }
};
ASSAY_REGISTER(Mixer, Attention);

}  // namespace
}  // namespace assay::mixers
