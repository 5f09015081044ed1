// From stored records to the table and to study.h5. Reading them: stored.cpp.
#include "runner/cli/present.h"

#include <unistd.h>

#include <array>
#include <ctime>

#include "runner/cli/command.h"
#include "runner/cli/tabulate.h"

namespace assay::cli {

namespace fs = std::filesystem;

TableFormat parse_format(const std::string& text) {
  static const std::vector<std::string> kNames = {"terminal", "markdown", "latex", "csv", "json"};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == text) return static_cast<TableFormat>(i);
  throw UsageError("unknown format \"" + text + "\"" + suggestion(text, kNames) +
                   "; allowed: terminal, markdown, latex, csv, json");
}

void keep_study(const config::Study& study, const fs::path& folder) {
  Value root = study.root;
  if (Value* section = root.find("study"); section && section->find("plugins")) {
    Value::Array absolute;
    for (const std::string& plugin : study.plugins) {
      const fs::path base = fs::absolute(study.file).parent_path();
      absolute.push_back(
          Value((fs::path(plugin).is_absolute() ? fs::path(plugin) : base / plugin).string()));
    }
    section->set("plugins", Value(std::move(absolute)));
  }
  const std::string text = config::show(root, false);
  store::replace_file(folder / "study.toml", std::as_bytes(std::span(text)));
}

std::vector<std::byte> image_of_study(const config::Study& study, Results& results) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  std::string versions = std::string("assay ") + ASSAY_VERSION + "\n";
  for (const auto& stage : study.stages)
    versions += stage.name + ": " + stage.component->name + " " +
                std::to_string(stage.component->version) + "\n";
  results.table.provenance = {
      {"study", config::show(study.root, false)}, {"versions", versions}, {"machine", host.data()}};
  return store::study_image(results.table);
}

void write_study_file(const config::Study& study, Results& results, const fs::path& file) {
  store::replace_file(file, image_of_study(study, results));
}

std::string render_table(const config::Study& study, const Results& results, TableFormat format) {
  const report::Table table = tabulate(study, results);
  switch (format) {
    case TableFormat::kTerminal:
      return report::terminal(table, isatty(STDOUT_FILENO) == 1);
    case TableFormat::kMarkdown:
      return report::markdown(table);
    case TableFormat::kLatex:
      return report::latex(table);
    case TableFormat::kCsv:
      return report::csv(table);
    case TableFormat::kJson:
      break;
  }
  return report::json(table);
}

}  // namespace assay::cli
