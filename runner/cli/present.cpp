// From stored records to the table and to study.h5.
#include "runner/cli/present.h"

#include <unistd.h>

#include <array>
#include <ctime>
#include <set>

#include "runner/cli/command.h"
#include "runner/report/table.h"

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

namespace {

class TableMaker {
 public:
  TableMaker(const config::Study& study, const Results& results)
      : study_(study),
        results_(results) {}

  report::Table make() {
    choose_axes();
    report::Table out;
    out.title = study_.table.title.empty() ? study_.title : study_.table.title;
    out.row_names = names(rows_);
    out.column_names = names(columns_);
    choose_values(out);
    fill(out);
    footnotes(out);
    return out;
  }

 private:
  int axis_of(const std::string& name) const {
    const auto& axes = study_.design.axes();
    for (std::size_t a = 0; a < axes.size(); ++a)
      if (axes[a].name == name ||
          std::find(axes[a].paths.begin(), axes[a].paths.end(), name) != axes[a].paths.end())
        return static_cast<int>(a);
    return -1;
  }

  // Axes named by the table; those that it leaves out become rows, so that nothing is averaged that
  // the user did not ask for.
  void choose_axes() {
    std::set<int> used;
    for (const std::string& name : study_.table.columns)
      if (used.insert(axis_of(name)).second) columns_.push_back(axis_of(name));
    for (const std::string& name : study_.table.rows)
      if (used.insert(axis_of(name)).second) rows_.push_back(axis_of(name));
    for (std::size_t a = 0; a < study_.design.axes().size(); ++a)
      if (used.insert(static_cast<int>(a)).second) rows_.push_back(static_cast<int>(a));
  }

  std::vector<std::string> names(const std::vector<int>& axes) const {
    std::vector<std::string> out;
    for (const int axis : axes) {
      const std::string& full = study_.design.axes()[static_cast<std::size_t>(axis)].name;
      out.push_back(
          full.substr(full.rfind('.') == std::string::npos || full.find(' ') != std::string::npos
                          ? 0
                          : full.rfind('.') + 1));
    }
    return out;
  }

  void choose_values(report::Table& out) const {
    std::vector<std::string> wanted = study_.table.values;
    if (wanted.empty()) {
      std::set<std::string> seen;
      for (const auto& record : results_.records)
        for (const Measured& m : record.metrics)
          if (seen.insert(m.name).second) wanted.push_back(m.name);
    }
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const auto& best = study_.table.best;
      const std::string mark = best.empty() ? "none" : best.size() == 1 ? best[0] : best[i];
      out.values.push_back({wanted[i], mark == "highest"  ? report::Best::kHighest
                                       : mark == "lowest" ? report::Best::kLowest
                                                          : report::Best::kNone});
    }
  }

  std::vector<std::string> labels(const std::vector<int>& axes,
                                  const std::vector<int>& choice) const {
    std::vector<std::string> out;
    for (const int axis : axes) {
      const int value = choice[static_cast<std::size_t>(axis)];
      out.push_back(value < 0 ? "–"
                              : study_.design.axes()[static_cast<std::size_t>(axis)]
                                    .labels[static_cast<std::size_t>(value)]);
    }
    return out;
  }

  static std::size_t place(std::vector<std::vector<std::string>>& known,
                           std::map<std::vector<std::string>, std::size_t>& index,
                           const std::vector<std::string>& labels) {
    const auto [it, fresh] = index.emplace(labels, known.size());
    if (fresh) known.push_back(labels);
    return it->second;
  }

  void fill(report::Table& out) const {
    std::map<std::vector<std::string>, std::size_t> row_index, column_index;
    std::vector<std::pair<std::size_t, std::size_t>> places;
    for (const auto& row : results_.table.rows) {
      const std::size_t r = place(out.rows, row_index, labels(rows_, row.axis_values));
      const std::size_t c =
          columns_.empty() ? 0
                           : place(out.columns, column_index, labels(columns_, row.axis_values));
      places.emplace_back(r, c);
    }
    const std::size_t columns = std::max<std::size_t>(1, out.columns.size());
    for (const auto& value : out.values) {
      std::vector<std::vector<std::vector<double>>> numbers(
          out.rows.size(), std::vector<std::vector<double>>(columns));
      auto& entries =
          out.entries.emplace_back(out.rows.size(), std::vector<report::Table::Entry>(columns));
      for (std::size_t i = 0; i < places.size(); ++i) {
        const auto [r, c] = places[i];
        const store::CellRecord* record = results_.table.rows[i].record;
        report::Table::Entry& entry = entries[r][c];
        if (!record)
          ++entry.missing;
        else if (record->status == store::Status::kFailed)
          ++entry.failed;
        else
          for (const Measured& m : record->metrics)
            if (m.name == value.name) numbers[r][c].push_back(m.value);
      }
      for (std::size_t r = 0; r < out.rows.size(); ++r)
        for (std::size_t c = 0; c < columns; ++c)
          entries[r][c].summary = analyse::summarise(numbers[r][c]);
    }
  }

  void footnotes(report::Table& out) const {
    if (results_.missing)
      out.footnotes.push_back(std::to_string(results_.missing) + " of " +
                              std::to_string(results_.table.rows.size()) + " cells have not run");
    std::size_t shown = 0;
    for (const auto& row : results_.table.rows) {
      if (!row.record || row.record->status != store::Status::kFailed) continue;
      if (++shown <= 3)
        out.footnotes.push_back("† failed in stage " + row.record->failed_stage + ": " +
                                row.record->message + " (" + row.record->config + ")");
    }
    if (shown > 3)
      out.footnotes.push_back("† and " + std::to_string(shown - 3) +
                              " more failed cells (assay status)");
  }

  const config::Study& study_;
  const Results& results_;
  std::vector<int> rows_, columns_;
};

}  // namespace

std::string render_table(const config::Study& study, const Results& results, TableFormat format) {
  const report::Table table = TableMaker(study, results).make();
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
