// topk's auxiliary loss, batch-topk and matryoshka, and resampling: what follows dead latents.
#include <cmath>

#include "tests/contracts/sae_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Values = std::vector<double>;

double loss_on(const TrainedSae& sae, const nn::Tensor& x) {
  nn::Tape tape;
  return tape.scalar(sae_loss(*sae.sae, tape, sae.parameters, x));
}

// Loss and updates of one step, the optimizer's left out; the latents that began anew.
Values follow(TrainedSae& sae, const nn::Tensor& x) {
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  const nn::Var input = tape.constant(x);
  (void)sae.sae->loss(pass, input, input);
  pass.run_updates(sae.parameters);
  const auto restarted = sae.sae->restarted(pass);
  const Values out(restarted.begin(), restarted.end());
  CHECK(sae.sae->restarted(pass).empty());  // told once
  return out;
}

// Gives the same code and loss where the batch has one example.
TrainedSae like(const TrainedSae& other, const std::string& text) {
  TrainedSae out = untrained_sae(text, other.features, 1);
  for (nn::Parameter& p : out.parameters)
    if (const nn::Parameter* same = other.parameters.find(p.name)) p.value = same->value;
  return out;
}

// As the optimizer would, by plain gradient descent.
void descend(TrainedSae& sae, const nn::Tensor& x, double rate) {
  nn::Tape tape;
  nn::Forward pass(tape, sae.parameters, true, Stream(7));
  const nn::Var input = tape.constant(x);
  tape.backward(sae.sae->loss(pass, input, input));
  for (nn::Parameter& p : sae.parameters)
    if (const nn::Tensor* slope = tape.gradient_of(p))
      for (std::int64_t i = 0; i < slope->count(); ++i)
        p.value.set(i, p.value.get(i) - rate * slope->get(i));
  pass.run_updates(sae.parameters);
  sae.sae->after_step(sae.parameters);
}

}  // namespace

TEST_CASE("batch-topk of one example is topk, and matryoshka of one prefix is batch-topk") {
  const TrainedSae topk = untrained_sae("{ use = \"topk\", latents = 12, k = 3 }", 6, 2);
  const TrainedSae batch = like(topk, "{ use = \"batch-topk\", latents = 12, k = 3 }");
  const TrainedSae nested =
      like(topk, "{ use = \"matryoshka\", latents = 12, k = 3, prefixes = [1.0] }");
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const nn::Tensor one = nn::Tensor::normal({1, 6}, 1.0, Stream(seed));
    CHECK(loss_on(batch, one) == doctest::Approx(loss_on(topk, one)));
    const nn::Tensor many = nn::Tensor::normal({8, 6}, 1.0, Stream(seed));
    CHECK(loss_on(nested, many) == doctest::Approx(loss_on(batch, many)));
    // The whole batch may share what no example alone may.
    CHECK(loss_on(batch, many) != doctest::Approx(loss_on(topk, many)));
  }
}

TEST_CASE("batch-topk keeps n k latents in all, and in use those above its threshold") {
  TrainedSae sae = untrained_sae("{ use = \"batch-topk\", latents = 3, k = 1, rate = 0.5 }", 3, 2);
  const Values identity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({3, 3}, identity);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({3, 3}, identity);
  const nn::Tensor x = nn::Tensor::of({2, 3}, Values{5, 4, 1, 2, 1, 3});
  // Of six numbers 5 and 4 are kept: 1 + 2² + 1 + 3² is left.
  CHECK(loss_on(sae, x) == doctest::Approx((1.0 + 4 + 1 + 9) / 2));
  follow(sae, x);
  const nn::Tensor& threshold = sae.parameters.get("threshold").value;
  CHECK(threshold.get(0) == 4.0);
  CHECK(sae.encode(x) == nn::Tensor::of({2, 3}, Values{5, 0, 0, 0, 0, 0}));  // above, not at, 4
  follow(sae, nn::Tensor::of({1, 3}, Values{2, 1, 0}));
  CHECK(threshold.get(0) == 3.0);  // half of the way from 4 to 2
  CHECK(sae.encode(x) == nn::Tensor::of({2, 3}, Values{5, 4, 0, 0, 0, 0}));
}

TEST_CASE("topk with more latents beside: L(k) and a share of L(4k)") {
  const std::string one = "use = \"topk\", latents = 3, k = 1";
  TrainedSae sae = untrained_sae("{ multi = 0.5, multi_k = 2, " + one + " }", 3, 2);
  const Values identity = {1, 0, 0, 0, 1, 0, 0, 0, 1};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({3, 3}, identity);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({3, 3}, identity);
  const nn::Tensor x = nn::Tensor::of({1, 3}, Values{3, 2, 1});
  CHECK(loss_on(sae, x) == doctest::Approx(2 * 2 + 1 + 0.5 * 1));
  CHECK(sae.encode(x) == nn::Tensor::of({1, 3}, Values{3, 0, 0}));  // in use k are kept
  sae_contract("{ use = \"topk\", latents = 12, k = 2, multi = 0.125 }");
  CHECK(error_of<Sae>("{ multi = 0.125, " + one + " }") ==
        "it.multi: keeping 4 is more than the 3 latents");
}

