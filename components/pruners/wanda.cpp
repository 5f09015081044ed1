// Wanda (Sun et al. 2023): the score of W_ij is |W_ij| * ||x_j||_2, with x_j the j-th input of the
// layer over the calibration examples; within each output row the lowest go. A layer that no
// calibration example reaches (an expert without tokens) is judged by magnitude alone.
#include <cmath>

#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"

namespace assay::pruners {
namespace {

struct Wanda final : Pruner {
  static constexpr Info kInfo{"wanda", 1,
                              "Removes weights by magnitude times input norm, row by row.",
                              "Sun et al. 2023, arXiv:2306.11695, eq. 1"};
  double sparsity = 0.5;

  static void params(Params<Wanda>& p) {
    p.add("sparsity", &Wanda::sparsity).range(0, 1).doc("Fraction of each row that goes.");
  }

  // Sum over calibration rows of x_j², by the name of the layer.
  static std::map<std::string, std::vector<double>> input_squares(const TrainedModel& model,
                                                                  const Examples& calibration) {
    std::map<std::string, std::vector<double>> out;
    const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
      if (!site.ends_with(".in")) return x;
      auto& sums = out[std::string(site.substr(0, site.size() - 3))];
      const nn::Tensor& value = x.tape->value(x);
      const int width = value.shape().back();
      sums.resize(static_cast<std::size_t>(width));
      for (std::int64_t i = 0; i < value.count(); ++i)
        sums[static_cast<std::size_t>(i % width)] += value.get(i) * value.get(i);
      return x;
    };
    (void)model.outputs(calibration, std::span(&hook, 1));
    return out;
  }

  void prune(TrainedModel& model, const Examples& calibration, Stream /*stream*/) const override {
    const auto squares = input_squares(model, calibration);
    std::vector<nn::Parameter*> parameters = prunable(model);
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      const nn::Parameter& p = *parameters[j];
      const int rows = p.value.shape()[0], columns = p.value.shape()[1];
      const auto seen = squares.find(p.name.substr(0, p.name.rfind('.')));
      for (int r = 0; r < rows; ++r) {
        std::vector<Candidate> pool;
        for (int c = 0; c < columns; ++c) {
          const std::int64_t i = std::int64_t{r} * columns + c;
          const double norm =
              seen == squares.end() ? 1.0 : std::sqrt(seen->second[static_cast<std::size_t>(c)]);
          pool.push_back(
              {score_or_gone(p, i, std::abs(p.value.get(i)) * norm), static_cast<int>(j), i});
        }
        remove_lowest(parameters, pool, share(sparsity, columns));
      }
    }
  }
};
ASSAY_REGISTER(Pruner, Wanda);

}  // namespace
}  // namespace assay::pruners
