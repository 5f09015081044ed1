// From stored records to the table and to study.h5.
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

execute::KeySet stored_cells(const fs::path& folder) {
  execute::KeySet out;
  for (const auto& state : store::Store::read_states(folder))
    if (state.status == store::Status::kDone) out.insert(state.key);
  return out;
}

execute::KeySet stored_artifacts(const fs::path& folder) {
  execute::KeySet out;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator(folder / "artifacts", code)) {
    const auto key = Key::parse(entry.path().stem().string());
    if (key && entry.path().extension() == ".h5") out.insert(*key);
  }
  return out;
}

execute::Work plan_from_store(const config::Study& study, const graph::Linker& linker,
                              const fs::path& folder) {
  return execute::plan_work(study, linker, stored_cells(folder), stored_artifacts(folder),
                            store::Store::read_timings(folder));
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

std::optional<double> measured(const store::CellRecord* record, const std::string& metric) {
  if (!record || record->status != store::Status::kDone) return std::nullopt;
  for (const Measured& m : record->metrics)
    if (m.name == metric && std::isfinite(m.value)) return m.value;
  return std::nullopt;
}

Results read_results(const config::Study& study, const graph::Linker& linker,
                     const fs::path& folder) {
  Results out;
  out.records = store::Store::read_cells(folder);
  std::unordered_map<Key, const store::CellRecord*> by_key;
  for (const auto& record : out.records) by_key[record.key] = &record;
  for (const design::Axis& axis : study.design.axes()) {
    auto& column = out.table.axes.emplace_back();
    column.name = axis.name;
    column.labels = axis.labels;
    for (const auto& values : axis.values)
      if (values.size() == 1 && values[0].is_number()) column.numbers.push_back(values[0].number());
    if (column.numbers.size() != column.labels.size()) column.numbers.clear();
  }
  out.table.replicates = study.seeds;
  graph::CellLink link;
  study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    for (std::uint64_t replicate = 0; replicate < study.seeds; ++replicate) {
      linker.link(choice, replicate, link);
      const auto it = by_key.find(link.key);
      const store::CellRecord* record = it == by_key.end() ? nullptr : it->second;
      out.table.rows.push_back({choice, replicate, record});
      if (!record)
        ++out.missing;
      else if (record->status == store::Status::kDone)
        ++out.done;
      else
        ++out.failed;
    }
    return true;
  });
  return out;
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
