// How well few latents tell a class from the rest. For each class that the training split has: the
// k latents with the largest |mean in the class - mean outside| over their deviation, and a probe
// that reads them, fitted on the training split: the sum of each by that difference over its
// variance, cut where the balanced accuracy (mean of the recalls of class and rest) is highest; or
// a logistic regression on each over its deviation, both sides counting alike, cut at even odds.
// Measured: the balanced accuracy on the split under evaluation, mean over classes; part "single":
// the same for k = 1. After Gurnee et al. 2023, section 3, who try other rankings too.
#include <cmath>
#include <numeric>

#include "components/metrics/logistic.h"
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

// Codes with the class of each row; -1 is no class.
struct Labelled {
  const nn::Tensor& codes;
  const std::vector<std::int32_t>& labels;
};

struct Probe {
  std::vector<int> latents;
  std::vector<double> weights;
  double cut = 0.0;
  double score(const nn::Tensor& codes, int row) const {
    double out = 0.0;
    for (std::size_t i = 0; i < latents.size(); ++i) out += weights[i] * codes.at(row, latents[i]);
    return out;
  }
};

// Mean of each latent in the class and outside of it, and its variance over both.
struct Moments {
  std::vector<double> in, rest, variance;
  Moments(const Labelled& data, int wanted) {
    const auto latents = static_cast<std::size_t>(data.codes.shape().back());
    std::vector<double> all(latents);
    for (auto* to : {&in, &rest, &variance}) to->assign(latents, 0.0);
    double inside = 0.0, outside = 0.0;
    for (const std::int32_t label : data.labels) {
      inside += label == wanted ? 1.0 : 0.0;
      outside += label >= 0 && label != wanted ? 1.0 : 0.0;
    }
    each(data, [&](std::int32_t label, std::size_t l, double z) {
      (label == wanted ? in : rest)[l] += z / (label == wanted ? inside : outside);
      all[l] += z / (inside + outside);
    });
    each(data, [&](std::int32_t, std::size_t l, double z) {
      variance[l] += std::pow(z - all[l], 2) / (inside + outside);
    });
  }

 private:
  template <class Use>  // (label, latent, code)
  static void each(const Labelled& data, const Use& use) {
    const int latents = data.codes.shape().back();
    for (std::size_t i = 0; i < data.labels.size(); ++i)
      for (int l = 0; data.labels[i] >= 0 && l < latents; ++l)
        use(data.labels[i], static_cast<std::size_t>(l), data.codes.at(static_cast<int>(i), l));
  }
};

double balanced_accuracy(const Probe& probe, const Labelled& data, int wanted) {
  double members = 0.0, found = 0.0, others = 0.0, refused = 0.0;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] < 0) continue;
    const bool says = probe.score(data.codes, static_cast<int>(i)) > probe.cut;
    const bool member = data.labels[i] == wanted;
    (member ? members : others) += 1.0;
    if (says == member) (member ? found : refused) += 1.0;
  }
  return 0.5 * (found / members + refused / others);
}

// The cut between two scores that gives the highest balanced accuracy, the lowest of equals.
void choose_cut(Probe& probe, const Labelled& data, int wanted) {
  std::vector<std::pair<double, bool>> scores;
  double members = 0.0;
  for (std::size_t i = 0; i < data.labels.size(); ++i) {
    if (data.labels[i] < 0) continue;
    scores.emplace_back(probe.score(data.codes, static_cast<int>(i)), data.labels[i] == wanted);
    members += scores.back().second ? 1.0 : 0.0;
  }
  std::sort(scores.begin(), scores.end());
  const double others = static_cast<double>(scores.size()) - members;
  double missed = 0.0, refused = 0.0, best = 0.0;
  probe.cut = scores.front().first - 1.0;
  for (std::size_t i = 0; i + 1 < scores.size(); ++i) {
    (scores[i].second ? missed : refused) += 1.0;
    const double gain = refused / others - missed / members;
    if (gain <= best || scores[i].first == scores[i + 1].first) continue;
    best = gain;
    probe.cut = 0.5 * (scores[i].first + scores[i + 1].first);
  }
}

// The k latents that tell the class best by themselves, with the weights of mean differences.
Probe choose_latents(const Moments& moments, int k) {
  const auto weight = [&](int l) {
    const auto i = static_cast<std::size_t>(l);
    return moments.variance[i] > 0 ? (moments.in[i] - moments.rest[i]) / moments.variance[i] : 0.0;
  };
  const auto rank = [&](int l) {
    return std::abs(weight(l)) * std::sqrt(moments.variance[static_cast<std::size_t>(l)]);
  };
  Probe out;
  out.latents.resize(moments.in.size());
  std::iota(out.latents.begin(), out.latents.end(), 0);
  std::stable_sort(out.latents.begin(), out.latents.end(),
                   [&](int a, int b) { return rank(a) > rank(b); });
  out.latents.resize(std::min(out.latents.size(), static_cast<std::size_t>(k)));
  for (const int l : out.latents) out.weights.push_back(weight(l));
  return out;
}

