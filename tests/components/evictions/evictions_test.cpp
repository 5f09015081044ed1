#include "components/samplers/sampler.h"
#include "tests/contracts/eviction_contract.h"
#include "tests/contracts/sampler_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// One head of one sequence, step by step: what arrives, and how much of the attention of its query
// each position gets that is kept.
struct Head {
  const Eviction& policy;
  nn::KeyValueCache cache;
  nn::KeyValueCache::Layer& layer;
  nn::Parameters parameters;

  Head(const Eviction& by, int capacity)
      : policy(by),
        cache(1, capacity, &by),
        layer(cache.layer("block1.mixer", 2)) {}
  std::set<int> step(const std::map<int, double>& attention = {}, std::vector<double> key = {1, 0},
                     std::vector<double> hidden = {0, 0}) {
    const nn::Tensor k = nn::Tensor::of({1, 2}, key), x = nn::Tensor::of({1, 2}, hidden);
    cache.append(layer, {k, k, x, parameters});
    std::vector<float> pattern;
    for (int row = 0; row < layer.stored; ++row) {
      const auto it = attention.find(layer.positions[static_cast<std::size_t>(row)]);
      pattern.push_back(it == attention.end() ? 0.0F : static_cast<float>(it->second));
    }
    cache.attended(layer, pattern);
    return kept();
  }
  std::set<int> kept() const {
    return {layer.positions.begin(), layer.positions.begin() + layer.stored};
  }
};

using Set = std::set<int>;

}  // namespace

TEST_CASE("every eviction keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("eviction")) eviction_contract(text);
  for (const char* text :
       {"{ use = \"sink-window\", sinks = 0 }", "{ use = \"sink-window\", sinks = 11 }",
        "{ use = \"h2o\", recent = 0, turned = \"place\" }", "{ use = \"h2o\", recent = 12 }",
        "{ use = \"scissorhands\", history = 30, recent = 2 }",
        "{ use = \"key-norm\", recent = 3, turned = \"place\" }",
        "{ use = \"random\", recent = 12 }"})
    eviction_contract(text);
}

TEST_CASE("full refuses what has no room, and lets a window slide") {
  const auto full = build<Eviction>("\"full\"");
  nn::KeyValueCache cache(1, 3, &*full);
  const nn::Tensor k({1, 2});
  const nn::Parameters none;
  auto &all = cache.layer("all", 2), &window = cache.layer("window", 2, 1, 2),
       &wide = cache.layer("wide", 2, 1, 4);
  for (int t = 0; t < 3; ++t)
    for (auto* layer : {&all, &window, &wide}) cache.append(*layer, {k, k, k, none});
  CHECK(window.positions == std::vector<int>{2, 1});
  for (auto* layer : {&all, &wide})
    CHECK_THROWS_WITH_AS(cache.append(*layer, {k, k, k, none}),
                         "full: a cache of 3 positions has no room for another; give it room for "
                         "all of them, or an eviction that makes place",
                         std::runtime_error);
}

TEST_CASE("sink-window keeps the first and the last") {
  const auto policy = build<Eviction>("{ use = \"sink-window\", sinks = 2 }");
  Head head(*policy, 4);
  for (int t = 0; t < 9; ++t) head.step();
  CHECK(head.kept() == Set{0, 1, 7, 8});
}

TEST_CASE("h2o drops the least attention in sum, by hand") {
  const auto policy = build<Eviction>("{ use = \"h2o\", recent = 2 }");
  Head head(*policy, 4);
  head.step({{0, 1.0}});
  head.step({{0, 0.3}, {1, 0.7}});
  head.step({{0, 0.1}, {1, 0.6}, {2, 0.3}});
  CHECK(head.step({{0, 0.1}, {1, 0.1}, {2, 0.1}, {3, 0.7}}) == Set{0, 1, 2, 3});
  // 1.5, 1.4 and 0.4 in sum for 0, 1, 2; 3 is one of the two newest with 4.
  CHECK(head.step({{1, 0.0}, {0, 0.2}, {3, 0.1}, {4, 0.7}}) == Set{0, 1, 3, 4});
  // 1.7, 1.4, 0.8 for 0, 1, 3.
  CHECK(head.step({{1, 1.0}}) == Set{0, 1, 4, 5});
  // 1.7, 2.4, 0.7 for 0, 1, 4.
  CHECK(head.step() == Set{0, 1, 5, 6});
  const auto half = build<Eviction>("\"h2o\"");
  Head other(*half, 4);
  for (int t = 0; t < 6; ++t) other.step({{t, 1.0}});  // all alike: the oldest goes
  CHECK(other.kept() == Set{2, 3, 4, 5});
}

