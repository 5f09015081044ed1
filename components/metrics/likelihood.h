#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

// Mean over examples and positions of -log softmax(outputs)[label], in nats, summed in double.
double mean_nll(Evaluation& evaluation);

}  // namespace assay::metrics