TEST_CASE("norms of the decoder may be free") {
  for (const std::string options :
       {"use = \"topk\", latents = 12", "use = \"batch-topk\", latents = 12",
        "use = \"jump-relu\", latents = 12, project = false"}) {
    CAPTURE(options);
    TrainedSae sae = untrained_sae("{ unit_norm = false, " + options + " }", 6, 2);
    nn::Tensor& rows = sae.parameters.get("decoder.weight").value;
    rows.set(0, 7.0);
    const nn::Tensor before = rows;
    sae.sae->after_step(sae.parameters);
    CHECK(rows == before);
  }
  CHECK(error_of<Sae>("{ use = \"topk\", project = true, unit_norm = false }") ==
        "it.project keeps the norms of the decoder's rows; it needs unit_norm");
}

TEST_CASE("matryoshka adds the errors of its prefixes") {
  TrainedSae sae = untrained_sae(
      "{ use = \"matryoshka\", latents = 2, k = 2, prefixes = [0.5, 1.0], aux = 0.0 }", 2, 2);
  const Values identity = {1, 0, 0, 1};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({2, 2}, identity);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, identity);
  // The first latent alone leaves 3², both leave nothing.
  CHECK(loss_on(sae, nn::Tensor::of({1, 2}, Values{2, 3})) == doctest::Approx(9.0));
  CHECK(error_of<Sae>("{ use = \"matryoshka\", prefixes = [0.5, 0.25, 1.0] }")
            .find("prefixes: each must hold more of the 128 latents than the one before") !=
        std::string::npos);
  CHECK(error_of<Sae>("{ use = \"matryoshka\", prefixes = [0.5] }")
            .find("prefixes: the last must be 1, the whole dictionary") != std::string::npos);
}

TEST_CASE("matching pursuit of orthogonal directions is topk") {
  TrainedSae pursuit = untrained_sae("{ use = \"matching-pursuit\", latents = 3, k = 2 }", 3, 2);
  TrainedSae topk = untrained_sae("{ use = \"topk\", latents = 3, k = 2 }", 3, 2);
  const Values turned = {0.6, 0.8, 0, -0.8, 0.6, 0, 0, 0, 1};
  for (const char* name : {"encoder.weight", "decoder.weight"})
    topk.parameters.get(name).value = nn::Tensor::of({3, 3}, turned);
  pursuit.parameters.get("decoder.weight").value = nn::Tensor::of({3, 3}, turned);
  const nn::Tensor x = nn::Tensor::normal({20, 3}, 1.0, Stream(3));
  CHECK(loss_on(pursuit, x) == doctest::Approx(loss_on(topk, x)));
  const nn::Tensor one = pursuit.encode(x), other = topk.encode(x);
  for (std::int64_t i = 0; i < one.count(); ++i)
    CHECK(one.get(i) == doctest::Approx(other.get(i)).epsilon(1e-5));
}

TEST_CASE("matching pursuit explains away what it has found") {
  // The second direction shares 0.8 of the first, which explains the first example alone. Of the
  // second one it leaves (0, 0.9), of which the other takes 0.54 and leaves (-0.432, 0.576).
  TrainedSae sae = untrained_sae("{ use = \"matching-pursuit\", latents = 2, k = 2 }", 2, 2);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, Values{1, 0, 0.8, 0.6});
  const nn::Tensor x = nn::Tensor::of({2, 2}, Values{2, 0, 3, 0.9});
  const nn::Tensor codes = sae.encode(x), back = sae.reconstruct(x);
  const Values expected = {2, 0, 3, 0.54}, rebuilt = {2, 0, 3.432, 0.324};
  for (std::int64_t i = 0; i < 4; ++i) {
    CHECK(codes.get(i) == doctest::Approx(expected[static_cast<std::size_t>(i)]));
    CHECK(back.get(i) == doctest::Approx(rebuilt[static_cast<std::size_t>(i)]));
  }
  CHECK(loss_on(sae, x) == doctest::Approx((0.432 * 0.432 + 0.576 * 0.576) / 2));
}

TEST_CASE("each step of matching pursuit leaves less, by the square of what it took") {
  const nn::Tensor x = nn::Tensor::normal({9, 6}, 1.0, Stream(3));
  double before = 0.0;
  for (std::int64_t i = 0; i < x.count(); ++i) before += x.get(i) * x.get(i) / 9;
  nn::Tensor code({9, 20});
  for (int k = 1; k < 6; ++k) {
    const TrainedSae sae = untrained_sae(
        "{ use = \"matching-pursuit\", latents = 20, k = " + std::to_string(k) + " }", 6, 2);
    const nn::Tensor next = sae.encode(x);
    double taken = 0.0;
    for (std::int64_t i = 0; i < code.count(); ++i)
      taken += std::pow(next.get(i) - code.get(i), 2) / 9;
    CHECK(loss_on(sae, x) == doctest::Approx(before - taken));
    before = loss_on(sae, x);
    code = next;
  }
}

