// A letter for the options, then the file: read as a data set, and, from 'd' on, as the weights of
// a model.
#include "runner/registry/safetensors.h"

#include <sstream>

#include "components/models/model.h"
#include "runner/config/parse.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr const char* kDataset[] = {R"(labels = "labels")", R"(labels = "")",
                                    R"(labels = "", targets = "labels", normalise = "range")"};

void read_dataset(const std::string& path, const char* options) {
  make_and_check(*build(R"({ use = "safetensors", test = 0.3, valid = 0.0, file = ")" + path +
                        "\", " + options + " }"));
}

// What is read can be written and read again.
void round_trip(const std::string& bytes) {
  NamedArrays arrays;
  try {
    arrays = parse_safetensors(bytes, "x");
  } catch (const std::runtime_error&) {
    return;
  }
  expect(parse_safetensors(format_safetensors(arrays), "x") == arrays, "written and read again");
}

std::shared_ptr<const TrainedModel> base() {
  auto out = std::make_shared<TrainedModel>();
  out->model =
      Registry::global().build<Model>(config::parse_value("{ use = 'mlp', hidden = [2] }"));
  out->format = {false, 2, 0, 1, 2};
  out->model->declare(out->parameters, out->format, Stream(5));
  return out;
}

void read_weights(const std::string& path, const std::string& bytes, bool partial) {
  static const std::shared_ptr<const TrainedModel> model = base();
  const auto stage = Registry::global().build<Stage>(config::parse_value(
      "{ use = 'import-weights', model = 'base', file = '" + path + "', sha256 = '" +
      sha256(bytes) + "', partial = " + (partial ? "true" : "false") + " }"));
  StageContext context(
      {0, 0, "it"}, [](const std::string&) { return model; }, 1, nullptr);
  try {
    (void)stage->run(context);
  } catch (const std::runtime_error&) {
  }
}

void read(Bytes bytes) {
  static const MemoryPath file;
  Feed feed(bytes);
  const auto option = static_cast<std::uint8_t>(feed.byte() - 'a');
  const std::string all = feed.rest();
  file.write(all);
  round_trip(all);
  if (option % 5 < 3)
    read_dataset(file.path(), kDataset[option % 5]);
  else
    read_weights(file.path(), all, option % 5 == 4);
}

}  // namespace
ASSAY_FUZZ_TARGET(safetensors, read)
}  // namespace assay::fuzz
