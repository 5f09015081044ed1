#include "components/saes/sae.h"

#include "runner/config/parse.h"

namespace assay {

using nn::Tensor;

Tensor Scaling::apply(const Tensor& activations) const {
  Tensor to = activations;
  const int d = to.shape().back();
  for (std::int64_t i = 0; i < to.count(); ++i) {
    const double centred = to.get(i) - mean.get(i % d);
    to.set(i, scale.empty() ? centred : centred * scale.get(i % d));
  }
  return to;
}

Tensor Scaling::undo(const Tensor& scaled) const {
  Tensor to = scaled;
  const int d = to.shape().back();
  for (std::int64_t i = 0; i < to.count(); ++i) {
    const double centred = scale.empty() ? to.get(i) : to.get(i) / scale.get(i % d);
    to.set(i, centred + mean.get(i % d));
  }
  return to;
}

Tensor TrainedSae::encode(const Tensor& activations) const {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(0));
  return tape.value(sae->encode(pass, tape.constant(in.apply(activations))));
}

Tensor TrainedSae::reconstruct(const Tensor& activations) const {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(0));
  const nn::Var x = tape.constant(in.apply(activations));
  const nn::Var rebuilt = sae->rebuild(pass, x, sae->encode(pass, x));
  return (targets.empty() ? in : out).undo(tape.value(rebuilt));
}

namespace {

void put_scaling(Archive& to, const std::string& name, const Scaling& scaling) {
  to.put(name + ".mean", scaling.mean.to_array());
  if (!scaling.scale.empty()) to.put(name + ".scale", scaling.scale.to_array());
}
Scaling get_scaling(const Archive& from, const std::string& name) {
  Scaling scaling;
  scaling.mean = Tensor::from_array(from.array(name + ".mean"));
  if (from.has(name + ".scale")) scaling.scale = Tensor::from_array(from.array(name + ".scale"));
  return scaling;
}

}  // namespace

void TrainedSae::save(Archive& to) const {
  to.put_text("sae", sae->config().text());
  for (std::size_t i = 0; i < sites.size(); ++i) to.put_text("site" + std::to_string(i), sites[i]);
  to.put_text("target", targets.empty() ? "" : targets[0]);
  for (std::size_t i = 1; i < targets.size(); ++i)
    to.put_text("target" + std::to_string(i), targets[i]);
  put_scaling(to, "in", in);
  if (!targets.empty()) put_scaling(to, "out", out);
  parameters.save(to, "parameters");
}

std::size_t TrainedSae::bytes() const {
  return parameters.bytes() + in.mean.bytes() + in.scale.bytes() + out.mean.bytes() +
         out.scale.bytes();
}

std::shared_ptr<const TrainedSae> TrainedSae::load(const Archive& from) {
  auto sae = std::make_shared<TrainedSae>();
  sae->sae = Registry::global().build<Sae>(config::parse_value(from.text("sae")));
  for (std::size_t i = 0; from.has_text("site" + std::to_string(i)); ++i)
    sae->sites.push_back(from.text("site" + std::to_string(i)));
  if (!from.text("target").empty()) sae->targets.push_back(from.text("target"));
  for (std::size_t i = 1; from.has_text("target" + std::to_string(i)); ++i)
    sae->targets.push_back(from.text("target" + std::to_string(i)));
  sae->in = get_scaling(from, "in");
  sae->features = static_cast<int>(sae->in.mean.count());
  if (!sae->targets.empty()) sae->out = get_scaling(from, "out");
  sae->parameters = nn::Parameters::load(from, "parameters");
  return sae;
}
ASSAY_ARTIFACT(TrainedSae);

Tensor activations_at(const TrainedModel& model, const Examples& examples,
                      const std::vector<std::string>& sites, std::vector<int>* widths) {
  std::vector<Tensor> parts;
  int width = 0;
  for (const std::string& site : sites) {
    parts.push_back(model.activations(examples, site));
    width += parts.back().shape().back();
    if (widths) widths->push_back(parts.back().shape().back());
    if (parts.back().shape().rows() != parts[0].shape().rows())
      throw std::runtime_error("the sites \"" + sites[0] + "\" and \"" + site + "\" see " +
                               std::to_string(parts[0].shape().rows()) + " and " +
                               std::to_string(parts.back().shape().rows()) + " rows");
  }
  if (parts.size() == 1) return std::move(parts[0]);
  const int rows = static_cast<int>(parts[0].shape().rows());
  Tensor out({rows, width});
  auto at = out.floats().begin();
  for (int row = 0; row < rows; ++row)
    for (const Tensor& part : parts) {
      const int d = part.shape().back();
      at = std::copy_n(part.floats().begin() + std::ptrdiff_t{row} * d, d, at);
    }
  return out;
}

}  // namespace assay