// Gives the probe the weights and the cut of a logistic regression. A latent that never changes has
// no deviation, and gets no weight.
void regress(Probe& probe, const Labelled& train, const Moments& moments, int wanted, double c) {
  std::vector<double> x, scales;
  std::vector<bool> member;
  for (const int l : probe.latents) {
    const double variance = moments.variance[static_cast<std::size_t>(l)];
    scales.push_back(variance > 0 ? 1.0 / std::sqrt(variance) : 0.0);
  }
  for (std::size_t i = 0; i < train.labels.size(); ++i) {
    if (train.labels[i] < 0) continue;
    member.push_back(train.labels[i] == wanted);
    for (std::size_t j = 0; j < scales.size(); ++j)
      x.push_back(scales[j] * train.codes.at(static_cast<int>(i), probe.latents[j]));
  }
  const Logistic fitted = fit_logistic(x, member, c);
  for (std::size_t j = 0; j < scales.size(); ++j) probe.weights[j] = scales[j] * fitted.weights[j];
  probe.cut = -fitted.intercept;
}

struct SparseProbing final : Metric {
  static constexpr Info kInfo{"sparse-probing", 1,
                              "Balanced accuracy of probes of a few latents on the labels.",
                              "Gurnee et al. 2023, arXiv:2305.01610, section 3"};
  static constexpr std::string_view kBetter = "higher";
  enum class Fit { kMeanDifference, kLogistic };
  static constexpr int kMostLogistic = 256;  // whose squares are many numbers, for each class
  int k = 5;
  Fit probe = Fit::kMeanDifference;
  double c = 1.0;

  static void params(Params<SparseProbing>& p) {
    p.add("k", &SparseProbing::k)
        .range(1, 1 << 20)
        .unit("latents")
        .doc("That a probe reads.")
        .source("SAEBench (Karvonen et al. 2025): 1, 2 and 5");
    p.add("probe", &SparseProbing::probe, {"mean-difference", "logistic"})
        .doc("How it weighs them.")
        .source("Gurnee et al. 2023, section 3")
        .since(2);
    p.add("c", &SparseProbing::c)
        .above(0)
        .doc("Of logistic probes: weight of the loss beside half the squared norm of the weights.")
        .since(2);
  }
  std::string check() const override {
    return probe == Fit::kLogistic && k > kMostLogistic
               ? "k: a logistic probe reads " + std::to_string(kMostLogistic) + " latents at most"
               : "";
  }
  std::string_view needs() const override { return "data sae"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    Evaluation of_train;
    of_train.model = e.model;
    of_train.data = e.data;
    of_train.sae = e.sae;
    of_train.split = "train";
    if (of_train.examples().count == 0)
      throw std::runtime_error("sparse-probing needs a training split to fit its probes on");
    const Labelled train{of_train.codes(), of_train.examples().labels};
    const Labelled test{e.codes(), e.examples().labels};
    for (const Labelled* data : {&train, &test})
      if (data->codes.shape().rows() != static_cast<std::int64_t>(data->labels.size()))
        throw std::runtime_error("sparse-probing needs a label for each of the " +
                                 std::to_string(data->codes.shape().rows()) + " rows, not " +
                                 std::to_string(data->labels.size()));
    double few = 0.0, single = 0.0, classes = 0.0;
    for (int label = 0; label < e.data->format.classes; ++label) {
      if (!both_sides(train, label) || !both_sides(test, label)) continue;
      const Moments moments(train, label);
      few += balanced_accuracy(fit(train, moments, label, k), test, label);
      single += balanced_accuracy(fit(train, moments, label, 1), test, label);
      classes += 1.0;
    }
    if (classes == 0) throw std::runtime_error("sparse-probing: no class to tell from the rest");
    sink("sparse-probing", few / classes);
    sink("sparse-probing-single", single / classes);
  }

 private:
  Probe fit(const Labelled& train, const Moments& moments, int wanted, int latents) const {
    Probe out = choose_latents(moments, latents);
    if (probe == Fit::kLogistic)
      regress(out, train, moments, wanted, c);
    else
      choose_cut(out, train, wanted);
    return out;
  }
  static bool both_sides(const Labelled& data, int wanted) {
    const auto& labels = data.labels;
    return std::find(labels.begin(), labels.end(), wanted) != labels.end() &&
           std::any_of(labels.begin(), labels.end(),
                       [&](std::int32_t label) { return label >= 0 && label != wanted; });
  }
};
ASSAY_REGISTER(Metric, SparseProbing);

}  // namespace
}  // namespace assay::metrics
