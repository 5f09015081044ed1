// A random network of known units teaches: x is normal, y = U f(V x) + noise with V: units x
// features and U: outputs x units, normal, each row of V and of U with entries of variance one over
// its length. linear: f is the identity, so that the map has rank `units`; relu: a network of two
// layers (Saad and Solla 1995, whose units are sigmoidal and whose U is all ones).
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct Teacher final : Dataset {
  enum class Kind { kLinear, kRelu };
  static constexpr Info kInfo{"teacher", 1, "Outputs of a random network of known units.",
                              "Saad and Solla 1995 (on-line learning in multilayer networks)"};
  int features = 16;
  int units = 4;
  int outputs = 8;
  Kind kind = Kind::kLinear;
  double noise = 0.1;
  int examples = 4000;
  int draw = 0;

  static void params(Params<Teacher>& p) {
    using T = Teacher;
    p.add("features", &T::features).range(1, 65536).doc("Of an example.");
    p.add("units", &T::units)
        .range(1, 65536)
        .unit("units")
        .doc(
            "Of the hidden layer: the rank of a linear teacher, where features and outputs are "
            "no fewer.");
    p.add("outputs", &T::outputs).range(1, 65536).unit("targets").doc("Of the teacher.");
    p.add("kind", &T::kind, {"linear", "relu"}).doc("Of the hidden units.");
    p.add("noise", &T::noise).neutral(0.0).range(0, 100).doc("Standard deviation, on each target.");
    p.add("examples", &T::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &T::draw).at_least(0).doc("Which of the seeded draws.");
  }

  // `clean`: targets without the noise.
  Examples make_split(const nn::Tensor& hidden, const nn::Tensor& output, int count,
                      const Stream& stream, nn::Tensor* clean) const {
    Examples out;
    out.count = count;
    out.features = nn::Tensor::normal({count, features}, 1.0, stream.fork("features"));
    out.targets = nn::Tensor::normal({count, outputs}, noise, stream.fork("noise"));
    std::vector<double> h(static_cast<std::size_t>(units));
    for (int i = 0; i < count; ++i) {
      for (int u = 0; u < units; ++u) {
        double sum = 0.0;
        for (int j = 0; j < features; ++j) sum += hidden.at(u, j) * out.features.at(i, j);
        h[static_cast<std::size_t>(u)] = kind == Kind::kRelu ? std::max(0.0, sum) : sum;
      }
      for (int o = 0; o < outputs; ++o) {
        const std::int64_t at = std::int64_t{i} * outputs + o;
        double sum = 0.0;
        for (int u = 0; u < units; ++u) sum += output.at(o, u) * h[static_cast<std::size_t>(u)];
        if (clean) clean->set(at, sum);
        out.targets.set(at, sum + out.targets.get(at));
      }
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "teacher", "draw");
    const nn::Tensor hidden = nn::Tensor::normal({units, features}, 1.0 / std::sqrt(features),
                                                 stream.fork("hidden")),
                     output = nn::Tensor::normal({outputs, units}, 1.0 / std::sqrt(units),
                                                 stream.fork("output"));
    auto out = std::make_shared<Data>();
    out->name = "teacher";
    out->format = {false, features, 0, 1, 0, outputs};
    const int tenth = examples / 10;
    nn::Tensor clean({tenth, outputs});
    out->train = make_split(hidden, output, examples - 2 * tenth, stream.fork("train"), nullptr);
    out->valid = make_split(hidden, output, tenth, stream.fork("valid"), nullptr);
    out->test = make_split(hidden, output, tenth, stream.fork("test"), &clean);
    out->truth["hidden"] = hidden;  // V
    out->truth["output"] = output;  // U
    out->truth["clean"] = clean;    // of the test split
    return out;
  }
};
ASSAY_REGISTER(Dataset, Teacher);

}  // namespace
}  // namespace assay::datasets
