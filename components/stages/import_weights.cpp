// Puts weights from a safetensors file into a model: parameters of the same name and shape,
// `prefix` before the file's names taken away. The file is named with its SHA-256, so that a study
// says what it was, and cells are not reused when it changes.
#include "components/datasets/file.h"
#include "components/models/model.h"
#include "runner/registry/safetensors.h"

namespace assay::stages {
namespace {

struct ImportWeights final : Stage {
  using Gives = TrainedModel;
  static constexpr Info kInfo{"import-weights", 1,
                              "Reads a model's weights from a safetensors file."};
  Input<TrainedModel> model;
  std::string file;
  std::string sha256;
  std::string prefix;
  bool partial = false;

  static void params(Params<ImportWeights>& p) {
    p.add("model", &ImportWeights::model).doc("Whose weights are replaced; train with steps = 0.");
    p.add("file", &ImportWeights::file)
        .required()
        .doc("The file, from the working directory; a bare name also among the shipped data.");
    p.add("sha256", &ImportWeights::sha256)
        .required()
        .doc("Of the file, as sha256sum prints it; a wrong one is told with the right one.");
    p.add("prefix", &ImportWeights::prefix).doc("Of the names in the file, as in \"model.\".");
    p.add("partial", &ImportWeights::partial)
        .doc("Whether parameters that the file does not name stay as they are.");
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    // None given is as wrong as any other.
    const std::string bytes = read_user_file(file, sha256.empty() ? "none" : sha256);
    const NamedArrays arrays = parse_safetensors(bytes, file);
    auto out = std::make_shared<TrainedModel>(context.get(model));
    std::string wrong;
    int taken = 0;
    for (nn::Parameter& p : out->parameters) {
      const auto it = arrays.find(prefix + p.name);
      if (it == arrays.end() && partial) continue;
      const std::string trouble = it == arrays.end() ? "is not in it" : take(it->second, p);
      if (trouble.empty())
        ++taken;
      else
        wrong += (wrong.empty() ? "" : "; ") + p.name + " " + trouble;
    }
    if (!wrong.empty()) throw std::runtime_error(file + ": " + wrong);
    if (taken == 0) throw std::runtime_error(file + " names no parameter of the model");
    context.metric("parameters", taken);
    return out;
  }

  // Empty where it fits.
  static std::string take(const Array& array, nn::Parameter& p) {
    if (array.type != Array::Type::kFloat32 && array.type != Array::Type::kFloat64)
      return "holds no real numbers";
    const nn::Tensor value = nn::Tensor::from_array(array);
    if (!(value.shape() == p.value.shape()))
      return "is " + value.shape().text() + ", not " + p.value.shape().text();
    p.value = value.to(p.value.dtype());
    p.mask = {};
    return {};
  }
};
ASSAY_REGISTER(Stage, ImportWeights);

}  // namespace
}  // namespace assay::stages
