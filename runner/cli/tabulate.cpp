// From stored cells to the table of the study: which entry each cell belongs to, and what is to be
// said of those that gave no value.
#include "runner/cli/tabulate.h"

#include <map>
#include <set>

#include "runner/rounds/evidence.h"

namespace assay::cli {

namespace {

using report::Best;
using report::Table;

// Reasons of failures that are told one by one.
constexpr std::size_t kMostReasons = 8;

std::string cells_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " cell" : " cells");
}

// The last word of a path; names of linked axes are whole.
std::string short_name(const std::string& name) {
  const std::size_t dot = name.rfind('.');
  return dot == std::string::npos || name.find(' ') != std::string::npos ? name
                                                                         : name.substr(dot + 1);
}

Best best_of(const std::string& value, const std::string& wanted) {
  if (wanted == "highest") return Best::kHighest;
  if (wanted == "lowest") return Best::kLowest;
  if (wanted == "none") return Best::kNone;
  const ComponentSpec* metric =
      Registry::global().find("metric", value.substr(value.find('.') + 1));
  if (!metric || metric->better.empty()) return Best::kNone;
  return metric->better == "higher" ? Best::kHighest : Best::kLowest;
}

report::Spread spread_of(const std::string& name) {
  return name == "interval" ? report::Spread::kInterval
         : name == "bca"    ? report::Spread::kBca
         : name == "none"   ? report::Spread::kNone
                            : report::Spread::kDeviation;
}

// Rows or columns: the labels of each, and which one a cell is in.
class Lines {
 public:
  Lines(const config::Study& study, std::vector<int> axes)
      : study_(study),
        axes_(std::move(axes)) {}

  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const int axis : axes_)
      out.push_back(short_name(study_.design.axes()[static_cast<std::size_t>(axis)].name));
    return out;
  }

  std::size_t place(const std::vector<int>& choice) {
    std::vector<std::string> label;
    for (const int axis : axes_) {
      const auto a = static_cast<std::size_t>(axis);
      label.push_back(choice[a] < 0
                          ? "–"
                          : study_.design.axes()[a].labels[static_cast<std::size_t>(choice[a])]);
    }
    const auto [it, fresh] = index_.emplace(label, labels.size());
    if (fresh) labels.push_back(std::move(label));
    return it->second;
  }

  std::vector<std::vector<std::string>> labels;

 private:
  const config::Study& study_;
  std::vector<int> axes_;
  std::map<std::vector<std::string>, std::size_t> index_;
};

// The footnotes on cells without a value, by their reason.
class Reasons {
 public:
  explicit Reasons(std::size_t cells) : cells_(cells) {}

  void add(const store::CellRecord* record) {
    if (!record)
      ++missing_;
    else if (record->status == store::Status::kFailed)
      count(*record);
  }

  std::vector<Table::Footnote> footnotes() const {
    std::vector<Table::Footnote> out;
    for (std::size_t i = 0; i < std::min(failed_.size(), kMostReasons); ++i) {
      const Failed& one = failed_[i];
      out.push_back(
          {cells_text(one.count) + " failed in stage " + one.first->failed_stage + ": " +
           one.first->message +
           (one.count == 1 && !one.first->config.empty() ? " (" + one.first->config + ")" : "")});
    }
    std::size_t others = 0;
    for (std::size_t i = kMostReasons; i < failed_.size(); ++i) others += failed_[i].count;
    if (others > 0)
      out.push_back({cells_text(others) + " failed for " +
                     std::to_string(failed_.size() - kMostReasons) +
                     " other reasons (assay status tells them)"});
    if (missing_ > 0)
      out.push_back({std::to_string(missing_) + " of " + cells_text(cells_) + " have not run"});
    return out;
  }

  // The footnote of a cell that is not done.
  std::size_t of(const store::CellRecord* record) const {
    const std::size_t told = std::min(failed_.size(), kMostReasons + 1);
    if (!record) return told;
    return std::min(index_.at({record->failed_stage, record->message}), kMostReasons);
  }

 private:
  struct Failed {
    const store::CellRecord* first = nullptr;
    std::size_t count = 0;
  };

  void count(const store::CellRecord& record) {
    const auto [it, fresh] =
        index_.emplace(std::pair(record.failed_stage, record.message), failed_.size());
    if (fresh) failed_.push_back({&record, 0});
    ++failed_[it->second].count;
  }

  std::size_t cells_, missing_ = 0;
  std::vector<Failed> failed_;
  std::map<std::pair<std::string, std::string>, std::size_t> index_;
};

// Row and column of each cell of the study.
using Places = std::vector<std::pair<std::size_t, std::size_t>>;

class TableMaker {
 public:
  TableMaker(const config::Study& study, const Results& results)
      : study_(study),
        results_(results) {}

