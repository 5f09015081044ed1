#include "components/datasets/dataset.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>

#include "components/datasets/file.h"
#include "runner/config/parse.h"
#include "runner/registry/shipped.h"

namespace assay {

Examples Examples::select(std::span<const int> rows, const DataFormat& format) const {
  Examples out;
  select(rows, format, out);
  return out;
}

namespace {

// Rows of a count x width array, or nothing where it is empty.
void select_rows(const nn::Tensor& from, std::span<const int> rows, nn::Tensor& to) {
  if (from.empty()) return;
  const int width = from.shape().back();
  to.resize({static_cast<int>(rows.size()), width}, from.dtype());
  auto at = to.floats().begin();
  for (const int row : rows)
    at = std::copy_n(from.floats().begin() + static_cast<std::ptrdiff_t>(row) * width, width, at);
}

}  // namespace

void Examples::select(std::span<const int> chosen, const DataFormat& format, Examples& out) const {
  out.tokens.clear();
  out.labels.clear();
  out.count = static_cast<int>(chosen.size());
  out.rows.assign(chosen.begin(), chosen.end());
  const auto width = static_cast<std::size_t>(format.width);
  const auto positions = static_cast<std::size_t>(format.positions);
  select_rows(features, chosen, out.features);
  select_rows(targets, chosen, out.targets);
  select_rows(teacher, chosen, out.teacher);
  if (!times.empty()) {
    out.times.resize({out.count}, times.dtype());
    for (std::size_t i = 0; i < chosen.size(); ++i)
      out.times.set(static_cast<std::int64_t>(i), times.get(chosen[i]));
  }
  out.graphs.clear();
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const auto row = static_cast<std::size_t>(chosen[i]);
    if (!graphs.empty()) out.graphs.push_back(graphs[row]);
    if (!tokens.empty())
      out.tokens.insert(out.tokens.end(), tokens.begin() + static_cast<std::ptrdiff_t>(row * width),
                        tokens.begin() + static_cast<std::ptrdiff_t>((row + 1) * width));
    if (!labels.empty())
      out.labels.insert(out.labels.end(),
                        labels.begin() + static_cast<std::ptrdiff_t>(row * positions),
                        labels.begin() + static_cast<std::ptrdiff_t>((row + 1) * positions));
  }
}

Examples Examples::first(int most, const DataFormat& format) const {
  std::vector<int> rows(static_cast<std::size_t>(std::min(most, count)));
  std::iota(rows.begin(), rows.end(), 0);
  return select(rows, format);
}

const Examples& Data::split(std::string_view wanted) const {
  if (wanted == "train") return train;
  if (wanted == "valid") return valid;
  if (wanted == "test") return test;
  throw std::runtime_error("no split \"" + std::string(wanted) + "\"; allowed: train, valid, test");
}

Array format_array(const DataFormat& format) {
  const std::int32_t fields[] = {format.tokens ? 1 : 0, format.width,   format.vocabulary,
                                 format.positions,      format.classes, format.targets,
                                 format.nodes};
  return Array::of<std::int32_t>(fields, {7});
}
DataFormat format_of(const Array& array) {
  // Shorter in artifacts of before there were targets and graphs.
  std::array<std::int32_t, 7> fields{};
  const auto given = array.as<std::int32_t>();
  std::copy_n(given.begin(), std::min(given.size(), fields.size()), fields.begin());
  return {fields[0] != 0, fields[1], fields[2], fields[3], fields[4], fields[5], fields[6]};
}

