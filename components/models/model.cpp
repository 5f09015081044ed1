#include "components/models/model.h"

#include "runner/config/parse.h"

namespace assay {

using nn::Tape;
using nn::Tensor;
using nn::Var;

int input_width(const DataFormat& format) {
  return format.tokens ? format.width * format.vocabulary : format.width;
}

namespace {

std::string describe_input(const DataFormat& format) {
  const std::string width = std::to_string(format.width);
  if (format.nodes > 0)
    return "graphs of " + std::to_string(format.nodes) + " nodes of " +
           std::to_string(format.width / format.nodes) + " features";
  return format.tokens ? width + " tokens of " + std::to_string(format.vocabulary)
                       : width + " features";
}

}  // namespace

void require_same_input(const DataFormat& expected, const DataFormat& given) {
  if (expected.tokens == given.tokens && expected.width == given.width &&
      expected.vocabulary == given.vocabulary && expected.nodes == given.nodes)
    return;
  throw std::runtime_error("the model reads " + describe_input(expected) + ", the data have " +
                           describe_input(given));
}

void require_labels(const DataFormat& format, std::string_view classifier) {
  require_no_graphs(format, classifier);
  if (format.classes > 0) return;
  throw std::runtime_error(std::string(classifier) + " predicts labels; the data have none");
}

void require_no_graphs(const DataFormat& format, std::string_view model) {
  if (format.nodes == 0) return;
  throw std::runtime_error(std::string(model) + " does not see edges; the data are " +
                           describe_input(format));
}

int predicted_width(const DataFormat& format, std::string_view model) {
  require_no_graphs(format, model);
  if (format.classes > 0) return format.positions * format.classes;
  if (format.targets > 0) return format.targets;
  throw std::runtime_error(std::string(model) +
                           " predicts labels or targets; the data have neither");
}

double kept(const nn::Parameter& parameter) {
  if (parameter.mask.empty()) return static_cast<double>(parameter.value.count());
  double total = 0.0;
  for (std::int64_t i = 0; i < parameter.mask.count(); ++i)
    total += parameter.mask.get(i) != 0.0 ? 1.0 : 0.0;
  return total;
}

double kept_weights(const nn::Parameters& parameters) {
  double total = 0.0;
  for (const nn::Parameter& p : parameters) total += p.role == nn::Role::kWeight ? kept(p) : 0.0;
  return total;
}

Var input_of(nn::Forward& pass, const DataFormat& format, const Examples& batch) {
  // The batch outlives the pass.
  if (!format.tokens && batch.features.dtype() == pass.tape().dtype())
    return pass.tape().borrow(batch.features);
  if (!format.tokens) return pass.tape().constant(batch.features);
  return pass.tape().constant({batch.count, input_width(format)}, [&](Tensor& one_hot) {
    one_hot.fill(0.0);
    for (std::size_t i = 0; i < batch.tokens.size(); ++i)
      one_hot.set(static_cast<std::int64_t>(i) * format.vocabulary + batch.tokens[i], 1.0);
  });
}

namespace {

constexpr int kBatch = 512;

// Runs the examples in batches, in order; `use` sees each batch's outputs.
template <class Use>
void in_batches(const TrainedModel& trained, const Examples& examples,
                std::span<const nn::Forward::Hook> hooks,
                std::vector<nn::Forward::Statistic>* statistics, const Use& use) {
  Tape tape;
  nn::Forward pass(tape, trained.parameters, false, Stream(0));
  for (const auto& hook : hooks) pass.add_hook(hook);
  std::vector<int> rows;
  Examples batch;
  for (int first = 0; first < examples.count; first += kBatch) {
    rows.clear();
    for (int i = first; i < std::min(first + kBatch, examples.count); ++i) rows.push_back(i);
    examples.select(rows, trained.format, batch);
    pass.begin(Stream(0, static_cast<std::uint64_t>(first), "", "evaluate"));
    use(tape.value(trained.model->forward(pass, trained.format, batch)));
    if (statistics)
      for (const auto& statistic : pass.statistics()) statistics->push_back(statistic);
  }
}

void append_rows(std::vector<double>& to, const Tensor& rows) {
  for (std::int64_t i = 0; i < rows.count(); ++i) to.push_back(rows.get(i));
}

}  // namespace

Tensor TrainedModel::outputs(const Examples& examples, std::span<const nn::Forward::Hook> hooks,
                             std::vector<nn::Forward::Statistic>* statistics) const {
  std::vector<double> all;
  int width = 0;
  in_batches(*this, examples, hooks, statistics, [&](const Tensor& out) {
    width = out.shape().back();
    append_rows(all, out);
  });
  return Tensor::of({examples.count, width}, all);
}

std::vector<std::string> TrainedModel::sites(const Examples& examples) const {
  std::vector<std::string> out;
  const nn::Forward::Hook hook = [&](std::string_view name, Var value) {
    if (std::find(out.begin(), out.end(), name) == out.end()) out.emplace_back(name);
    return value;
  };
  in_batches(*this, examples, std::span(&hook, 1), nullptr, [](const Tensor&) {});
  return out;
}

Tensor TrainedModel::activations(const Examples& examples, std::string_view site) const {
  std::vector<double> all;
  int width = 0;
  const nn::Forward::Hook hook = [&](std::string_view name, Var value) {
    if (name == site) {
      width = value.shape().back();
      append_rows(all, value.tape->value(value));
    }
    return value;
  };
  in_batches(*this, examples, std::span(&hook, 1), nullptr, [](const Tensor&) {});
  if (width == 0) {
    std::string known;
    for (const auto& name : sites(examples)) known += (known.empty() ? "" : ", ") + name;
    throw std::runtime_error("no example reaches a site \"" + std::string(site) +
                             "\" of the model; sites reached: " + known);
  }
  return Tensor::of({static_cast<int>(all.size()) / width, width}, all);
}

void TrainedModel::save(Archive& out) const {
  out.put_text("model", model->config().text());
  out.put("format", format_array(format));
  parameters.save(out, "parameters");
}

std::size_t TrainedModel::bytes() const {
  return parameters.bytes();
}

std::shared_ptr<const TrainedModel> TrainedModel::load(const Archive& in) {
  auto out = std::make_shared<TrainedModel>();
  out->model = Registry::global().build<Model>(config::parse_value(in.text("model")));
  out->format = format_of(in.array("format"));
  out->parameters = nn::Parameters::load(in, "parameters");
  return out;
}
ASSAY_ARTIFACT(TrainedModel);

}  // namespace assay
