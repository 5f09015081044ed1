#pragma once

#include <memory>
#include <span>
#include <vector>

#include "components/models/model.h"

namespace assay {

// What a selector may look at.
struct Pool {
  const Examples& examples;
  const DataFormat& format;
  // In training the model as it stands, so that it is another one at each step; null where there is
  // none.
  const TrainedModel* model = nullptr;
  std::vector<int> chosen;  // rows that are in the set already
};

// Which examples each step of a training sees, step by step from 0.
class BatchOrder {
 public:
  BatchOrder() = default;
  BatchOrder(const BatchOrder&) = delete;
  BatchOrder& operator=(const BatchOrder&) = delete;
  virtual ~BatchOrder() = default;
  // The rows of the next step, of which there are `batch`, or all examples where there are fewer;
  // `progress` is the share of steps that are done. Valid until the next call.
  virtual const std::vector<int>& next(double progress) = 0;
  // Of the rows that next() gave: by how much their losses count; empty where all count alike.
  virtual std::span<const double> weights() const { return {}; }
  // Whether minibatches are cut from random orders of all examples, one after the other, so that
  // each example is in one of an epoch at most, whatever it is.
  virtual bool epochs() const { return false; }
  // Everything but the step that going on to the same rows needs.
  virtual void save(Archive& /*out*/) const {}
  // Goes on as after `steps` calls of next(). Requires an order at step 0.
  virtual void load(const Archive& in, int steps) = 0;
};

// Chooses training examples. It has two uses, and a selector that does not serve one refuses it by
// std::runtime_error: the order of minibatches in a training, and the examples that the stage
// `select` keeps. What it gives follows from the pool and the stream alone.
class Selector : public Component {
 public:
  static constexpr std::string_view kKind = "selector";
  static constexpr std::string_view kNeutral = "uniform";
  // The pool outlives the order; its model changes from step to step.
  virtual std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                            int batch) const;
  // Whether that order gives weights, so that only objectives that weigh examples fit.
  virtual bool weighs() const { return false; }
  // `count` different rows that are not chosen yet, those first that matter most; all that are left
  // where there are fewer.
  virtual std::vector<int> choose(const Pool& pool, int count, Stream stream) const;
};

// The order without a selector: each epoch is a new random one, without replacement.
std::unique_ptr<BatchOrder> uniform_order(const Pool& pool, const Stream& stream, int batch);

namespace selectors {

// Minibatches that are drawn anew at each step, from the numbers of that step alone, so that there
// is nothing to go through when a training goes on.
class DrawnOrder : public BatchOrder {
 public:
  DrawnOrder(const Pool& pool, const Stream& stream, int batch);
  const std::vector<int>& next(double progress) final;
  void load(const Archive& in, int steps) override;

 protected:
  // Fills `rows` with `batch` of the examples.
  virtual void draw(std::vector<int>& rows, int step, double progress, Stream stream) = 0;
  const Pool& pool() const { return pool_; }

 private:
  Pool pool_;
  Stream stream_;
  int step_ = 0;
  std::vector<int> rows_;
};

// The only label of each example, or a std::runtime_error that names the selector.
const std::vector<std::int32_t>& single_labels(const Pool& pool, std::string_view selector);
// The rows of each class that has any, by class.
std::vector<std::vector<int>> rows_by_class(const Pool& pool, std::string_view selector);
// Of each example under the pool's model: the mean of -log p(label) over its positions, or of the
// squared errors of its targets. std::runtime_error where the outputs are neither.
std::vector<double> losses(const Pool& pool, std::string_view selector);
// softmax of the pool's model at each position of each example: (n * positions) x classes.
nn::Tensor probabilities(const Pool& pool, std::string_view selector);
// The rows that are not chosen yet, in order.
std::vector<int> open_rows(const Pool& pool);
// The `count` open rows of the largest scores (one for each example), ties to the lower row.
std::vector<int> highest(const Pool& pool, const std::vector<double>& scores, int count);

}  // namespace selectors
}  // namespace assay
