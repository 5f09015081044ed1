// From a results folder to the cells of a study: which are stored, which are wanted, and their
// records.
#include <algorithm>
#include <numeric>

#include "runner/cli/present.h"

namespace assay::cli {

namespace fs = std::filesystem;

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

namespace {

// Stored cells, found by variant and replicate.
class Records {
 public:
  Records(const config::Study& study, const graph::Linker& linker,
          const std::vector<store::CellRecord>& records)
      : study_(study),
        linker_(linker) {
    for (const auto& record : records) by_key_[record.key] = &record;
  }

  void hide(const Key& key) { by_key_.erase(key); }

  const store::CellRecord* find(const std::vector<int>& choice, std::uint64_t replicate) {
    linker_.link(choice, replicate, link_);
    const auto it = by_key_.find(link_.key);
    return it == by_key_.end() ? nullptr : it->second;
  }

  rounds::Schedule schedule() {
    return rounds::schedule(study_, [&](std::uint64_t variant, std::uint64_t replicate) {
      study_.design.decode(variant, choice_);
      return find(choice_, replicate);
    });
  }

 private:
  const config::Study& study_;
  const graph::Linker& linker_;
  std::unordered_map<Key, const store::CellRecord*> by_key_;
  graph::CellLink link_;
  std::vector<int> choice_;
};

}  // namespace

rounds::Schedule read_schedule(const config::Study& study, const graph::Linker& linker,
                               const fs::path& folder, const execute::KeySet* tried) {
  if (!rounds::has_rounds(study)) return rounds::schedule(study, {});
  const auto records = store::Store::read_cells(folder);
  Records known(study, linker, records);
  for (const auto& record : records)
    if (tried && record.status == store::Status::kFailed && !tried->contains(record.key))
      known.hide(record.key);
  return known.schedule();
}

std::uint64_t Results::variant_of(std::size_t row) const {
  // The last variant that begins here or before: those without a row begin where the next one does.
  const auto after = std::upper_bound(first_row.begin(), first_row.end(), row);
  return static_cast<std::uint64_t>(after - first_row.begin()) - 1;
}

std::uint64_t Results::number_of(std::size_t row) const {
  return variant_of(row) * seeds + table.rows[row].replicate;
}

std::size_t Results::row_of(std::uint64_t number) const {
  return first_row[number / seeds] + number % seeds;
}

std::vector<std::size_t> Results::rows_of(std::uint64_t variant) const {
  std::vector<std::size_t> out(schedule.wanted.seeds(variant));
  std::iota(out.begin(), out.end(), first_row[variant]);
  return out;
}

rounds::Lookup Results::lookup() const {
  return [this](std::uint64_t variant, std::uint64_t replicate) {
    return replicate < schedule.wanted.seeds(variant)
               ? table.rows[first_row[variant] + replicate].record
               : nullptr;
  };
}

Results read_results(const config::Study& study, const graph::Linker& linker,
                     const fs::path& folder) {
  Results out;
  out.records = store::Store::read_cells(folder);
  Records records(study, linker, out.records);
  out.schedule = records.schedule();
  out.seeds = study.seeds;
  for (const design::Axis& axis : study.design.axes()) {
    auto& column = out.table.axes.emplace_back();
    column.name = axis.name;
    column.labels = axis.labels;
    for (const auto& values : axis.values)
      if (values.size() == 1 && values[0].is_number()) column.numbers.push_back(values[0].number());
    if (column.numbers.size() != column.labels.size()) column.numbers.clear();
  }
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    out.first_row.push_back(out.table.rows.size());
    const std::uint64_t seeds = out.schedule.wanted.seeds(variant);
    out.table.replicates = std::max<std::size_t>(out.table.replicates, seeds);
    for (std::uint64_t replicate = 0; replicate < seeds; ++replicate) {
      const store::CellRecord* record = records.find(choice, replicate);
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

}  // namespace assay::cli
