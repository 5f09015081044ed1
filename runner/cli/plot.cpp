// plot: a figure of the report by itself, for papers.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/report_data.h"
#include "runner/cli/tool.h"
#include "runner/report/page.h"

namespace assay::cli {

namespace fs = std::filesystem;

namespace {

const std::vector<std::string> kKinds = {"curves",  "forest", "effects",
                                         "heatmap", "pareto", "critical-difference"};
const std::vector<std::string> kFormats = {"svg", "pdf", "png"};

std::string one_of(const std::string& text, const std::vector<std::string>& allowed,
                   const std::string& what) {
  if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return text;
  std::string all;
  for (const std::string& word : allowed) all += (all.empty() ? "" : ", ") + word;
  throw UsageError("unknown " + what + " \"" + text + "\"" + suggestion(text, allowed) +
                   "; allowed: " + all);
}

// "metric=eval.nll" to { "metric": "eval.nll" }.
nlohmann::ordered_json choices(const po::variables_map& vm) {
  nlohmann::ordered_json out = nlohmann::ordered_json::object();
  if (!vm.count("choose")) return out;
  for (const std::string& text : vm["choose"].as<std::vector<std::string>>()) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw UsageError("--choose " + text + " is not name=value, as in --choose metric=eval.nll");
    out[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return out;
}

// In points; JavaScript would take any number, and draw nothing with some.
int points(const po::variables_map& vm, const std::string& option) {
  constexpr int kLeast = 10, kMost = 10'000;
  const int out = vm[option].as<int>();
  if (out < kLeast || out > kMost)
    throw UsageError("--" + option + " = " + std::to_string(out) + " is out of range; allowed: " +
                     std::to_string(kLeast) + " to " + std::to_string(kMost) + " points");
  return out;
}

std::string request_of(const Loaded& loaded, const po::variables_map& vm, const std::string& kind) {
  nlohmann::ordered_json out;
  out["data"] = report_data(loaded, {vm["tasks"].as<std::string>()});
  out["kind"] = kind;
  out["width"] = points(vm, "width");
  if (vm.count("height")) out["height"] = points(vm, "height");
  out["options"] = choices(vm);
  return out.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::vector<std::byte> bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

void draw(const std::string& script, const std::string& format, const fs::path& file) {
  const ScratchFolder scratch;
  const fs::path program = scratch.path() / "plot.js", svg = scratch.path() / "plot.svg";
  std::ofstream(program) << script;
  run_tool({"node", program.string()}, "nodejs", svg);
  fs::path drawn = svg;
  if (format != "svg") {
    drawn = scratch.path() / ("plot." + format);
    // Three pixels to a point: sharp in print.
    const std::string zoom = format == "png" ? "3" : "1";
    run_tool({"rsvg-convert", "--format", format, "--zoom", zoom, svg.string()}, "librsvg2-bin",
             drawn);
  }
  store::replace_file(fs::absolute(file), bytes_of(drawn));
}

po::options_description plot_options() {
  po::options_description options = study_options();
  options.add_options()("kind", po::value<std::string>(),
                        "curves, forest, effects, heatmap, pareto or critical-difference")(
      "output,o", po::value<std::vector<std::string>>()->composing(),
      "file to write: .svg, .pdf or .png (may be repeated)")(
      "choose", po::value<std::vector<std::string>>()->composing(),
      "name=value: what the figure's controls in the report choose, as in metric=eval.nll (may be "
      "repeated)")("width", po::value<int>()->default_value(360), "of the plot, in points")(
      "height", po::value<int>(), "of the plot, in points")(
      "tasks", po::value<std::string>()->default_value(""),
      "axis whose values are the tasks of a critical-difference diagram");
  return options;
}

}  // namespace

int plot_command(const Arguments& arguments) {
  const std::string usage = "plot DIR|STUDY --kind KIND -o FILE.svg|pdf|png [options]";
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, usage, plot_options(), vm, loaded, code)) return code;
  if (!vm.count("kind") || !vm.count("output"))
    throw UsageError("plot needs --kind and -o\nusage: assay " + usage);
  const std::string kind = one_of(vm["kind"].as<std::string>(), kKinds, "kind");
  const auto files = vm["output"].as<std::vector<std::string>>();
  std::vector<std::string> formats;
  for (const std::string& file : files) {
    const std::string extension = fs::path(file).extension().string();
    formats.push_back(one_of(extension.substr(extension.empty() ? 0 : 1), kFormats, "format"));
  }
  const std::string script = report::plot_script(request_of(loaded, vm, kind));
  for (std::size_t i = 0; i < files.size(); ++i) {
    draw(script, formats[i], files[i]);
    std::cout << files[i] << "\n";
  }
  return 0;
}

}  // namespace assay::cli