  Table make() {
    Table out;
    const config::TableSpec& spec = study_.table;
    out.title = spec.title.empty() ? study_.title : spec.title;
    out.caption = spec.caption, out.label = spec.label;
    out.spread = spread_of(spec.spread);
    if (!spec.paper.empty()) out.remarks.push_back("the paper: " + spec.paper);
    choose_values(out);
    fill(out);
    report::judge(out);
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
  std::pair<std::vector<int>, std::vector<int>> rows_and_columns() const {
    std::vector<int> rows, columns;
    std::set<int> used;
    for (const std::string& name : study_.table.columns)
      if (used.insert(axis_of(name)).second) columns.push_back(axis_of(name));
    for (const std::string& name : study_.table.rows)
      if (used.insert(axis_of(name)).second) rows.push_back(axis_of(name));
    for (std::size_t a = 0; a < study_.design.axes().size(); ++a)
      if (used.insert(static_cast<int>(a)).second) rows.push_back(static_cast<int>(a));
    return {rows, columns};
  }

  void choose_values(Table& out) const {
    std::vector<std::string> wanted = study_.table.values;
    if (wanted.empty()) {
      std::set<std::string> seen;
      for (const auto& row : results_.table.rows)
        if (row.record)
          for (const Measured& m : row.record->metrics)
            if (seen.insert(m.name).second) wanted.push_back(m.name);
    }
    const auto& best = study_.table.best;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      out.values.push_back({wanted[i], best_of(wanted[i], best.empty()       ? "declared"
                                                          : best.size() == 1 ? best[0]
                                                                             : best[i])});
  }

  void fill(Table& out) const {
    const auto [row_axes, column_axes] = rows_and_columns();
    Lines rows(study_, row_axes), columns(study_, column_axes);
    Reasons reasons(results_.table.rows.size());
    Places places;
    for (const auto& row : results_.table.rows) {
      places.emplace_back(rows.place(row.axis_values), columns.place(row.axis_values));
      reasons.add(row.record);
    }
    out.row_names = rows.names(), out.rows = rows.labels;
    out.column_names = columns.names();
    if (!column_axes.empty()) out.columns = columns.labels;
    out.footnotes = reasons.footnotes();
    const std::size_t width = std::max<std::size_t>(1, columns.labels.size());
    for (const Table::Value& value : out.values) {
      auto& entries = out.entries.emplace_back(out.rows.size(), std::vector<Table::Entry>(width));
      for (std::size_t i = 0; i < places.size(); ++i)
        add(entries[places[i].first][places[i].second], i, value.name, reasons);
    }
    group(out, places);
    for (const config::PaperNumbers& numbers : study_.table.numbers) quote(out, places, numbers);
  }

  // Which entries are compared with each other.
  void group(Table& out, const Places& places) const {
    if (study_.table.within.empty()) return;
    std::vector<int> axes;
    for (const std::string& name : study_.table.within) axes.push_back(axis_of(name));
    Lines lines(study_, axes);
    out.within = lines.names();
    out.groups.assign(out.rows.size(),
                      std::vector<std::size_t>(std::max<std::size_t>(1, out.columns.size())));
    for (std::size_t i = 0; i < places.size(); ++i)
      out.groups[places[i].first][places[i].second] =
          lines.place(results_.table.rows[i].axis_values);
  }

  // Puts numbers of a paper beside ours.
  void quote(Table& out, const Places& places, const config::PaperNumbers& numbers) const {
    const std::string text = numbers.source + ": " + numbers.note;
    const auto known =
        std::find_if(out.footnotes.begin(), out.footnotes.end(),
                     [&](const auto& note) { return note.paper && note.text == text; });
    const auto note = static_cast<std::size_t>(known - out.footnotes.begin());
    if (known == out.footnotes.end()) out.footnotes.push_back({text, true});
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (!numbers.where.hold(results_.table.rows[i].axis_values)) continue;
      for (std::size_t v = 0; v < out.values.size(); ++v)
        for (const auto& number : numbers.numbers)
          if (number.metric == out.values[v].name)
            out.entries[v][places[i].first][places[i].second].paper = {number.value, number.spread,
                                                                       note};
    }
  }

  void add(Table::Entry& entry, std::size_t place, const std::string& value,
           const Reasons& reasons) const {
    const auto& row = results_.table.rows[place];
    entry.cells.push_back(
        {results_.number_of(place), row.replicate, rounds::measured(row.record, value)});
    if (row.record && row.record->status == store::Status::kDone) {
      if (!entry.cells.back().value) ++entry.unmeasured;
      return;
    }
    ++(row.record ? entry.failed : entry.missing);
    auto& notes = entry.footnotes;
    const std::size_t note = reasons.of(row.record);
    const auto at = std::lower_bound(notes.begin(), notes.end(), note);
    if (at == notes.end() || *at != note) notes.insert(at, note);
  }

  const config::Study& study_;
  const Results& results_;
};

}  // namespace

Table tabulate(const config::Study& study, const Results& results) {
  return TableMaker(study, results).make();
}

}  // namespace assay::cli
