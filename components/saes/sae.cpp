#include "components/saes/sae.h"

#include "runner/config/parse.h"

namespace assay {

using nn::Tensor;

namespace {

// (activation - mean) * scale
Tensor scaled(const TrainedSae& sae, const Tensor& activations) {
  Tensor out = activations;
  const int d = out.shape().back();
  for (std::int64_t i = 0; i < out.count(); ++i)
    out.set(i, (out.get(i) - sae.mean.get(i % d)) * sae.scale);
  return out;
}

}  // namespace

Tensor TrainedSae::encode(const Tensor& activations) const {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(0));
  return tape.value(sae->encode(pass, tape.constant(scaled(*this, activations))));
}

Tensor TrainedSae::reconstruct(const Tensor& activations) const {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(0));
  Tensor out =
      tape.value(sae->decode(pass, sae->encode(pass, tape.constant(scaled(*this, activations)))));
  for (std::int64_t i = 0; i < out.count(); ++i)
    out.set(i, out.get(i) / scale + mean.get(i % features));
  return out;
}

void TrainedSae::save(Archive& out) const {
  out.put_text("sae", sae->config().text());
  out.put_text("site", site);
  out.put("mean", mean.to_array());
  const double fields[] = {static_cast<double>(features), scale};
  out.put("fields", Array::of<double>(fields, {2}));
  parameters.save(out, "parameters");
}

std::size_t TrainedSae::bytes() const {
  return parameters.bytes() + mean.bytes();
}

std::shared_ptr<const TrainedSae> TrainedSae::load(const Archive& in) {
  auto out = std::make_shared<TrainedSae>();
  out->sae = Registry::global().build<Sae>(config::parse_value(in.text("sae")));
  out->site = in.text("site");
  out->mean = Tensor::from_array(in.array("mean"));
  const auto fields = in.array("fields").as<double>();
  out->features = static_cast<int>(fields[0]);
  out->scale = fields[1];
  out->parameters = nn::Parameters::load(in, "parameters");
  return out;
}
ASSAY_ARTIFACT(TrainedSae);

}  // namespace assay