TEST_CASE("h2o of a recent window as large as the cache is the window") {
  const auto h2o = build<Eviction>("{ use = \"h2o\", recent = 12 }"),
             window = build<Eviction>("{ use = \"sink-window\", sinks = 0 }");
  EvictionCourse a(*h2o, {0, 1}, 12), b(*window, {0, 1}, 12);
  for (int t = 0; t < 40; ++t) {
    a.advance();
    b.advance();
    CHECK(a.layer().positions == b.layer().positions);
  }
}

TEST_CASE("scissorhands drops what few of the last queries looked at, by hand") {
  const auto policy = build<Eviction>("{ use = \"scissorhands\", history = 3, recent = 1 }");
  Head head(*policy, 3);
  head.step({{0, 1.0}});
  head.step({{0, 1.0}});
  head.step({{0, 0.8}, {1, 0.1}, {2, 0.1}});
  // Position 1 was below its share twice, 0 never, 2 once.
  CHECK(head.step({{2, 0.5}, {3, 0.5}}) == Set{0, 2, 3});
  // Over the last three, 0: once; 2: once; the older goes.
  CHECK(head.step({{2, 0.5}, {3, 0.5}}) == Set{2, 3, 4});
  // Over the last three, 2: once; 3: never; 4: once.
  CHECK(head.step({{3, 0.5}, {5, 0.5}}) == Set{3, 4, 5});
  // 3: never; 4: twice; 5: never.
  CHECK(head.step() == Set{3, 5, 6});
  // The first query gave position 0 less than all: a short history soon forgets that, and all later
  // queries look at it; a long one remembers it, in several numbers.
  for (const int history : {3, 60}) {
    const auto by = build<Eviction>(
        "{ use = \"scissorhands\", recent = 1, history = " + std::to_string(history) + " }");
    Head other(*by, 3);
    for (int t = 0; t < 40; ++t) other.step({{0, 0.6}, {t, 0.4}});
    CHECK(other.kept().count(0) == (history == 3 ? 1 : 0));
  }
}

TEST_CASE("key-norm drops the largest key, random any with the same probability") {
  const auto norm = build<Eviction>("\"key-norm\"");
  Head head(*norm, 3);
  head.step({}, {3, 4});
  head.step({}, {1, 1});
  head.step({}, {0, 4.9});
  CHECK(head.step({}, {7, 0}) == Set{1, 2, 3});
  CHECK(head.step({}, {0, 0}) == Set{1, 2, 4});

  const auto random = build<Eviction>("{ use = \"random\", recent = 2 }");
  const int trials = 6000;
  std::vector<int> dropped(4);
  for (int i = 0; i < trials; ++i) {
    EvictionCourse course(*random, {0}, 4, static_cast<std::uint64_t>(i));
    for (int t = 0; t < 5; ++t) course.advance();
    const std::vector<int> kept = course.positions(0, 0);
    for (int p = 0; p < 4; ++p)
      dropped[static_cast<std::size_t>(p)] +=
          std::find(kept.begin(), kept.end(), p) == kept.end() ? 1 : 0;
  }
  CHECK(dropped[3] == 0);  // one of the two newest, with 4
  for (std::size_t p = 0; p < 3; ++p)
    CHECK(std::abs(dropped[p] - trials / 3.0) < 5 * std::sqrt(trials * 2.0 / 9.0));
}

namespace {

// A learned retention score, as in TRIM-KV: a gate of the hidden features when an entry arrives
// says by what its worth decays with each position; the entry of least worth goes.
struct Retention final : Eviction {
  int numbers() const override { return 1; }
  void arrive(const KeptEntries& kept, int row, const Arrival& entry) const override {
    const nn::Tensor& w =
        entry.parameters.get(nn::Name(entry.layer, ".retention.weight")).value;  // heads x features
    double gate = 0.0;
    for (std::size_t j = 0; j < entry.hidden.size(); ++j)
      gate += w.at(entry.head, static_cast<int>(j)) * static_cast<double>(entry.hidden[j]);
    kept.memory(row)[0] = static_cast<float>(-std::log1p(std::exp(-gate)));  // log sigmoid
  }
  int drop(const KeptEntries& kept, const Arrival& /*entry*/, Stream& /*stream*/) const override {
    const auto worth = [&](int row) {
      return static_cast<float>(kept.now - kept.position(row)) * kept.memory(row)[0];
    };
    int out = 0;
    for (int row = 1; row < kept.count(); ++row)
      if (worth(row) < worth(out)) out = row;
    return out;
  }
};

}  // namespace

