// Fills masked positions (token 0) step by step: at each step the model sees the tokens so far, and
// some positions take the most probable token, or one that is drawn: those at random positions, or
// where the model is most confident (largest top probability), as in MaskGIT (Chang et al. 2022,
// section 3.2) and LLaDA, where the margin over the second token is largest (Kim et al. 2025,
// arXiv:2502.06768), or where the entropy is least. With a schedule the calls of the
// model are `steps` at most, whatever the number of masks. The schedule timestep is that of Dream;
// its orders maskgit_plus, topk_margin and entropy are confidence, margin and entropy, with
// order_temperature as its alg_temp.
#include "components/samplers/masked.h"

namespace assay::samplers {
namespace {

struct Unmask final : OrderedSampler {
  static constexpr Info kInfo{"unmask", 2, "Fills masked tokens in random or most-confident order.",
                              "Chang et al. 2022, arXiv:2202.04200, section 3.2", true};
  int per_step = 1;
  Pace::Schedule schedule = Pace::Schedule::kFixed;
  int steps = 8;
  double eps = 1e-3;

  static void params(Params<Unmask>& p) {
    order_param(p, "Which positions come first.");
    p.add("per_step", &Unmask::per_step)
        .range(1, 65536)
        .unit("tokens")
        .doc("Filled after each call of the model, where the schedule is fixed.");
    p.add("schedule", &Unmask::schedule, std::span(Pace::kScheduleNames))
        .doc(
            "fixed: per_step tokens; linear, cosine: what leaves that share of masks; timestep: "
            "the "
            "share 1 - s / t of the masks left, times falling from 1 to eps.")
        .source("Chang et al. 2022, section 3.3")
        .since(2);
    p.add("steps", &Unmask::steps)
        .range(1, 65536)
        .unit("steps")
        .doc("Until nothing is masked, by a schedule that is not fixed.")
        .source("Chang et al. 2022, section 4")
        .since(2);
    masked_params(p, 2);
    order_temperature_param(p);
    p.add("eps", &Unmask::eps)
        .range(0, 1)
        .doc("Time of the last step of the schedule timestep.")
        .source("Ye et al. 2025, arXiv:2508.15487 (eps of Dream's code)")
        .since(3);
  }

 private:
  void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const override {
    sort(guesses, stream);
    const int most = Pace{schedule, per_step, steps, eps}.now(row.begun, row.calls,
                                                              static_cast<int>(guesses.size()));
    for (int i = 0; i < most; ++i) row.fill(guesses[static_cast<std::size_t>(i)]);
  }
};
ASSAY_REGISTER(Sampler, Unmask);

}  // namespace
}  // namespace assay::samplers
