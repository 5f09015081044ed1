// The loss of text that is read through a bounded cache.
#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Windows of 6 tokens of a text, each label the token that follows.
Bench windows_bench(const char* mixer, int stride = 6) {
  TrainedModel m;
  m.model = build<Model>(
      "{ use = \"transformer\", width = 8, hidden = 8, mixer = " + std::string(mixer) + " }");
  m.format = {true, 6, 5, 6, 5};
  m.model->declare(m.parameters, m.format, Stream(1));
  Bench out(m);
  Stream stream(3);
  std::vector<int> text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<int>(stream.below(5)));
  out.data.test = {};
  out.data.test.count = 12;
  for (int i = 0; i < 12; ++i)
    for (int t = 0; t < 6; ++t) {
      const auto at = static_cast<std::size_t>(i * stride + t);
      out.data.test.tokens.push_back(text[at]);
      out.data.test.labels.push_back(text[at + 1]);
    }
  return out;
}

double value(const Bench& bench, const std::string& text) {
  Evaluation e = bench.evaluation("model data");
  return measure(*build<Metric>(text), e)[0].second;
}

std::string refusal(const Bench& bench, const std::string& text) {
  try {
    (void)value(bench, text);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a cache that holds all of an example gives its nll, whatever the policy") {
  const Bench bench = windows_bench("\"attention\"");
  const double nll = value(bench, "\"nll\"");
  for (const char* rest : {"", ", eviction = \"full\"", ", cache = 9, eviction = \"h2o\"",
                           ", cache = 6, eviction = \"random\""})
    CHECK(value(bench, "{ use = \"cached-nll\"" + std::string(rest) + " }") ==
          doctest::Approx(nll).epsilon(1e-5));
  CHECK(value(bench, "{ use = \"cached-nll\", cache = 2, eviction = \"h2o\" }") !=
        doctest::Approx(nll).epsilon(1e-5));
  Evaluation e = bench.evaluation("model data");
  const Numbers both = measure(*build<Metric>("\"cached-nll\""), e);
  CHECK(both[1].first == "cached-nll-bits");
  CHECK(both[1].second == doctest::Approx(both[0].second / std::log(2.0)));
}

TEST_CASE("a window of attention reads joined examples as a cache of that size does") {
  const auto with = [](const char* window) {
    return windows_bench(("{ use = \"attention\"" + std::string(window) + " }").c_str());
  };
  const std::string cached =
      "{ use = \"cached-nll\", cache = 3, joined = 4, eviction = { use = \"sink-window\", sinks = "
      "0 } }";
  const std::string whole = "{ use = \"cached-nll\", cache = 24, joined = 4, eviction = \"full\" }";
  CHECK(value(with(""), cached) == doctest::Approx(value(with(", window = 3"), whole)));
  CHECK(value(with(""), whole) != doctest::Approx(value(with(", window = 3"), whole)));
}

TEST_CASE("cached-nll says what does not fit") {
  const Bench bench = windows_bench("\"attention\"");
  CHECK(refusal(windows_bench("\"attention\"", 5), "{ use = \"cached-nll\", joined = 2 }") ==
        "cached-nll: example 2 does not go on where the one before ends; joined examples need "
        "windows that follow one another");
  CHECK(refusal(windows_bench("{ use = \"attention\", causal = false }"), "\"cached-nll\"") ==
        "cached-nll: the model \"transformer\" cannot go on from a cache");
  CHECK(refusal(bench, "{ use = \"cached-nll\", joined = 13 }") ==
        "cached-nll: the test split has no labels of 13 joined examples");
  CHECK(refusal(token_bench(), "\"cached-nll\"") ==
        "cached-nll: the model \"linear\" cannot go on from a cache");
  CHECK(error_of<Metric>("{ use = \"cached-nll\", cache = 3, eviction = \"sink-window\" }") ==
        "it.eviction: sinks = 4 leaves no place in cache = 3");
}