TEST_CASE("a learned score of the hidden features, decayed with age, fits the interface") {
  const Retention policy;
  Head head(policy, 3);
  head.parameters.add("block1.mixer.retention.weight",
                      nn::Tensor::of({1, 2}, std::vector<double>{1, -1}), nn::Role::kOther);
  head.step({}, {1, 0}, {9, 0});                         // a gate near 1: stays
  head.step({}, {1, 0}, {0, 0});                         // 1/2
  head.step({}, {1, 0}, {0, 2});                         // 0.12
  CHECK(head.step({}, {1, 0}, {0, 0}) == Set{0, 1, 3});  // log worth -1.4 of 1, -2.1 of 2
  CHECK(head.step({}, {1, 0}, {0, 0}) == Set{0, 3, 4});
  CHECK(head.step({}, {1, 0}, {0, 0}) == Set{0, 4, 5});
}

namespace {

TrainedModel small_transformer(const char* mixer) {
  TrainedModel out;
  out.model = build<Model>(
      "{ use = \"transformer\", width = 8, hidden = 8, mixer = { use = "
      "\"attention\", heads = 2" +
      std::string(mixer) + " } }");
  out.format = {true, 6, 5, 6, 5};
  out.model->declare(out.parameters, out.format, Stream(1));
  return out;
}

std::vector<std::int32_t> sampled(const TrainedModel& m, const std::string& rest) {
  return build<Sampler>("{ use = \"ancestral\", length = 20" + rest + " }")
      ->sample(m, token_prompts(m.format, 3), Stream(4))
      ->tokens;
}

}  // namespace

TEST_CASE("prompts count: their attention is what token by token would give") {
  // A prompt in one pass and the same tokens one by one agree as long as nothing is dropped, so
  // that what h2o has summed up, and drops first afterwards, agrees as well.
  const auto mixer = build<Mixer>("{ use = \"attention\", heads = 2 }");
  const auto h2o = build<Eviction>("{ use = \"h2o\", recent = 1 }");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", 4, Stream(3));
  const nn::Tensor x = nn::Tensor::normal({9, 4}, 3.0, Stream(4));
  const auto positions = [&](int begin) {
    nn::KeyValueCache cache(1, 6, &*h2o);
    nn::Tape tape;
    nn::Forward pass(tape, parameters, false, Stream(1));
    pass.set_cache(&cache);
    for (int t = 0, count = begin; t < 9; t += count, count = 1) {
      pass.begin(Stream(1));
      nn::Tensor rows({count, 4});
      for (int i = 0; i < 4 * count; ++i) rows.set(i, x.get(4 * t + i));
      (void)mixer->mix(pass, "mixer", tape.constant(rows), count);
      cache.advance(count);
    }
    return cache.layer("mixer", 4, 2).positions;
  };
  CHECK(positions(6) == positions(1));
}

TEST_CASE("a sampler takes its eviction from the study") {
  for (const char* mixer : {"", ", window = 3"}) {
    const TrainedModel m = small_transformer(mixer);
    const auto plain = sampled(m, ", cache = 5");
    CHECK(sampled(m, ", cache = 5, eviction = { use = \"sink-window\", sinks = 0 }") == plain);
    CHECK(sampled(m, ", cache = 5, eviction = { use = \"h2o\", recent = 5 }") == plain);
    CHECK(sampled(m, ", cache = 5, eviction = { use = \"sink-window\", sinks = 2 }") ==
          sampled(m, ", cache = 5, sinks = 2"));
    const auto whole = sampled(m, ", cache = 26");
    CHECK(sampled(m, ", cache = 26, eviction = \"full\"") == whole);
  }
  const TrainedModel m = small_transformer("");
  CHECK(sampled(m, ", cache = 26, eviction = \"random\"") == sampled(m, ", cache = 26"));
  CHECK(sampled(m, ", cache = 5, eviction = \"key-norm\"") != sampled(m, ", cache = 5"));
  CHECK_THROWS_WITH_AS(sampled(m, ", eviction = { use = \"h2o\", recent = 7 }"),
                       "h2o: recent = 7 is more than the 6 positions of the cache",
                       std::runtime_error);
}

TEST_CASE("a sampler says which caches an eviction does not suit") {
  CHECK(error_of<Sampler>("{ use = \"greedy\", cache = 4, eviction = \"sink-window\" }") ==
        "it.eviction: sinks = 4 leaves no place in cache = 4");
  CHECK(error_of<Sampler>("{ use = \"greedy\", cache = 4, eviction = \"scissorhands\" }") ==
        "it.eviction: recent = 10 is more than the 4 positions of the cache");
  CHECK(error_of<Sampler>("{ use = \"greedy\", cache = 4, sinks = 1, eviction = \"h2o\" }") ==
        "it.sinks = 1 is for a cache without an eviction; eviction = { use = \"sink-window\", "
        "sinks = 1 } says it too");
  CHECK(error_of<Eviction>("{ use = \"h2o\", recent = -2 }") ==
        "it.recent = -2 is out of range; allowed: -1 to 1000000 entries");
}
