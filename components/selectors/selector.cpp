#include "components/selectors/selector.h"

#include <algorithm>
#include <cmath>

#include "components/stages/minibatches.h"

namespace assay {

std::unique_ptr<BatchOrder> Selector::order(const Pool& /*pool*/, const Stream& /*stream*/,
                                            int /*batch*/) const {
  throw std::runtime_error(spec().name +
                           " chooses examples for the stage select; it orders no minibatches");
}

std::vector<int> Selector::choose(const Pool& /*pool*/, int /*count*/, Stream /*stream*/) const {
  throw std::runtime_error(spec().name +
                           " orders minibatches; it chooses no examples for the stage select");
}

namespace {

class UniformOrder final : public BatchOrder {
 public:
  UniformOrder(const Stream& stream, int count, int batch) : batches_(stream, count, batch) {}
  const std::vector<int>& next(double /*progress*/) override { return batches_.next(); }
  bool epochs() const override { return true; }
  void load(const Archive& /*in*/, int steps) override { batches_.skip(steps); }

 private:
  stages::Minibatches batches_;
};

}  // namespace

std::unique_ptr<BatchOrder> uniform_order(const Pool& pool, const Stream& stream, int batch) {
  return std::make_unique<UniformOrder>(stream, pool.examples.count, batch);
}

namespace selectors {

DrawnOrder::DrawnOrder(const Pool& pool, const Stream& stream, int batch)
    : pool_(pool),
      stream_(stream),
      rows_(static_cast<std::size_t>(std::min(batch, pool.examples.count))) {}

const std::vector<int>& DrawnOrder::next(double progress) {
  draw(rows_, step_, progress, stream_.fork("step", static_cast<std::uint64_t>(step_)));
  ++step_;
  return rows_;
}

void DrawnOrder::load(const Archive& /*in*/, int steps) {
  step_ = steps;
}

const std::vector<std::int32_t>& single_labels(const Pool& pool, std::string_view selector) {
  const auto& labels = pool.examples.labels;
  if (pool.format.positions != 1 || labels.empty())
    throw std::runtime_error(std::string(selector) + " needs one label for each example");
  return labels;
}

std::vector<std::vector<int>> rows_by_class(const Pool& pool, std::string_view selector) {
  const auto& labels = single_labels(pool, selector);
  std::vector<std::vector<int>> all(static_cast<std::size_t>(pool.format.classes));
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] >= 0) all.at(static_cast<std::size_t>(labels[i])).push_back(static_cast<int>(i));
  std::erase_if(all, [](const std::vector<int>& rows) { return rows.empty(); });
  if (all.empty()) throw std::runtime_error(std::string(selector) + " needs examples with labels");
  return all;
}

namespace {

const TrainedModel& model_of(const Pool& pool, std::string_view selector) {
  if (!pool.model) throw std::runtime_error(std::string(selector) + " needs the input model");
  return *pool.model;
}

bool gives_classes(const nn::Tensor& outputs, const Pool& pool) {
  return pool.model->model->output() == Model::Output::kLabels && pool.format.classes > 0 &&
         outputs.shape().back() == pool.format.positions * pool.format.classes;
}

// Turns each row of `width` logits into log softmax.
void log_softmax(nn::Tensor& logits, int width) {
  for (std::int64_t row = 0; row < logits.count(); row += width) {
    double top = logits.get(row), total = 0.0;
    for (int c = 1; c < width; ++c) top = std::max(top, logits.get(row + c));
    for (int c = 0; c < width; ++c) total += std::exp(logits.get(row + c) - top);
    for (int c = 0; c < width; ++c)
      logits.set(row + c, logits.get(row + c) - top - std::log(total));
  }
}

double label_loss(const nn::Tensor& log_p, const Pool& pool, int row) {
  const int positions = pool.format.positions, classes = pool.format.classes;
  double out = 0.0, counted = 0.0;
  for (int j = row * positions; j < (row + 1) * positions; ++j) {
    const int label = pool.examples.labels[static_cast<std::size_t>(j)];
    if (label < 0) continue;
    out -= log_p.get(std::int64_t{j} * classes + label);
    counted += 1.0;
  }
  return counted > 0 ? out / counted : 0.0;
}

double target_loss(const nn::Tensor& outputs, const nn::Tensor& targets, int row) {
  const int width = targets.shape().back();
  double out = 0.0;
  for (int j = 0; j < width; ++j) out += std::pow(outputs.at(row, j) - targets.at(row, j), 2);
  return out / width;
}

}  // namespace

std::vector<double> losses(const Pool& pool, std::string_view selector) {
  nn::Tensor outputs = model_of(pool, selector).outputs(pool.examples);
  const nn::Tensor& targets = pool.examples.targets;
  const bool classes = gives_classes(outputs, pool) && !pool.examples.labels.empty();
  const bool numbers = pool.model->model->output() == Model::Output::kTargets && !targets.empty() &&
                       outputs.shape() == targets.shape();
  if (!classes && !numbers)
    throw std::runtime_error(std::string(selector) +
                             " needs a model that predicts the labels or targets of the data");
  if (classes) log_softmax(outputs, pool.format.classes);
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(pool.examples.count));
  for (int i = 0; i < pool.examples.count; ++i)
    out.push_back(classes ? label_loss(outputs, pool, i) : target_loss(outputs, targets, i));
  return out;
}

nn::Tensor probabilities(const Pool& pool, std::string_view selector) {
  nn::Tensor out = model_of(pool, selector).outputs(pool.examples);
  if (!gives_classes(out, pool))
    throw std::runtime_error(std::string(selector) + " needs a model that predicts labels");
  log_softmax(out, pool.format.classes);
  for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, std::exp(out.get(i)));
  return out.reshaped({pool.examples.count * pool.format.positions, pool.format.classes});
}

std::vector<int> open_rows(const Pool& pool) {
  std::vector<bool> taken(static_cast<std::size_t>(pool.examples.count));
  for (const int row : pool.chosen) taken.at(static_cast<std::size_t>(row)) = true;
  std::vector<int> out;
  for (int i = 0; i < pool.examples.count; ++i)
    if (!taken[static_cast<std::size_t>(i)]) out.push_back(i);
  return out;
}

std::vector<int> highest(const Pool& pool, const std::vector<double>& scores, int count) {
  std::vector<int> out = open_rows(pool);
  std::stable_sort(out.begin(), out.end(), [&](int a, int b) {
    return scores[static_cast<std::size_t>(a)] > scores[static_cast<std::size_t>(b)];
  });
  out.resize(std::min(out.size(), static_cast<std::size_t>(count)));
  return out;
}

}  // namespace selectors
}  // namespace assay