namespace {

Array array_of(const std::vector<std::int32_t>& values) {
  return Array::of<std::int32_t>(values, {static_cast<std::int64_t>(values.size())});
}
std::vector<std::int32_t> integers(const Archive& in, const std::string& name) {
  const auto values = in.array(name).as<std::int32_t>();
  return {values.begin(), values.end()};
}

std::size_t bytes_of(const Examples& examples) {
  std::size_t edges = 0;
  const Graph* before = nullptr;
  for (const auto& graph : examples.graphs) {
    if (graph.get() != before) edges += graph->from.size() + graph->to.size();
    before = graph.get();
  }
  return examples.features.bytes() + examples.targets.bytes() +
         4 * (examples.tokens.size() + examples.labels.size() + edges);
}

// Each distinct graph once, and which of them each example is.
void save_graphs(Archive& out, const std::string& name, const Examples& examples) {
  std::vector<const Graph*> distinct;
  std::vector<std::int32_t> which;
  for (const auto& graph : examples.graphs) {
    auto known = std::find(distinct.begin(), distinct.end(), graph.get());
    if (known == distinct.end()) known = distinct.insert(known, graph.get());
    which.push_back(static_cast<std::int32_t>(known - distinct.begin()));
  }
  if (which.empty()) return;
  out.put(name + "/graphs", array_of(which));
  for (std::size_t i = 0; i < distinct.size(); ++i) {
    const std::string one = name + "/graph" + std::to_string(i);
    out.put(one + "/nodes", array_of({distinct[i]->nodes}));
    out.put(one + "/from", array_of(distinct[i]->from));
    out.put(one + "/to", array_of(distinct[i]->to));
  }
}
void load_graphs(const Archive& in, const std::string& name, Examples& out) {
  if (!in.has(name + "/graphs")) return;
  std::map<std::int32_t, std::shared_ptr<const Graph>> distinct;
  for (const std::int32_t i : integers(in, name + "/graphs")) {
    auto& graph = distinct[i];
    const std::string one = name + "/graph" + std::to_string(i);
    if (!graph)
      graph = std::make_shared<const Graph>(Graph{integers(in, one + "/nodes").at(0),
                                                  integers(in, one + "/from"),
                                                  integers(in, one + "/to")});
    out.graphs.push_back(graph);
  }
}

void save_split(Archive& out, const std::string& name, const Examples& examples) {
  const std::int64_t count = examples.count;
  out.put(name + "/count", Array::of<std::int64_t>(std::span(&count, 1), {1}));
  if (!examples.features.empty()) out.put(name + "/features", examples.features.to_array());
  if (!examples.targets.empty()) out.put(name + "/targets", examples.targets.to_array());
  out.put(name + "/tokens", array_of(examples.tokens));
  out.put(name + "/labels", array_of(examples.labels));
  save_graphs(out, name, examples);
}

Examples load_split(const Archive& in, const std::string& name) {
  Examples out;
  out.count = static_cast<int>(in.array(name + "/count").as<std::int64_t>()[0]);
  if (in.has(name + "/features"))
    out.features = nn::Tensor::from_array(in.array(name + "/features"));
  if (in.has(name + "/targets")) out.targets = nn::Tensor::from_array(in.array(name + "/targets"));
  out.tokens = integers(in, name + "/tokens");
  out.labels = integers(in, name + "/labels");
  load_graphs(in, name, out);
  return out;
}

}  // namespace

std::size_t Data::bytes() const {
  std::size_t n = bytes_of(train) + bytes_of(valid) + bytes_of(test);
  for (const auto& [key, tensor] : truth) n += tensor.bytes();
  return n;
}

void Data::save(Archive& out) const {
  out.put_text("name", name);
  out.put("format", format_array(format));
  save_split(out, "train", train);
  save_split(out, "valid", valid);
  save_split(out, "test", test);
  for (const auto& [key, tensor] : truth) out.put("truth/" + key, tensor.to_array());
  std::string all;
  for (const std::string& symbol : symbols) all += symbol + '\0';
  out.put_text("symbols", all);
}

std::shared_ptr<const Data> Data::load(const Archive& in) {
  auto out = std::make_shared<Data>();
  out->name = in.text("name");
  out->format = format_of(in.array("format"));
  out->train = load_split(in, "train");
  out->valid = load_split(in, "valid");
  out->test = load_split(in, "test");
  for (const auto& [key, array] : in.arrays())
    if (key.rfind("truth/", 0) == 0) out->truth[key.substr(6)] = nn::Tensor::from_array(array);
  const std::string& all = in.text("symbols");
  for (std::size_t from = 0; from < all.size();) {
    const std::size_t end = all.find('\0', from);
    out->symbols.push_back(all.substr(from, end - from));
    from = end + 1;
  }
  return out;
}
ASSAY_ARTIFACT(Data);

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostExpansion = 1032;  // of deflate

std::string read_bytes(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw std::runtime_error("cannot read data file " + file.string() +
                             " (ASSAY_DATASETS names another folder)");
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

std::string sha256(const std::string& bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < size; ++i)
    out += std::string() + kHex[digest[i] >> 4] + kHex[digest[i] & 15];
  return out;
}

std::string datasets_folder() {
  if (const char* chosen = std::getenv("ASSAY_DATASETS"))
    return chosen;  // NOLINT(concurrency-mt-unsafe): never set here
  return shipped_folder("datasets");
}

std::string read_dataset_file(const std::string& name) {
  const fs::path folder = datasets_folder();
  const fs::path file = folder / name;
  const std::string bytes = read_bytes(file);
  const Value manifest =
      config::parse_text((folder / "manifest.toml").string(), read_bytes(folder / "manifest.toml"));
  const Value* entry = manifest.find(name);
  const Value* expected = entry ? entry->find("sha256") : nullptr;
  if (!expected || !expected->is_string())
    throw std::runtime_error(name + " is not in " + (folder / "manifest.toml").string());
  const std::string found = sha256(bytes);
  if (found != expected->string())
    throw std::runtime_error(file.string() + " is damaged: its SHA-256 is " + found + ", not " +
                             expected->string());
  if (file.extension() != ".gz") return bytes;
  return inflate_bytes(bytes, 16 + MAX_WBITS, bytes.size() * kMostExpansion, file.string());
}

}  // namespace assay