TEST_CASE("silence is counted in examples, and ends when a latent fires") {
  TrainedSae sae = untrained_sae("{ use = \"topk\", latents = 4, k = 1, aux = 0.5 }", 4, 2);
  sae.parameters.get("encoder.bias").value = nn::Tensor::of({4}, Values{0, 90, 0, -90});
  const nn::Tensor x = nn::Tensor::normal({5, 4}, 1.0, Stream(3));
  const nn::Tensor& since = sae.parameters.get("since_firing").value;
  follow(sae, x);
  follow(sae, x);
  CHECK(since == nn::Tensor::of({4}, Values{10, 0, 10, 10}));
  sae.parameters.get("encoder.bias").value.set(3, 200.0);
  follow(sae, x);
  CHECK(since == nn::Tensor::of({4}, Values{15, 5, 15, 0}));
}

TEST_CASE("the auxiliary loss by hand: dead latents rebuild what is left over") {
  TrainedSae sae =
      untrained_sae("{ use = \"topk\", latents = 2, k = 1, aux = 0.5, dead_after = 5 }", 2, 2);
  const Values identity = {1, 0, 0, 1};
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({2, 2}, identity);
  sae.parameters.get("decoder.weight").value = nn::Tensor::of({2, 2}, identity);
  const nn::Tensor x = nn::Tensor::of({1, 2}, Values{3, 2});
  CHECK(loss_on(sae, x) == doctest::Approx(4.0));  // the second is alive
  sae.parameters.get("since_firing").value.set(1, 5.0);
  CHECK(loss_on(sae, x) == doctest::Approx(4.0));  // it rebuilds the rest exactly
  sae.parameters.get("encoder.weight").value.set(3, 0.5);
  CHECK(loss_on(sae, x) == doctest::Approx(4.0 + 0.5));  // half of it: 1² is left
}

TEST_CASE("the auxiliary loss revives dead latents") {
  const nn::Tensor x = nn::Tensor::normal({256, 8}, 1.0, Stream(3));
  const auto alive_after = [&](const std::string& aux) {
    TrainedSae sae = untrained_sae(
        "{ use = \"topk\", latents = 32, k = 4, dead_after = 256, aux = " + aux + " }", 8, 2);
    // The second half hardly ever comes among the four largest, though it is above 0 now and then.
    for (int l = 0; l < 32; ++l)
      sae.parameters.get("encoder.bias").value.set(l, l < 16 ? 1.0 : -2.0);
    for (int step = 0; step < 400; ++step) descend(sae, x, 0.02);
    const nn::Tensor codes = sae.encode(x);
    int alive = 0;
    for (int l = 16; l < 32; ++l) {
      bool fires = false;
      for (int i = 0; i < 256; ++i) fires = fires || codes.at(i, l) != 0.0;
      alive += fires ? 1 : 0;
    }
    return alive;
  };
  CHECK(alive_after("0.0") <= 3);
  CHECK(alive_after("1.0") >= 9);
}

TEST_CASE("relu-l1 gives dead latents the direction of an example") {
  TrainedSae sae =
      untrained_sae("{ use = \"relu-l1\", latents = 3, resample_at = [2], dead_after = 2 }", 2, 2);
  sae.parameters.get("encoder.weight").value = nn::Tensor::of({3, 2}, Values{2, 0, 0, 2, 1, 1});
  sae.parameters.get("encoder.bias").value = nn::Tensor::of({3}, Values{0, -9, -9});
  const nn::Tensor x = nn::Tensor::of({2, 2}, Values{3, 4, 3, 4});
  const nn::Tensor &encoder = sae.parameters.get("encoder.weight").value,
                   &decoder = sae.parameters.get("decoder.weight").value;
  const nn::Tensor before = encoder;
  CHECK(follow(sae, x).empty());
  CHECK(encoder == before);
  CHECK(follow(sae, x) == Values{1, 2});  // the second step: both others have been silent for two
  for (int l = 1; l < 3; ++l) {
    CHECK(decoder.at(l, 0) == doctest::Approx(0.6));
    CHECK(decoder.at(l, 1) == doctest::Approx(0.8));
    CHECK(encoder.at(l, 0) == doctest::Approx(0.2 * 2 * 0.6));  // the norm of the one alive is 2
    CHECK(sae.parameters.get("encoder.bias").value.get(l) == 0.0);
    CHECK(sae.parameters.get("since_firing").value.get(l) == 0.0);
  }
  CHECK(encoder.at(0, 0) == 2.0);
}
