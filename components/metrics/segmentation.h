#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "components/metrics/metric.h"

namespace assay {

// The pixels of an image: which object each belongs to (0: background), and the slot whose mask is
// largest there, the lowest of equals.
struct Segmentation {
  std::vector<int> truth, found;
};

// Those of the test split, from the data's "masks" and the statistic ".masks" of the model. Throws
// std::runtime_error, by the metric's name, where there are none.
std::vector<Segmentation> segmentations(Evaluation& e, std::string_view metric);

// Of two partitions of the same items (Hubert and Arabie 1985, eq. 5): 1 for equal ones, 0 on
// average for random ones; 1 where both are one cluster, or both are singletons.
double adjusted_rand_index(std::span<const int> a, std::span<const int> b);

}  // namespace assay
