#include "components/pruners/score_pruner.h"

#include "components/pruners/mask.h"

namespace assay {

std::string ScorePruner::check() const {
  return m == 0 || n <= m ? "" : "n: no more than m = " + std::to_string(m) + " can be kept";
}

namespace {

// Entries first … first + count - 1 of parameter j.
void add_candidates(std::vector<Candidate>& pool, const std::vector<nn::Parameter*>& parameters,
                    const Scores& scores, std::size_t j, std::int64_t first, std::int64_t count) {
  for (std::int64_t i = first; i < first + count; ++i)
    pool.push_back({score_or_gone(*parameters[j], i, scores[j][static_cast<std::size_t>(i)]),
                    static_cast<int>(j), i});
}

// A group smaller than m, at the end of a row, keeps n too, or all that it has.
void keep_n_of_m(const std::vector<nn::Parameter*>& parameters, const Scores& scores, int n,
                 int m) {
  std::vector<Candidate> pool;
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    const nn::Shape& shape = parameters[j]->value.shape();
    for (std::int64_t row = 0; row < shape.rows(); ++row) {
      for (int first = 0; first < shape.back(); first += m) {
        const int size = std::min(m, shape.back() - first);
        pool.clear();
        add_candidates(pool, parameters, scores, j, row * shape.back() + first, size);
        remove_lowest(parameters, pool, size - std::min(n, size));
      }
    }
  }
}

}  // namespace

void ScorePruner::prune(TrainedModel& model, const Examples& calibration, Stream stream) const {
  const std::vector<nn::Parameter*> parameters = prunable(model);
  const Scores all = scores(model, parameters, calibration, stream);
  if (m > 0) return keep_n_of_m(parameters, all, n, m);
  std::vector<Candidate> pool;
  const auto remove = [&] {
    remove_lowest(parameters, pool, share(sparsity, static_cast<std::int64_t>(pool.size())));
    pool.clear();
  };
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    const nn::Tensor& value = parameters[j]->value;
    const std::int64_t step = scope == Scope::kRow ? value.shape().back() : value.count();
    for (std::int64_t first = 0; first < value.count(); first += step) {
      add_candidates(pool, parameters, all, j, first, step);
      if (scope != Scope::kGlobal) remove();
    }
  }
  remove();
}

}  // namespace assay
