// From entries of a table back to cells, keys, settings and artifacts.
#include "runner/cli/traced.h"

#include <set>

#include "runner/explain/origin.h"

namespace assay::cli {

namespace {

using report::Table;

class Tracer {
 public:
  Tracer(const Loaded& loaded, const Table& table) : loaded_(loaded), table_(table) {}

  Trace trace(const report::Found& found) const {
    Trace out;
    out.row = report::name_of(table_.rows[found.row]);
    out.column = table_.columns.empty() ? "" : report::name_of(table_.columns[found.column]);
    for (const std::size_t v : found.values) {
      out.values.push_back(&table_.values[v]);
      out.entries.push_back(&table_.entries[v][found.row][found.column]);
    }
    if (out.entries.front()->cells.empty()) return out;
    settings(out);
    const auto places = store::Store::read_places(loaded_.folder);
    std::set<std::vector<int>> variants;
    for (const Table::Cell& cell : out.entries.front()->cells) {
      const graph::CellLink link = link_of(cell);
      variants.insert(row_of(cell).axis_values);
      out.records.push_back(row_of(cell).record);
      out.keys.push_back(link.key);
      const auto place = places.find(link.key);
      out.files.push_back(place == places.end() ? "" : place->second.string());
      artifacts(link, cell.replicate, out);
    }
    out.variants = variants.size();
    return out;
  }

 private:
  const store::StudyTable::Row& row_of(const Table::Cell& cell) const {
    return loaded_.results.table.rows[loaded_.results.row_of(cell.number)];
  }

  graph::CellLink link_of(const Table::Cell& cell) const {
    graph::CellLink link;
    loaded_.linker->link(row_of(cell).axis_values, cell.replicate, link);
    return link;
  }

  const std::string& stage_name(const graph::CellLink::Step& step) const {
    return loaded_.study->stages[static_cast<std::size_t>(step.stage)].name;
  }

  // Whether the values come from this step or from one that takes its result.
  std::vector<bool> needed(const graph::CellLink& link, const Trace& out) const {
    std::vector<bool> needed(link.steps.size());
    for (std::size_t i = link.steps.size(); i-- > 0;) {
      for (const Table::Value* value : out.values)
        if (value->name.starts_with(stage_name(link.steps[i]) + ".")) needed[i] = true;
      if (!needed[i]) continue;
      for (const int input : link.steps[i].inputs) needed[static_cast<std::size_t>(input)] = true;
    }
    return needed;
  }

  void settings(Trace& out) const {
    const Table::Cell& cell = out.entries.front()->cells.front();
    const auto& choice = row_of(cell).axis_values;
    const auto& axes = loaded_.study->design.axes();
    std::set<std::string> by_axis;
    for (std::size_t a = 0; a < axes.size(); ++a) {
      if (choice[a] < 0) continue;
      const auto& values = axes[a].values[static_cast<std::size_t>(choice[a])];
      for (std::size_t p = 0; p < values.size(); ++p) {
        if (values[p].none() || !by_axis.insert(axes[a].paths[p]).second) continue;
        out.settings.push_back({axes[a].paths[p], values[p].text(), values[p].where, true});
      }
    }
    const graph::CellLink link = link_of(cell);
    const std::vector<bool> used = needed(link, out);
    std::set<std::string> stages = {"study"};
    for (std::size_t i = 0; i < used.size(); ++i)
      if (used[i]) stages.insert(stage_name(link.steps[i]));
    const explain::Origin now = explain::origin_of(*loaded_.study, 0);
    const explain::Node all =
        explain::account_of(*loaded_.study, *loaded_.linker, choice, now.parts);
    for (const auto& [name, node] : all.inside)
      if (stages.count(name)) written(name, node, by_axis, out);
  }

  // What somebody wrote, no defaults. The list as a whole has told its plain items.
  static void written(const std::string& path, const explain::Node& node,
                      const std::set<std::string>& by_axis, Trace& out) {
    if (!node.fallback && !node.text.empty() && node.where.known() && !by_axis.count(path))
      out.settings.push_back({path, node.text, node.where, false});
    for (const auto& [name, inner] : node.inside)
      if (!name.starts_with("[") || !inner.inside.empty())
        written(path + "." + name, inner, by_axis, out);
  }

  void artifacts(const graph::CellLink& link, std::uint64_t replicate, Trace& out) const {
    const std::vector<bool> used = needed(link, out);
    for (std::size_t i = 0; i < link.steps.size(); ++i) {
      if (!used[i]) continue;
      const Key& key = link.steps[i].key;
      auto known = std::find_if(out.artifacts.begin(), out.artifacts.end(),
                                [&](const Kept& one) { return one.key == key; });
      if (known == out.artifacts.end()) {
        const std::string file = "artifacts/" + key.hex() + ".h5";
        const bool kept = std::filesystem::exists(std::filesystem::path(loaded_.folder) / file);
        known = out.artifacts.insert(known, {stage_name(link.steps[i]), kept ? file : "", key, {}});
      }
      known->replicates.push_back(replicate);
    }
  }

  const Loaded& loaded_;
  const Table& table_;
};

}  // namespace

Trace trace_entries(const Loaded& loaded, const Table& table, const report::Found& found) {
  return Tracer(loaded, table).trace(found);
}

}  // namespace assay::cli
