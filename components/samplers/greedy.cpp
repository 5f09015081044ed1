// Takes the most probable token, again and again; ties go to the lower token. Nothing is drawn.
#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct Greedy final : NextTokenSampler {
  static constexpr Info kInfo{"greedy", 1, "Takes the most probable next token."};

  static void params(Params<Greedy>& p) { context_params(p); }

 private:
  int choose(std::span<const double> logits, double /*u*/) const override {
    return most_probable(logits);
  }
};
ASSAY_REGISTER(Sampler, Greedy);

}  // namespace
}  // namespace assay::samplers
