// Click logs with planted effects, after the data that factorization machines are for (Rendle
// 2010): an example has one value of each categorical field, a click has the chance sigmoid(bias +
// the sum over informative fields of effect[field, value] + the sum over crosses of two of them of
// effect[value, value]). Effects of a cross are centred by rows and columns, so that under uniform
// values no field alone tells anything of it. All other fields are noise.
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct Clicks final : Dataset {
  enum class Encoding { kTokens, kOneHot };
  static constexpr Info kInfo{"clicks", 1, "Click logs with known informative fields and crosses.",
                              "Rendle 2010 (factorization machines), eq. 1"};
  int fields = 10;
  int values = 8;
  int informative = 4;
  int crosses = 2;
  double effect = 1.0;
  double cross_effect = 1.0;
  double bias = 0.0;
  double skew = 0.0;
  Encoding encoding = Encoding::kOneHot;
  int examples = 10000;
  int draw = 0;

  static void params(Params<Clicks>& p) {
    using C = Clicks;
    p.add("fields", &C::fields).range(1, 1000).unit("fields").doc("Of an example.");
    p.add("values", &C::values).range(2, 10000).unit("values").doc("Of each field.");
    p.add("informative", &C::informative)
        .range(0, 1000)
        .unit("fields")
        .doc("Those with an effect of their own; crosses are among them.");
    p.add("crosses", &C::crosses)
        .range(0, 1000)
        .unit("pairs")
        .doc("Pairs of informative fields that act together.");
    p.add("effect", &C::effect).range(0, 100).doc("Standard deviation of effects of values.");
    p.add("cross_effect", &C::cross_effect).range(0, 100).doc("Of effects of pairs of values.");
    p.add("bias", &C::bias).range(-100, 100).doc("Logit without any effect.");
    p.add("skew", &C::skew)
        .range(0, 10)
        .doc("Value v of a field has a chance like 1 / (v + 1)^skew.");
    p.add("encoding", &C::encoding, {"tokens", "one-hot"})
        .doc("A token for each field (field * values + value), or fields * values numbers 0 or 1.");
    p.add("examples", &C::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &C::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    if (informative > fields)
      return "informative = " + std::to_string(informative) + " is more than the " +
             std::to_string(fields) + " fields";
    const int pairs = informative * (informative - 1) / 2;
    return crosses <= pairs ? ""
                            : "crosses = " + std::to_string(crosses) + " is more than the " +
                                  std::to_string(pairs) + " pairs of informative fields";
  }

  struct Truth {
    std::vector<int> informative;              // fields
    std::vector<std::pair<int, int>> crosses;  // fields
    nn::Tensor effects;                        // fields x values; 0 where not informative
    nn::Tensor cross_effects;                  // crosses x values x values; empty without
    std::vector<double> chance_below;          // of values, cumulated
  };

  void plant(Truth& out, const Stream& stream) const {
    out.informative = stream.fork("fields").permutation(fields);
    out.informative.resize(static_cast<std::size_t>(informative));
    std::sort(out.informative.begin(), out.informative.end());
    for (std::size_t a = 0; a < out.informative.size(); ++a)
      for (std::size_t b = a + 1; b < out.informative.size(); ++b)
        out.crosses.emplace_back(out.informative[a], out.informative[b]);
    stream.fork("crosses").shuffle(out.crosses);
    out.crosses.resize(static_cast<std::size_t>(crosses));
    out.effects = nn::Tensor({fields, values});
    Stream effects = stream.fork("effects");
    for (const int field : out.informative)
      for (int v = 0; v < values; ++v)
        out.effects.set(std::int64_t{field} * values + v, effect * effects.normal());
    if (crosses > 0) plant_crosses(out.cross_effects, stream.fork("cross-effects"));
  }
  void plant_crosses(nn::Tensor& out, const Stream& stream) const {
    out = nn::Tensor::normal({crosses, values, values}, cross_effect, stream);
    const auto centre = [&](std::int64_t first, std::int64_t stride) {
      double mean = 0.0;
      for (int v = 0; v < values; ++v) mean += out.get(first + v * stride) / values;
      for (int v = 0; v < values; ++v)
        out.set(first + v * stride, out.get(first + v * stride) - mean);
    };
    for (int c = 0; c < crosses; ++c)
      for (int v = 0; v < values; ++v) centre((std::int64_t{c} * values + v) * values, 1);
    for (int c = 0; c < crosses; ++c)
      for (int v = 0; v < values; ++v) centre(std::int64_t{c} * values * values + v, values);
  }

  double logit(const Truth& truth, const std::vector<int>& chosen) const {
    const auto value = [&](int field) { return chosen[static_cast<std::size_t>(field)]; };
    double out = bias;
    for (const int field : truth.informative) out += truth.effects.at(field, value(field));
    for (std::size_t c = 0; c < truth.crosses.size(); ++c)
      out += truth.cross_effects.at(static_cast<int>(c) * values + value(truth.crosses[c].first),
                                    value(truth.crosses[c].second));
    return out;
  }

  Examples make_split(const Truth& truth, int count, Stream stream, nn::Tensor* logits) const {
    Examples out;
    out.count = count;
    if (encoding == Encoding::kOneHot) out.features = nn::Tensor({count, fields * values});
    std::vector<int> chosen(static_cast<std::size_t>(fields));
    for (int i = 0; i < count; ++i) {
      for (int f = 0; f < fields; ++f) {
        const auto& below = truth.chance_below;
        const auto at = std::upper_bound(below.begin(), below.end() - 1, stream.uniform());
        const int value = static_cast<int>(at - below.begin()), code = f * values + value;
        chosen[static_cast<std::size_t>(f)] = value;
        if (encoding == Encoding::kOneHot)
          out.features.set(std::int64_t{i} * fields * values + code, 1.0);
        else
          out.tokens.push_back(code);
      }
      const double z = logit(truth, chosen);
      if (logits) logits->set(i, z);
      out.labels.push_back(stream.uniform() < 1.0 / (1.0 + std::exp(-z)) ? 1 : 0);
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "clicks", "draw");
    Truth truth;
    plant(truth, stream);
    double total = 0.0;
    for (int v = 0; v < values; ++v)
      truth.chance_below.push_back(total += std::pow(v + 1.0, -skew));
    for (double& below : truth.chance_below) below /= total;
    auto out = std::make_shared<Data>();
    out->name = "clicks";
    const int codes = fields * values;
    out->format = encoding == Encoding::kOneHot ? DataFormat{false, codes, 0, 1, 2}
                                                : DataFormat{true, fields, codes, 1, 2};
    const int tenth = examples / 10;
    nn::Tensor logits({tenth});
    out->train = make_split(truth, examples - 2 * tenth, stream.fork("train"), nullptr);
    out->valid = make_split(truth, tenth, stream.fork("valid"), nullptr);
    out->test = make_split(truth, tenth, stream.fork("test"), &logits);
    add_truth(*out, truth);
    out->truth["logit"] = logits;
    return out;
  }

  // "logit": of the test split. "informative": 1 for fields that count, of all fields. "effects":
  // fields x values. "crosses": pairs of fields, crosses x 2. "cross-effects": crosses x values x
  // values.
  void add_truth(Data& out, const Truth& truth) const {
    nn::Tensor counts({fields});
    for (const int field : truth.informative) counts.set(field, 1.0);
    out.truth["informative"] = counts;
    out.truth["effects"] = truth.effects;
    if (crosses == 0) return;
    nn::Tensor pairs({crosses, 2});
    for (int c = 0; c < crosses; ++c) {
      pairs.set(std::int64_t{c} * 2, truth.crosses[static_cast<std::size_t>(c)].first);
      pairs.set(std::int64_t{c} * 2 + 1, truth.crosses[static_cast<std::size_t>(c)].second);
    }
    out.truth["crosses"] = pairs;
    out.truth["cross-effects"] = truth.cross_effects;
  }
};
ASSAY_REGISTER(Dataset, Clicks);

}  // namespace
}  // namespace assay::datasets
