#pragma once

#include <memory>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"

namespace assay::datasets {

// One run of a dynamical system: steps x width numbers, equally far apart in time.
struct Trajectory {
  int width = 0;
  std::vector<double> values;
  int steps() const { return static_cast<int>(values.size() / static_cast<std::size_t>(width)); }
  double at(int step, int column) const {
    return values[static_cast<std::size_t>(step) * static_cast<std::size_t>(width) +
                  static_cast<std::size_t>(column)];
  }
};

// How a trajectory is cut up: an example is `window` steps, the oldest first; its targets are the
// values `ahead` steps after the last.
struct Windows {
  int window = 1;
  int ahead = 1;
  int examples = 0;
  bool pooled = false;  // one mean and deviation for all columns, which are points of one field
  // Steps that the examples need. The tenths for valid and test follow the training part, and no
  // step is in two parts.
  int steps() const { return examples + 3 * (window + ahead - 1); }
};

// Shifted and scaled by mean and standard deviation of the training part alone, which are the truth
// "mean" and "deviation" (width).
std::shared_ptr<Data> make_windows(const std::string& name, Trajectory run, const Windows& cut);

}  // namespace assay::datasets
