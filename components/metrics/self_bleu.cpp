// How much samples repeat one another: the mean over samples of their BLEU with all others as
// references. Of a sample, p_m is the share of its m-grams, of 1 to n tokens, that some other
// sample has too, each counted as often as that sample has it at most; BLEU is the geometric mean
// of p_1 to p_n, for samples are all of one length, so that there is no brevity penalty. As in the
// code of Zhu et al. 2018, no matches at all of one order count as 0.1 of one (method 1 of Chen and
// Cherry 2014), and a sample without a token in common with others has 0; they take the first
// 500 samples as references, here all are. 1 where all samples are alike; high is little variety.
#include <cmath>
#include <map>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

constexpr double kNoMatch = 0.1;

struct SelfBleu final : Metric {
  static constexpr Info kInfo{"self-bleu", 1, "BLEU of each sample against all others, mean.",
                              "Zhu et al. 2018, arXiv:1802.01886"};
  static constexpr std::string_view kBetter = "lower";
  int n = 3;

  static void params(Params<SelfBleu>& p) {
    p.add("n", &SelfBleu::n).range(1, 64).unit("tokens").doc("Length of the longest n-grams.");
  }
  std::string_view needs() const override { return "samples"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    if (!s.values.empty())
      throw std::runtime_error("self-bleu: the samples are numbers, not tokens");
    if (s.count < 2) throw std::runtime_error("self-bleu compares samples; there is one at most");
    if (s.width < n)
      throw std::runtime_error("self-bleu: samples of " + std::to_string(s.width) +
                               " tokens hold no n-gram of " + std::to_string(n));
    std::vector<double> logs(static_cast<std::size_t>(s.count));
    for (int m = 1; m <= n; ++m) {
      const std::vector<int> shared = shared_grams(s, m);
      for (std::size_t i = 0; i < logs.size(); ++i) {
        const double found = shared[i] > 0 ? shared[i] : m == 1 ? 0.0 : kNoMatch;
        logs[i] += std::log(found / (s.width - m + 1)) / n;
      }
    }
    double sum = 0.0;
    for (const double log : logs) sum += std::exp(log);
    sink("self-bleu-" + std::to_string(n), sum / s.count);
  }

 private:
  struct Count {
    int sample = 0, times = 0;
  };

  // Of each sample, how many of its n-grams of this length another one has.
  static std::vector<int> shared_grams(const Samples& s, int length) {
    std::map<std::vector<std::int32_t>, std::vector<Count>> grams;
    for (int i = 0; i < s.count; ++i) {
      const auto row = s.tokens.begin() + std::ptrdiff_t{i} * s.width;
      for (int j = 0; j + length <= s.width; ++j) {
        std::vector<Count>& counts = grams[{row + j, row + j + length}];
        if (counts.empty() || counts.back().sample != i) counts.push_back({i, 0});
        ++counts.back().times;
      }
    }
    std::vector<int> out(static_cast<std::size_t>(s.count));
    for (const auto& [gram, counts] : grams) {
      Count most;
      int second = 0;  // the most times in a sample other than that one
      for (const Count& count : counts) {
        second = std::max(second, std::min(count.times, most.times));
        if (count.times > most.times) most = count;
      }
      for (const Count& count : counts)
        out[static_cast<std::size_t>(count.sample)] +=
            std::min(count.times, count.sample == most.sample ? second : most.times);
    }
    return out;
  }
};
ASSAY_REGISTER(Metric, SelfBleu);

}  // namespace
}  // namespace assay::metrics
